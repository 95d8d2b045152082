"""/admin panel, as an admin presses it, and who may not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from discord import Permissions

from bot.engine.seam import Executor
from bot.sandbox import Invocation, Sandbox
from tests.kit import books
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.layouts import defaults
from tests.kit.messages import COMPONENTS_V2, EPHEMERAL, Message, components_of, text_of
from tests.kit.scene import Scene

GO = "easel:panel:panel:go"
PATIENCE_S = 20.0


class Panel:
    """An admin's panel."""

    def __init__(self, person: Scene, message: Message) -> None:
        self.person = person
        self._id = message["id"]

    @classmethod
    async def open(cls, person: Scene) -> Panel:
        asked = await person.slash("admin panel")
        await asked.ack()
        [shown] = await person.sandbox.wait_for(
            lambda: [m for m in asked.replies if text_of(m)], 60
        )
        assert shown["flags"] & EPHEMERAL
        assert shown["flags"] & COMPONENTS_V2
        return cls(person, shown)

    @property
    def now(self) -> Message:
        shown = self.person.person.message({"id": self._id})
        assert shown is not None
        return shown

    @property
    def text(self) -> str:
        return text_of(self.now)

    def menu(self, spot: str) -> Message:
        found = components_of(self.now)
        return next(each for each in found if each.get("custom_id") == f"easel:panel:{spot}")

    async def says(self, words: str) -> None:
        await self.person.sandbox.wait_for(lambda: words in self.text, PATIENCE_S)

    async def go(self, page: str, words: str) -> None:
        await (await self.person.person.select(self.now, GO, page)).ack()
        await self.says(words)

    async def choose(self, spot: str, values: Any, words: str) -> None:
        await (await self.person.person.select(self.now, f"easel:panel:{spot}", values)).ack()
        await self.says(words)

    async def press(self, button: str, words: str) -> None:
        await (await self.person.click(self.now, button)).ack()
        await self.says(words)

    async def fill(self, button: str, given: dict[str, Any], words: str) -> None:
        form = await self.opened(button)
        await (await self.person.person.submit(form, given)).ack()
        await self.says(words)

    async def opened(self, button: str) -> Invocation:
        form = await self.person.click(self.now, button)
        await form.ack()
        assert form.modal is not None
        return form


@pytest.fixture
def sue(easel: Easel) -> Scene:
    """Who has Manage Server alone."""
    easel.sandbox.world.add_role("Sue", Permissions(manage_guild=True).value)
    easel.sandbox.world.add_user("Sue", roles=["Sue"])
    return Scene(easel.sandbox, "Sue")


def rows(easel: Easel, sql: str) -> list[Any]:
    return [tuple(row) for row in books.rows(easel.settings.data_dir, sql)]


def pictures(message: Message) -> list[str]:
    return [each["filename"] for each in message["attachments"]]


async def test_an_overview_has_charts_and_other_pages_have_none(
    easel: Easel, mia: Scene, sue: Scene, gate: Gate
) -> None:
    panel = await Panel.open(sue)
    assert "## Overview" in panel.text
    assert pictures(panel.now) == ["jobs.png"]
    gate.open()
    await mia.imagine("a fox")
    await panel.choose("overview:days", "7", "**1** job ended")
    assert len(pictures(panel.now)) == 5
    assert defaults(panel.menu("overview:days")) == ["7"]
    await panel.go("jobs", "Nothing waits here")
    assert pictures(panel.now) == []


@pytest.mark.usefixtures("chartless")
async def test_pause_and_jobs(easel: Easel, mia: Scene, sue: Scene, gate: Gate) -> None:
    gate.open()
    panel = await Panel.open(sue)
    await panel.press("Pause drawing", "Drawing is paused here")
    await (await mia.slash("imagine", prompt="a *hare*")).ack()
    await mia.until_said("paused drawing here")
    await panel.go("jobs", "**a \\*hare\\***")
    await panel.press("Cancel", "Nothing waits here")
    await mia.until_said("(Stopped)")
    await panel.go("overview", "Drawing is paused")
    await (await sue.click(panel.now, "Let drawing go on")).ack()
    await easel.sandbox.wait_for(lambda: "paused" not in panel.text)
    assert "**1** job ended" in panel.text
    await (await mia.slash("imagine", prompt="an owl")).ack()
    await easel.sandbox.wait_for(lambda: len(mia.results()) == 1)
    await panel.go("log", "let drawing go on")
    assert "a job was cancelled" in panel.text


@pytest.mark.usefixtures("chartless")
async def test_plans_by_forms_and_menus(easel: Easel, sue: Scene, noah: Scene) -> None:
    panel = await Panel.open(sue)
    await panel.go("plans", "There are none so far")
    given = {"name": "Gold", "credits": "50", "period": "week", "switches": ["relaxed"]}
    await panel.fill("New plan…", given, "50 grids a week, relaxed for free once they are out")
    limits = {"running": "2", "waiting": "", "batch": "4", "side": "", "speeds": ["fast"]}
    await panel.fill("Limits…", limits, "2 at once, 4 grids by one command, fast")
    form = await panel.opened("Credits…")
    assert form.modal is not None
    fields = {
        each["component"]["custom_id"]: each["component"] for each in form.modal["components"]
    }
    assert fields["credits"]["value"] == "50"
    assert defaults(fields["period"]) == ["week"]
    assert defaults(fields["switches"]) == ["relaxed"]
    wrong = await sue.person.submit(form, {"credits": "many"})
    assert "Grids each period: give a whole number" in await sue.refused(wrong)
    given = {"credits": "", "welcome": "5", "period": [], "switches": []}
    await panel.fill("Credits…", given, "5 grids at first use, 2 at once")
    assert "a week" not in panel.text
    assert "none for free" in panel.text
    patron = easel.sandbox.world.find_role("Patron").id
    await panel.choose("plans:roles:Gold", [patron], f"— <@&{patron}>")
    await panel.choose("plans:people:Gold", [noah.id, sue.id], f"<@{noah.id}>, <@{sue.id}>")
    assert sorted(defaults(panel.menu("plans:people:Gold"))) == sorted([noah.id, sue.id])
    await panel.choose("plans:people:Gold", [sue.id], f"— <@&{patron}>, <@{sue.id}>\n")
    await panel.press("Give to everybody", "everybody")
    assert "Give to everybody" not in str(panel.now["components"])
    await panel.choose("plans:preset", "open", "**Everybody** — everybody")
    await panel.choose("plans:pick", "Gold", "### Gold")
    await panel.press("Remove", "Remove **Gold**?")
    await panel.press("Keep it", "### Gold")
    await panel.press("Remove", "Remove **Gold**?")
    await panel.press("Remove it", "**Everybody** — everybody")
    assert rows(easel, "SELECT name FROM plans") == [("Everybody",)]
    await panel.go("log", "Plan Gold removed")
    assert "no credits, no period" in panel.text


@pytest.mark.usefixtures("chartless")
async def test_places_words_and_models(easel: Easel, sue: Scene, mia: Scene) -> None:
    world = easel.sandbox.world
    lobby, patron = world.find_channel("lobby").id, world.find_role("Patron").id
    panel = await Panel.open(sue)
    await panel.go("places", "**Drawing is for**: everywhere")
    await panel.choose("places:channels", [lobby], f"**Drawing is for**: <#{lobby}>")
    assert f"but in <#{lobby}>." in await mia.refused(await mia.slash("imagine", prompt="a fox"))
    await panel.choose("places:channels", [], "**Drawing is for**: everywhere")
    # What another admin chose since it was shown stays.
    chosen = await sue.slash("moderation channels", add=lobby)
    await chosen.ack()
    await easel.sandbox.wait_for(lambda: rows(easel, "SELECT 1 FROM places"))
    imagine = world.find_channel("imagine").id
    both = ", ".join(f"<#{each}>" for each in sorted((lobby, imagine), key=int))
    await panel.choose("places:channels", [imagine], f"**Drawing is for**: {both}")
    await panel.choose("places:channels", [], "**Drawing is for**: everywhere")
    await panel.choose("places:roles", [patron], f"**Who may draw**: <@&{patron}>")
    everyone = world.guild.id
    press = await sue.person.select(panel.now, "easel:panel:places:roles", [everyone])
    assert "Everybody has that role" in await sue.refused(press)
    await panel.go("words", "**Blocked** (0)")
    await panel.fill("Block…", {"words": "scum\nNaked Bodies"}, "2, 2 of them new")
    assert "**Blocked** (2): ||naked bodies, scum||" in panel.text
    await panel.fill("Forget…", {"words": "scum"}, "✅ Forgotten: ||scum||")
    wrong = await sue.person.submit(await panel.opened("Allow…"), {"words": "!"})
    assert "at least two letters" in await sue.refused(wrong)
    await panel.go("models", "Easel embedded")
    assert "🟢 in memory" in panel.text
    assert "simulated: ready" in panel.text


@pytest.mark.usefixtures("chartless")
async def test_who_lost_the_right_is_refused(easel: Easel, sue: Scene, mia: Scene) -> None:
    panel = await Panel.open(sue)
    await panel.go("words", "**Blocked** (0)")
    words = await panel.opened("Block…")
    await panel.go("plans", "There are none so far")
    plan = await panel.opened("New plan…")
    easel.sandbox.world.take_role("Sue", "Sue")
    before = rows(easel, "SELECT deed FROM audit")
    for page in ("overview", "jobs", "models", "plans", "places", "words", "log"):
        refused = await sue.refused(await sue.person.select(panel.now, GO, page))
        assert "Manage Server" in refused
    presses = [
        await sue.person.select(panel.now, "easel:panel:plans:preset", "open"),
        await sue.click(panel.now, "New plan…"),
        await sue.person.submit(plan, {"name": "Gold", "credits": "9"}),
        await sue.person.submit(words, {"words": "scum"}),
    ]
    for press in presses:
        assert "Manage Server" in await sue.refused(press)
    assert rows(easel, "SELECT deed FROM audit") == before
    assert rows(easel, "SELECT name FROM plans") == rows(easel, "SELECT word FROM words") == []
    assert "panel" not in json.dumps([each for each in mia.person.commands("imagine")])


@pytest.mark.usefixtures("chartless")
async def test_old_panels_answer_after_a_restart(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    settings = settings_for(sandbox, tmp_path)
    ada = Scene(sandbox, "Ada")
    async with running(sandbox, settings, quick):
        panel = await Panel.open(ada)
        await panel.go("words", "**Blocked** (0)")
        form = await panel.opened("Block…")
    async with running(sandbox, settings, quick):
        await (await ada.person.submit(form, {"words": "scum"})).ack()
        await panel.says("**Blocked** (1)")
        await panel.go("plans", "There are none so far")
    without = tuple(each for each in settings.extensions if each != "cogs.overview")
    async with running(sandbox, settings_for(sandbox, tmp_path, extensions=without), quick):
        said = await ada.refused(await ada.person.select(panel.now, GO, "log"))
        assert "open a new one" in said


async def test_what_another_version_has_is_answered(easel: Easel, sue: Scene) -> None:
    for spot in (
        "panel:fly", "jobs:show:x", "jobs:fly", "plans:fly:a", "plans:terms:Gone",
        "words:add:rude", "words:fly", "places:fly", "models:fly", "log:fly", "overview:fly",
    ):  # fmt: skip
        button = {"type": 2, "style": 2, "label": "B", "custom_id": f"easel:panel:{spot}"}
        body = {"content": "shown", "components": [{"type": 1, "components": [button]}]}
        where = easel.sandbox.world.find_channel("imagine")
        message = easel.sandbox.messages.write(where, easel.sandbox.world.bot, body).id
        refused = await sue.refused(await sue.click({"id": message}, "B"))
        assert "another version" in refused, spot
