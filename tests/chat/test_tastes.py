"""What is said of preferences."""

from __future__ import annotations

from bot.chat import funds, tastes
from bot.domain.layers import Taste, explained
from bot.domain.preferences import FileFormat, Preferences, Variation
from bot.domain.prompt import Prompt
from bot.service.preferences import Explanation, Panel

OWN = Preferences(
    variation=Variation.SUBTLE, suffix=Prompt.read_parameters("--ar 3:2"),
    options=(("mine", "ink `wash`"), ("yours", "oil")),
)  # fmt: skip
SERVER = Preferences("sdxl", 250, True, Variation.STRONG, FileFormat.PNG)


def test_a_panel_says_what_no_button_does() -> None:
    text = tastes.panel(Panel("user", Taste(OWN, SERVER, note="Gone."), ()))
    assert text.splitlines()[1:] == [
        "⚠️ Gone.",
        "Suffix: `--ar 3:2`",
        "Own options: `--mine` `--yours`",
        "This server: `--model sdxl --stylize 250 --raw`, strong variations, PNG files",
    ]
    assert "This server" not in tastes.panel(Panel("user", Taste(OWN), ()))
    assert tastes.panel(Panel("server", Taste(server=SERVER), ())).startswith("For everybody here")


def test_own_options_cannot_format() -> None:
    assert tastes.options(OWN) == "`--mine` `ink 'wash'`\n`--yours` `oil`"


def test_twenty_long_options_fit() -> None:
    many = tuple((f"option-{'x' * 25}{n}", "y" * 1000) for n in range(20))
    assert len(tastes.options(Preferences(options=many))) <= tastes.ROOM
    assert len(tastes.panel(Panel("user", Taste(Preferences(options=many)), ()))) <= tastes.ROOM


def told(prompt: Prompt, taste: Taste, more: int = 0) -> str:
    return tastes.explanation(Explanation(prompt, explained(prompt, taste.layers), taste, more))


def test_an_explanation_names_who_said_it() -> None:
    taste = Taste(OWN, SERVER, operator=(("model", "embedded"), ("lora", ("detail:0.5",))))
    text = told(Prompt.parse("a *fox* --lora mine"), taste, more=2)
    assert text.splitlines() == [
        r"**a \*fox\***",
        "`--ar 3:2` by your suffix",
        "`--stylize 250` by this server",
        "`--raw` by this server",
        "`--model sdxl` by this server",
        "`--lora detail:0.5 --lora mine` by the prompt, the operator of this bot",
        "Variations: subtle by your settings",
        "Files: PNG by this server",
        "-# This is the first of 3 prompts.",
    ]


def test_what_a_person_switched_on_is_explained() -> None:
    text = told(Prompt.parse("a fox"), Taste(Preferences(remix=True, auto_dm=True)))
    assert text.splitlines() == [
        "**a fox**", "Remix: on by your settings", "Direct messages: on by your settings",
    ]  # fmt: skip
    assert told(Prompt.parse("a fox"), Taste(Preferences())) == "**a fox**"


def test_a_long_explanation_is_cut() -> None:
    prompt = Prompt.parse("x " * 1500 + "--no " + ", ".join(f"thing{n}" for n in range(200)))
    assert len(told(prompt, Taste(OWN, SERVER))) <= tastes.ROOM


def test_the_trail_says_what_an_admin_changed() -> None:
    said = funds.deed("settings", {"raw": None, "stylize": 250})
    assert said == "Settings of this server: raw open, stylize 250"
    assert funds.deed("settings", {}) == "Settings of this server: nothing"
