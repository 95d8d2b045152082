"""The channel in which a server's changes are written."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import StoreUnavailable
from bot.service.chronicle import Chapter
from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.scene import Scene

LOG = "changes"


@pytest.fixture
def ada(easel: Easel) -> Scene:
    easel.sandbox.world.add_channel(LOG)
    return Scene(easel.sandbox, "Ada")


async def said(person: Scene, command: str, /, **options: object) -> str:
    return await person.refused(await person.slash(command, options=options))


async def chosen(ada: Scene) -> str:
    return await said(ada, "moderation log", channel=ada.sandbox.world.find_channel(LOG).id)


def lines(person: Scene) -> list[str]:
    shown = person.person.messages(LOG)
    return [line for each in shown for line in messages.text_of(each).splitlines() if line]


async def settled(easel: Easel) -> None:
    """Returns when everything was posted, and that is written down."""
    sql = "SELECT 1 FROM audit_logs WHERE upto IS NULL AND posted = (SELECT MAX(id) FROM audit)"
    while not await asyncio.to_thread(books.rows, easel.settings.data_dir, sql):
        await books.rest()


async def test_every_change_is_written_once_in_order_and_pings_nobody(
    easel: Easel, mia: Scene, ada: Scene
) -> None:
    await said(ada, "quota set", credits=40)
    assert "<#" in await chosen(ada)
    await said(ada, "moderation ban", user=mia.id, reason="rude")
    await said(ada, "quota show")
    await said(ada, "moderation unban", user=mia.id)
    await settled(easel)
    shown = lines(ada)
    assert [line.partition("> <")[2] for line in shown] == [
        f"@{ada.id}> This log: <#{easel.sandbox.world.find_channel(LOG).id}>",
        f"@{ada.id}> <@{mia.id}> for good (rude): banned",
        f"@{ada.id}> <@{mia.id}>: may draw again",
    ]
    assert all(not each["mentions"] for each in ada.person.messages(LOG))
    assert "None" in await said(ada, "moderation log")
    await said(ada, "moderation ban", user=mia.id)
    assert lines(ada) == shown


async def test_each_message_comes_once_though_its_record_is_lost(
    easel: Easel, mia: Scene, ada: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    chronicle, lost = easel.core.service.chronicle, []
    record = chronicle.posted

    async def forgetful(chapter: Chapter, pause: float) -> None:
        if not lost:
            lost.append(chapter)
            await said(ada, "moderation ban", user=mia.id)
            raise StoreUnavailable("locked", "lost")
        await record(chapter, pause)

    monkeypatch.setattr(chronicle, "posted", forgetful)
    await chosen(ada)
    await settled(easel)
    assert len(lines(ada)) == 2
    assert len(ada.person.messages(LOG)) == 2


async def test_what_the_bot_lacks_there_is_named(easel: Easel, ada: Scene) -> None:
    easel.sandbox.world.deny_bot(LOG, "EMBED_LINKS")
    assert "I lack Embed Links in <#" in await chosen(ada)
    assert books.rows(easel.settings.data_dir, "SELECT 1 FROM audit_logs") == []
