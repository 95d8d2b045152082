"""*Appeal* under a refusal, and what moderators make of it on their desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.engine.local import LocalExecutor
from bot.engine.seam import Executor
from bot.sandbox import Invocation, Sandbox
from tests.e2e.test_batches import taken
from tests.e2e.test_desk import CARDS, DESK, chosen, on_desk, rows, until
from tests.e2e.test_safety import admin, bot, checking, covered
from tests.kit import messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

__all__ = ["checking"]
SCUM = "a scum *fox*"


async def opened(sandbox: Sandbox) -> Scene:
    """Ada, with a desk and a word that is blocked."""
    world = sandbox.world
    world.add_channel(DESK)
    world.deny(DESK, "@everyone", "VIEW_CHANNEL")
    world.allow_bot(DESK, "VIEW_CHANNEL")
    ada = Scene(sandbox, "Ada")
    await chosen(ada)
    await ada.refused(await ada.slash("moderation block", word="scum"))
    return ada


@pytest.fixture
async def ada(easel: Easel) -> Scene:
    return await opened(easel.sandbox)


async def refusal(person: Scene, prompt: str = SCUM) -> Message:
    press = await person.slash("imagine", prompt=prompt)
    await person.refused(press)
    return press.replies[-1]


async def appeal(
    person: Scene, message: Message, said: str = "It is a **title**.", button: str = "Appeal"
) -> str:
    form = await person.click(message, button)
    await form.ack()
    assert form.modal is not None
    return await person.refused(await person.person.submit(form, {"said": said}))


async def told(person: Scene, press: Invocation, words: str) -> str:
    """What is said beside the answer to a command."""

    def said() -> list[str]:
        return [text for each in press.replies if words in (text := messages.text_of(each))]

    return (await person.sandbox.wait_for(said))[0]


async def test_a_word_is_appealed_against_and_that_prompt_drawn_once(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    await (await mia.slash("prefer auto_dm")).ack()
    message = await refusal(mia)
    assert message["flags"] & messages.EPHEMERAL
    assert "moderators were asked" in await appeal(mia, message)
    again = await mia.click(message, "Appeal")
    assert "You appealed against this before" in await mia.refused(again)
    card = await until(ada, "against words of a prompt")
    text = messages.text_of(card)
    assert f"<@{mia.id}>" in text
    assert "||a scum \\*fox\\*||" in text
    assert "It is a \\*\\*title\\*\\*." in text
    easel.sandbox.world.allow(DESK, "Noah", "VIEW_CHANNEL", "MANAGE_MESSAGES")
    assert "Manage Messages" in await noah.refused(await noah.click(card, "Approve"))
    assert await ada.refused(await ada.click(card, "Approve")) == "Approved."
    card = await until(ada, f"Approved by <@{ada.id}>")
    assert (messages.buttons(card), "scum" in messages.text_of(card)) == ({}, False)
    await rows(easel, CARDS, 0)
    await easel.sandbox.wait_for(lambda: "was approved" in str(mia.person.messages(mia.dm)))
    press = await mia.slash("info")
    await press.ack()
    assert "you may draw that very prompt once" in await told(mia, press, "Your appeal")
    known = {each["id"] for each in mia.results()}
    await (await mia.slash("imagine", prompt=SCUM)).ack()
    await mia.new_result(known)
    assert "is blocked" in messages.text_of(await refusal(mia))
    log = await ada.refused(await ada.slash("quota log"))
    assert f"<@{mia.id}>: appealed against words of a prompt" in log
    assert f"<@{mia.id}>: approved, against words of a prompt" in log


async def test_a_ban_is_denied_and_nobody_elses_button_works(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    await ada.refused(await ada.slash("moderation ban", user=mia.id, reason="rude"))
    await appeal(mia, await refusal(mia, "a fox"))
    card = await until(ada, "against a ban")
    assert "**Why** An admin of this server has banned you" in messages.text_of(card)
    assert await ada.refused(await ada.click(card, "Deny")) == "Denied."
    await until(ada, "Denied by")
    press = await mia.slash("info")
    await press.ack()
    assert "was denied: it stays" in await told(mia, press, "Your appeal")
    await ada.refused(await ada.slash("moderation desk"))
    assert "Appeal" not in messages.buttons(await refusal(mia, "a fox"))


async def test_a_picture_that_was_stopped_is_a_spoiler_the_next_time(
    sandbox: Sandbox, tmp_path: Path, checking: LocalExecutor
) -> None:
    async with bot(sandbox, tmp_path, checking):
        ada, mia, noah = await opened(sandbox), Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
        await admin(sandbox, "safety set", reaction="block", threshold=0)
        await (await mia.slash("imagine", prompt="a fox")).ack()
        failed = await mia.until_said("The picture check stopped this")
        failed = await sandbox.wait_for(lambda: with_buttons(mia, failed))
        assert "nothing (any more)" in await noah.refused(await noah.click(failed, "Appeal"))
        await appeal(mia, failed)
        card = await until(ada, "a picture that the check stopped")
        assert "The picture itself was not kept" in messages.text_of(card)
        assert "||a fox||" in messages.text_of(card)
        await ada.refused(await ada.click(card, "Approve"))
        await until(ada, "Approved by")
        known: set[str] = set()
        await (await mia.slash("imagine", prompt="a fox")).ack()
        grid = await sandbox.wait_for(lambda: [e for e in mia.results() if e["id"] not in known])
        assert covered(grid[0])
        await (await mia.slash("imagine", prompt="a fox")).ack()
        await sandbox.wait_for(lambda: stopped(mia) == 2)
        assert len(mia.results()) == 1
        assert len(on_desk(ada)) == 1


async def test_several_grids_that_were_stopped_have_one_appeal(
    sandbox: Sandbox, tmp_path: Path, checking: LocalExecutor
) -> None:
    async with bot(sandbox, tmp_path, checking):
        ada, mia = await opened(sandbox), Scene(sandbox, "Mia")
        await admin(sandbox, "safety set", reaction="block", threshold=0)
        await taken(mia, "a {red, blue} fox")
        ended = await sandbox.wait_for(lambda: with_buttons(mia, mia.notices()[-1]))
        assert "0 of 2 grids drawn, 2 failed" in ended["content"]
        await appeal(mia, ended)
        card = await until(ada, "a picture that the check stopped")
        assert "||a red fox\na blue fox||" in messages.text_of(card)
        await ada.refused(await ada.click(card, "Approve"))
        await until(ada, "Approved by")
        again = await mia.refused(await mia.click(ended, "Appeal"))
        assert "the moderators approved it" in again
        await taken(mia, "a {red, blue} fox")
        grids = await sandbox.wait_for(lambda: mia.results() if len(mia.results()) == 2 else None)
        assert all(map(covered, grids))
        assert len(on_desk(ada)) == 1


async def test_words_of_several_grids_are_appealed_against_once(
    easel: Easel, mia: Scene, ada: Scene
) -> None:
    text = "a {scum, fine} {fox, owl}"
    await appeal(mia, await refusal(mia, text))
    card = await until(ada, "against words of a prompt")
    await ada.refused(await ada.click(card, "Approve"))
    await until(ada, "Approved by")
    await taken(mia, text)
    await easel.sandbox.wait_for(lambda: len(mia.results()) == 4)
    assert "is blocked" in messages.text_of(await refusal(mia, text))


def with_buttons(person: Scene, message: Message) -> Any:
    now = person.person.message(message)
    return now if now and "Appeal" in messages.buttons(now) else None


def stopped(person: Scene) -> int:
    return sum("picture check stopped" in each["content"] for each in person.notices())


async def test_a_desk_that_is_gone_promises_nothing_and_loses_nothing(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    await appeal(mia, await refusal(mia))
    await until(ada, "against words of a prompt")
    there = await ada.refused(await ada.slash("moderation show"))
    assert f"The moderators' channel: <#{easel.sandbox.world.find_channel(DESK).id}>" in there
    assert "It is gone" not in there
    easel.sandbox.world.remove_channel(DESK)
    # Until it is known that nobody would hear it.
    await rows(easel, f"{CARDS} WHERE message_id = 0", 1)
    assert messages.buttons(await refusal(noah)) == {}
    assert "It is gone" in await ada.refused(await ada.slash("moderation show"))
    easel.sandbox.world.add_channel(DESK)
    easel.sandbox.world.deny(DESK, "@everyone", "VIEW_CHANNEL")
    easel.sandbox.world.allow_bot(DESK, "VIEW_CHANNEL")
    await chosen(ada)
    card = await until(ada, "against words of a prompt")
    assert f"<@{mia.id}>" in messages.text_of(card)
    assert "Appeal" in messages.buttons(await refusal(noah))


async def test_a_desk_that_went_while_the_bot_was_away(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        await opened(sandbox)
    sandbox.world.remove_channel(DESK)
    async with running(sandbox, settings, quick) as easel:
        mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
        await appeal(mia, await refusal(mia))
        await rows(easel, f"{CARDS} WHERE tries > 0", 1)
        assert messages.buttons(await refusal(noah)) == {}
        await opened(sandbox)
        await until(Scene(sandbox, "Ada"), "against words of a prompt")
