"""Words, places and people that a server's admins decide about, as everybody meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Invocation, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.scene import Scene


@pytest.fixture
def ada(easel: Easel) -> Scene:
    """Who has Manage Server."""
    return Scene(easel.sandbox, "Ada")


async def said(person: Scene, command: str, /, **given: Any) -> str:
    return await person.refused(await person.slash(command, **given))


async def refusal(person: Scene, prompt: str = "a scum fox", **where: Any) -> str:
    return await said(person, "imagine", prompt=prompt, **where)


async def opened(person: Scene, command: str, /, **given: str) -> Invocation:
    press = await person.slash(command, **given)
    await press.ack()
    assert press.modal is not None
    return press


def rows(easel: Easel, sql: str) -> list[Any]:
    return [tuple(row) for row in books.rows(easel.settings.data_dir, sql)]


async def test_a_blocked_word_is_refused_by_itself_and_costs_nothing(
    easel: Easel, ada: Scene, mia: Scene
) -> None:
    assert "||scum||" in await said(ada, "moderation block", word="SCUM")
    told = await refusal(mia, "a $.c.u.m fox <@1>")
    assert told.strip().startswith("Blocked words")
    assert "`scum` is blocked on this server; nothing was charged." in told
    assert mia.results() == mia.notices() == []
    assert Scene(easel.sandbox, "Noah").private() == []
    assert rows(easel, "SELECT COUNT(*) FROM jobs") == rows(
        easel, "SELECT COUNT(*) FROM ledger WHERE kind = 'hold'"
    )
    grid = await mia.imagine("a fox in Scunthorpe")
    form = await mia.slash("prefer remix")
    await form.ack()
    remix = await mia.click(grid, "V1")
    await remix.ack()
    told = await mia.refused(await mia.person.submit(remix, {"prompt": "a scum hare"}))
    assert "`scum` is blocked" in told
    assert rows(easel, "SELECT COUNT(*) FROM jobs") == [(1,)]


async def test_several_words_come_by_a_form_or_a_file(easel: Easel, ada: Scene, mia: Scene) -> None:
    form = await opened(ada, "moderation block", kind="age-restricted")
    told = await ada.refused(await ada.person.submit(form, {"words": "nude\n\nNaked bodies\nnude"}))
    assert "||nude, naked bodies||" in told
    file = await ada.person.upload("words.txt", "# ours\nscum\r\n性交".encode(), "text/plain")
    told = await said(ada, "moderation block", word="crap", file=file["id"])
    assert "||crap, scum, 性交||" in told
    wrong = await ada.person.upload("words.txt", b"ok\n!", "text/plain")
    told = await said(ada, "moderation block", file=wrong["id"])
    assert "at least two letters" in told
    shown = await said(ada, "moderation show")
    assert "**Blocked** (3): ||crap, scum, 性交||" in shown
    assert "**In age-restricted channels only** (2): ||naked bodies, nude||" in shown
    found = await ada.person.autocomplete("moderation unblock", focused="word", word="na")
    assert [each["value"] for each in found] == ["naked bodies"]
    assert "||naked bodies||" in await said(ada, "moderation unblock", word="naked bodies")
    assert "age-restricted channels only" in await refusal(mia, "a nude")


async def test_channels_with_an_age_limit_and_their_threads(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    sandbox.world.find_channel("lobby").nsfw = True
    async with running(sandbox, settings_for(sandbox, tmp_path), quick) as easel:
        ada, mia = Scene(sandbox, "Ada"), Scene(sandbox, "Mia")
        await said(ada, "moderation block", word="nude", kind="age-restricted")
        assert "age-restricted" in await refusal(mia, "a nude")
        thread = easel.sandbox.world.threads.add("lobby", "figures", members=("Mia",))
        for channel in ("lobby", thread.id):
            grid = await mia.imagine("a nude", channel=channel)
            assert grid["content"].startswith("**a nude** - ")
        tried = await said(ada, "moderation test", text="a n.u.d.e")
        assert "It would be refused here." in tried
        assert "||nude|| (for age-restricted channels only), written ||n.u.d.e||" in tried
        tried = await said(ada, "moderation test", text="a nude", channel="lobby")
        assert "It would be drawn in this channel." in tried


async def test_where_and_who_may_draw(easel: Easel, ada: Scene, mia: Scene) -> None:
    world = easel.sandbox.world
    lobby, patron = world.find_channel("lobby").id, world.find_role("Patron").id
    assert f"<#{lobby}>" in await said(ada, "moderation channels", add=lobby)
    assert f"but in <#{lobby}>." in await refusal(mia, "a fox")
    thread = world.threads.add("lobby", "foxes", members=("Mia",))
    await mia.imagine("a fox", channel=thread.id)
    await mia.imagine("a fox", dm=True)
    assert "everywhere" in await said(ada, "moderation channels", everywhere=True)
    assert f"<@&{patron}>" in await said(ada, "moderation roles", add=patron)
    await Scene(easel.sandbox, "Noah").imagine("an owl")
    assert f"only <@&{patron}> may draw" in await refusal(mia, "a fox")
    await ada.imagine("a fox")
    assert "everybody" in await said(ada, "moderation roles", remove=patron)
    await mia.imagine("a hare")


async def test_bans_and_time_outs(easel: Easel, ada: Scene, mia: Scene) -> None:
    told = await said(ada, "moderation ban", user=mia.id, hours=2, reason="**rude**  @here")
    assert f"<@{mia.id}> until <t:" in told
    told = await refusal(mia, "a fox")
    assert "banned you from drawing until <t:" in told
    assert told.endswith(": `**rude** @here`.")
    assert f"<@{mia.id}>" in await said(ada, "moderation unban", user=mia.id)
    assert "2 refused prompts within" in await said(
        ada, "moderation timeouts", refusals=2, within=5, minutes=3
    )
    await said(ada, "moderation block", word="scum")
    assert "draw again" not in await refusal(mia)
    assert "after so many of these you may draw again <t:" in await refusal(mia)
    assert "you may draw again <t:" in await refusal(mia, "a fox")
    await Scene(easel.sandbox, "Noah").imagine("a fox")
    await said(ada, "moderation unban", user=mia.id)
    await mia.imagine("a fox")
    assert "off" in await said(ada, "moderation timeouts", refusals=0)
    log = await said(ada, "quota log")
    for words in ("Time-outs: off", "||scum||: blocked", "until <t:", "may draw again"):
        assert words in log
    deeds = [deed for (deed,) in rows(easel, "SELECT deed FROM audit ORDER BY id")]
    assert deeds[:5] == ["ban", "unban", "timeouts", "words", "unban"]
    ban = json.loads(rows(easel, "SELECT detail FROM audit")[0][0])
    assert (ban["user"], ban["reason"]) == (int(mia.id), "**rude** @here")


async def test_the_operators_words_hold_in_direct_messages(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    settings = settings_for(sandbox, tmp_path, blocked_words=("Scum",))
    async with running(sandbox, settings, quick):
        mia = Scene(sandbox, "Mia")
        for where in ({}, {"dm": True}):
            assert "`scum` is blocked by the operator" in await refusal(mia, **where)
        shown = await said(Scene(sandbox, "Ada"), "moderation show")
        assert "The operator of this bot blocks 1 word everywhere." in shown


async def test_help_tells_admins_and_nobody_else(easel: Easel, ada: Scene, mia: Scene) -> None:
    told = await said(ada, "help")
    group = easel.bot.tree.get_command("moderation")
    assert group is not None
    for command in group.commands:  # type: ignore[union-attr]
        assert f"`{command.name}`" in told or f"`/moderation {command.name}`" in told
    assert "/moderation" not in await said(mia, "help")


async def test_answers_are_private(easel: Easel, ada: Scene) -> None:
    for command, given in (("show", {}), ("block", {"word": "scum"}), ("test", {"text": "scum"})):
        press = await ada.slash(f"moderation {command}", **given)
        await press.ack()
        assert press.original is not None
        assert press.original["flags"] & messages.EPHEMERAL
