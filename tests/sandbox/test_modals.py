"""The rules for forms, with the fields that discord.py sends and those it would not."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import ui

from bot.sandbox import ApiError, Refused, Sandbox
from bot.sandbox.rules import modals
from tests.kit.robots import Robot, Running

UPLOAD = {"type": 19, "custom_id": "u"}
TICKS = {"type": 22, "custom_id": "t", "options": [{"label": "a", "value": "a"}]}
RADIO = {"type": 21, "custom_id": "r", "options": [{"label": x, "value": x} for x in "ab"]}
MENU = {"type": 3, "custom_id": "m", "options": [{"label": "a", "value": "a"}]}
TEXT = {"type": 4, "custom_id": "x", "style": 1}


def form(*fields: dict[str, Any], **change: Any) -> dict[str, Any]:
    labels = [{"type": 18, "label": "L", "component": dict(field)} for field in fields]
    return {"title": "Remix", "custom_id": "remix", "components": labels} | change


@pytest.mark.parametrize(
    "field",
    [
        UPLOAD | {"min_values": None, "max_values": None, "required": False},
        UPLOAD | {"min_values": None, "max_values": None, "required": None},
        UPLOAD | {"min_values": 0, "max_values": 10, "required": False},
        UPLOAD,
        TICKS | {"min_values": None, "max_values": None, "required": False},
        RADIO | {"required": False},
        MENU | {"min_values": 0, "required": False},
        TEXT | {"label": None, "min_length": None, "max_length": None, "required": None},
        {"type": 23, "custom_id": "c", "default": None},
    ],
)
def test_what_discord_accepts_in_a_form(field: dict[str, Any]) -> None:
    modal = form(field)
    modals.accept(modal)
    assert modal["components"][0]["component"]["id"] == 2


@pytest.mark.parametrize(
    ("modal", "path"),
    [
        (form(UPLOAD | {"min_values": 0}), "0.component.min_values"),
        (form(UPLOAD | {"min_values": 0, "required": True}), "0.component.min_values"),
        (form(UPLOAD | {"max_values": 11}), "0.component.max_values"),
        (form(UPLOAD | {"min_values": 3, "max_values": 2}), "0.component.min_values"),
        (form(UPLOAD | {"custom_id": ""}), "0.component.custom_id"),
        (form(TICKS | {"min_values": 0}), "0.component.min_values"),
        (form(TICKS | {"max_values": 2}), "0.component.max_values"),
        (form(MENU | {"min_values": 0}), "0.component.min_values"),
        (form(RADIO | {"options": RADIO["options"][:1]}), "0.component.options"),
        (form(TEXT | {"style": 3}), "0.component.style"),
        (form(TEXT | {"max_length": 4001}), "0.component.max_length"),
        (form(TEXT, TEXT), ""),
        (form(*[TEXT | {"custom_id": str(n)} for n in range(6)]), ""),
    ],
)
def test_what_discord_refuses_in_a_form(modal: dict[str, Any], path: str) -> None:
    with pytest.raises(ApiError) as caught:
        modals.accept(modal)
    node: Any = caught.value.errors
    for part in ("data", "components", *filter(None, path.split("."))):
        node = node[part]
    assert node["_errors"]


def test_a_form_has_a_title_and_an_id() -> None:
    with pytest.raises(ApiError) as caught:
        modals.accept(form(TEXT, title="t" * 46, custom_id=""))
    assert set((caught.value.errors or {})["data"]) == {"title", "custom_id"}


async def test_an_optional_file_may_stay_away(sandbox: Sandbox, run: Running) -> None:
    robot = Robot()

    class Remix(ui.Modal, title="Remix"):
        picture: ui.Label[Any] = ui.Label(
            text="Picture", component=ui.FileUpload(custom_id="picture", required=False)
        )
        marks: ui.Label[Any] = ui.Label(
            text="Marks",
            component=ui.FileUpload(custom_id="marks", required=False, max_values=2),
        )

        async def on_submit(self, interaction: discord.Interaction) -> None:
            fields = self.picture.component, self.marks.component
            counts = [len(each.values) for each in fields if isinstance(each, ui.FileUpload)]
            await interaction.response.send_message(str(counts))

    @robot.tree.command(description="Remix")
    async def remix(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Remix())

    await run(robot)
    mia = sandbox.person("Mia")
    for values in ({}, {"marks": [await mia.upload(f"{n}.png", b"x") for n in "ab"]}):
        asked = await mia.slash("remix")
        await asked.ack()
        await (await mia.submit(asked, values)).ack()
    assert [each["content"] for each in mia.messages("imagine")] == ["[0, 0]", "[0, 2]"]
    asked = await mia.slash("remix")
    await asked.ack()
    with pytest.raises(Refused, match="Marks: choose 1 to 2"):
        await mia.submit(asked, {"marks": [await mia.upload("c.png", b"x") for _ in range(3)]})
