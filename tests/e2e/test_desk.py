"""The channel in which moderators are told what waits for them."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.desk import Card
from bot.domain.errors import StoreUnavailable
from bot.sandbox import Refused
from tests.e2e.test_reports import report, reports
from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.messages import Message
from tests.kit.scene import Scene

DESK = "staff"


@pytest.fixture
def ada(easel: Easel) -> Scene:
    """Who has Manage Server, in a channel of moderators alone."""
    world = easel.sandbox.world
    world.add_channel(DESK)
    world.deny(DESK, "@everyone", "VIEW_CHANNEL")
    world.allow_bot(DESK, "VIEW_CHANNEL")
    return Scene(easel.sandbox, "Ada")


async def chosen(ada: Scene, channel: str | None = DESK) -> str:
    where = {"channel": ada.sandbox.world.find_channel(channel).id} if channel else {}
    return await ada.refused(await ada.slash("moderation desk", options=where))


def on_desk(ada: Scene) -> list[Message]:
    """What everybody sees there."""
    found = ada.person.messages(DESK)
    return [each for each in found if not each["flags"] & messages.EPHEMERAL]


async def until(ada: Scene, words: str, count: int = 1) -> Message:
    """The newest message of the desk, once it says that and there are so many."""

    def said() -> list[Message]:
        shown = on_desk(ada)
        here = len(shown) == count and words in messages.text_of(shown[-1])
        return shown if here else []

    return (await ada.sandbox.wait_for(said))[-1]


async def rows(easel: Easel, sql: str, count: int) -> None:
    """Returns when so many rows are found."""
    while len(await asyncio.to_thread(books.rows, easel.settings.data_dir, sql)) != count:
        await books.rest()


CARDS = "SELECT 1 FROM desk_cards"
SHOWN = f"{CARDS} WHERE shown = revision AND message_id <> 0"


async def test_a_report_comes_to_the_desk_and_is_answered_there(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    grid = await mia.imagine("a fox")
    await report(noah, grid, "It is *mine*.")
    assert f"<#{easel.sandbox.world.find_channel(DESK).id}>" in await chosen(ada)
    card = await until(ada, "Reported once")
    text = messages.text_of(card)
    assert "> It is \\*mine\\*." in text
    assert grid["id"] in text
    assert noah.id not in str(card["embeds"])
    await report(ada, grid, "")
    card = await until(ada, "Reported 2 times")
    # The rights are those of /reports.
    easel.sandbox.world.allow(DESK, "Noah", "VIEW_CHANNEL", "MANAGE_MESSAGES")
    told = await noah.refused(await noah.click(card, "Dismiss"))
    assert "Only members with Manage Messages" in told
    assert reports(easel)[0][3] is None
    assert "stays" in await ada.refused(await ada.click(card, "Dismiss"))
    card = await until(ada, f"Dismissed: the picture stays by <@{ada.id}>")
    assert messages.buttons(card) == {}
    await rows(easel, CARDS, 0)
    assert "a fox" not in messages.text_of(card)
    assert mia.person.message(grid) is not None


async def test_a_picture_is_deleted_there_and_what_is_answered_elsewhere_says_so(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    await chosen(ada)
    grids = [await mia.imagine(prompt) for prompt in ("a fox", "an owl")]
    await report(noah, grids[0])
    card = await until(ada, "a fox")
    await ada.refused(await ada.click(card, "Delete picture"))
    await until(ada, "Deleted, with its messages by")
    await easel.sandbox.wait_for(lambda: mia.person.message(grids[0]) is None)
    await report(noah, grids[1])
    await until(ada, "an owl", 2)
    press = await ada.slash("reports")
    await press.ack()
    shown = await easel.sandbox.wait_for(lambda: len(press.replies) == 2 and press.replies[-1])
    await (await ada.click(shown, "Dismiss")).ack()
    await until(ada, "Dismissed", 2)
    log = await ada.refused(await ada.slash("quota log"))
    assert f"<@{mia.id}>: a reported picture was dismissed" in log
    assert "The moderators' channel: <#" in log


async def test_each_comes_once_though_its_record_is_lost(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a crash right after the POST: the next try finds it by its buttons."""
    await chosen(ada)
    desk, lost = easel.core.service.desk, []
    record = desk.shown

    async def forgetful(card: Card, message: int) -> None:
        if not lost:
            lost.append(message)
            raise StoreUnavailable("locked", "lost")
        await record(card, message)

    monkeypatch.setattr(desk, "shown", forgetful)
    await report(noah, await mia.imagine("a fox"))
    await rows(easel, SHOWN, 1)
    [card] = on_desk(ada)
    assert lost == [int(card["id"])]


async def test_what_the_bot_lacks_there_is_named_and_a_lost_card_is_no_trouble(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    easel.sandbox.world.deny_bot(DESK, "EMBED_LINKS", "SEND_MESSAGES")
    told = await chosen(ada)
    assert "I lack Send Messages and Embed Links in <#" in told
    assert books.rows(easel.settings.data_dir, "SELECT 1 FROM desks") == []
    with pytest.raises(Refused):
        await noah.slash("moderation desk")
    easel.sandbox.world.allow_bot(DESK, "EMBED_LINKS", "SEND_MESSAGES")
    await chosen(ada)
    grid = await mia.imagine("a fox")
    await report(noah, grid)
    card = await until(ada, "a fox")
    await rows(easel, SHOWN, 1)
    await ada.person.delete(card["id"])
    assert on_desk(ada) == []
    press = await ada.slash("reports")
    await press.ack()
    one = await easel.sandbox.wait_for(lambda: len(press.replies) == 2 and press.replies[-1])
    await (await ada.click(one, "Dismiss")).ack()
    await rows(easel, CARDS, 0)
    assert "None" in await chosen(ada, None)
