"""The panel of /settings: what is on, what its ids say, and how much Discord takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.chat import panel
from bot.chat.buttons import JobButton
from bot.chat.panel import SettingButton, SettingMenu
from bot.domain.layers import Taste
from bot.domain.preferences import FileFormat, Preferences, Variation
from bot.service.preferences import Panel

MODELS = (("embedded", "Easel embedded"), ("sdxl", "Stable Diffusion XL"))
PATTERNS = {
    kind: kind.__discord_ui_compiled_template__ for kind in (SettingButton, SettingMenu, JobButton)
}


def shown(
    own: Preferences | None = None,
    server: Preferences | None = None,
    whose: Any = "user",
    models: Any = MODELS,
) -> list[dict[str, Any]]:
    """Every component of a panel."""
    taste = Taste(own or Preferences(), server or Preferences())
    rows = panel.view(Panel(whose, taste, models)).to_components()
    return [each for row in rows for each in row["components"]]


LINES = {"Turbo", "Fast", "Relax"}


def on(components: list[dict[str, Any]]) -> set[str]:
    green = discord.ButtonStyle.success.value
    found = {each["label"] for each in components if each.get("style") == green}
    assert len(found & LINES) == any("speed" in each["custom_id"] for each in components)
    return found - {"Fast"}  # which holds where nobody chose


def at(components: list[dict[str, Any]], name: str) -> str:
    [menu] = [each for each in components if each["custom_id"].endswith(f":{name}")]
    [default] = [each["label"] for each in menu["options"] if each.get("default")]
    return default


def test_what_is_chosen_is_on() -> None:
    own = Preferences("sdxl", 750, True, Variation.SUBTLE, FileFormat.JPEG, ping=True)
    components = shown(replace(own, remix=True, auto_dm=True))
    assert on(components) == {
        "Style very high", "Raw", "Vary subtle", "Remix", "Ping when done", "Direct messages",
    }  # fmt: skip
    assert at(components, "model") == "Model: Stable Diffusion XL"
    assert at(components, "file") == "Files: JPEG"
    assert on(shown()) == set()


def test_what_a_server_chose_is_on_until_somebody_chooses_otherwise() -> None:
    server = Preferences("sdxl", 50, True, Variation.STRONG, FileFormat.PNG)
    components = shown(server=server)
    assert on(components) == {"Style low", "Raw", "Vary strong"}
    assert at(components, "model") == "Model: as usual, Stable Diffusion XL"
    assert at(components, "file") == "Files: as usual, PNG"
    other = Preferences(stylize=250, raw=False, variation=Variation.SUBTLE)
    assert on(shown(other, server)) == {"Style high", "Vary subtle"}


def test_a_server_has_nothing_that_is_a_persons_alone() -> None:
    components = shown(server=Preferences(stylize=50), whose="server")
    assert on(components) == {"Style low"}
    assert all(":server:" in each["custom_id"] for each in components)
    labels = {each.get("label") for each in components}
    assert labels.isdisjoint({"Ping when done", "Remix", "Direct messages", "Stealth", "Fast"})


def test_many_models_fit_and_the_chosen_one_is_there() -> None:
    models = [(f"model{n}", f"Model {n}" * 20) for n in range(60)]
    menu = shown(Preferences("model59"), models=models)[0]
    assert len(menu["options"]) == 25
    assert len({each["value"] for each in menu["options"]}) == 25
    assert all(len(each["label"]) <= 100 for each in menu["options"])
    assert at([menu], "model").startswith("Model: Model 59")


def test_a_model_that_is_not_there_any_more_is_on_no_menu() -> None:
    assert at(shown(Preferences()), "model") == "Model: as usual, Easel embedded"
    assert at(shown(models=[("x" * 101, "Long"), ("b", "B")]), "model").endswith("Long")


@pytest.mark.parametrize("whose", ["user", "server"])
def test_every_id_is_read_by_one_class_alone(whose: str) -> None:
    for each in shown(whose=whose):
        kinds = [kind for kind, pattern in PATTERNS.items() if pattern.fullmatch(each["custom_id"])]
        assert kinds == [SettingMenu if "options" in each else SettingButton]
        assert len(each["custom_id"]) <= 100


@pytest.mark.parametrize(
    "said", [("user", "raw", ""), ("server", "stylize", "250"), ("user", "speed", "fast_1")]
)
async def test_an_id_says_everything(said: tuple[str, str, str]) -> None:
    button = SettingButton(*said)
    match = PATTERNS[SettingButton].fullmatch(button.custom_id)
    assert match is not None
    rebuilt = await SettingButton.from_custom_id(None, button.item, match)  # type: ignore[arg-type]
    assert rebuilt.said == said


async def test_discord_py_keeps_nothing_of_a_panel() -> None:
    view = panel.view(Panel("user", Taste(), MODELS))
    assert view.timeout is None
    assert all(isinstance(item, SettingButton | SettingMenu) for item in view.children)
