"""How progress messages end: away, with a sentence, or said in the channel instead."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.chat.buttons import cancel_view
from bot.chat.endings import Endings
from bot.chat.notice import Notice, Notices
from bot.chat.pace import Pace
from bot.chat.posting import Poster
from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.errors import EngineError
from bot.domain.job import Job, JobStatus
from tests.kit import books
from tests.kit.app import ANNA_ASKS, HERE, House
from tests.kit.channels import FakeDiscord, FakeMessage, refusal
from tests.kit.values import CHANNEL

pytestmark = pytest.mark.by_hand


class Desk:
    """What the pump needs to bring one job's message to its end."""

    def __init__(self, house: House, chat: FakeDiscord) -> None:
        self.house, self.chat = house, chat
        self.notices = Notices()
        poster = Poster(cast(Any, chat), house.service, Pace(1e6))
        self.endings = Endings(cast(Any, chat), house.service, self.notices, poster)

    async def message(self, job: Job, *, recorded: bool = True) -> FakeMessage:
        made = self.chat.make(CHANNEL, {"content": "Waiting", "view": cancel_view(job)})
        if recorded:
            await self.house.service.outbox.set_notice(job.id, made.id)
        return made

    async def failed(self) -> Job:
        job = await self.house.imagine()
        await (await self.house.executor.started(1)).fail(EngineError("boom"))
        return await self.now(job)

    async def now(self, job: Job) -> Job:
        found = (await self.house.end(job)).job
        again = await self.house.service.drawing.job(found.id)
        assert again is not None
        return again

    async def cancelled(self) -> Job:
        job = await self.house.imagine()
        await self.house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
        return await self.now(job)

    async def show(self, job: Job) -> None:
        found = await self.house.parts.outbox.of_job(job.id, Kind.END)
        again = await self.house.service.drawing.job(job.id)
        assert again is not None
        row = found or Delivery(0, job.id, Kind.END, CHANNEL, "none")
        await self.endings.show(row, again)


@pytest.fixture
def desk(house: House, chat: FakeDiscord) -> Desk:
    return Desk(house, chat)


async def test_a_message_goes_when_its_pictures_are_there(desk: Desk) -> None:
    job = await desk.house.draw()
    await desk.message(job)
    await desk.house.posted(job)
    await desk.show(job)
    assert desk.chat.messages == {}


async def test_a_message_that_is_gone_already_is_well(desk: Desk) -> None:
    job = await desk.house.draw()
    await desk.message(job)
    await desk.house.posted(job)
    desk.chat.messages.clear()
    await desk.show(job)
    await desk.show(job)


async def test_what_could_not_be_posted_is_said_in_its_place(desk: Desk) -> None:
    job = await desk.house.draw()
    message = await desk.message(job)
    row = await desk.house.service.outbox.of_job(job.id)
    assert row is not None
    await desk.house.service.outbox.give_up(row, GivenUp.GONE, "cleared")
    await desk.show(job)
    assert "cleared away" in message.content
    assert message.components == []


async def test_a_cancelled_job_says_so_where_it_can_and_nowhere_else(desk: Desk) -> None:
    shown, silent = await desk.cancelled(), await desk.cancelled()
    message = await desk.message(shown)
    await desk.show(shown)
    await desk.show(silent)
    assert message.content.endswith("(Stopped)")
    assert desk.chat.texts(CHANNEL) == [message.content]


async def test_a_failure_is_said_in_the_message(desk: Desk) -> None:
    job = await desk.failed()
    assert job.status is JobStatus.FAILED
    message = await desk.message(job)
    await desk.show(job)
    assert "Nothing was charged." in message.content
    assert desk.chat.of_kind("send") == []


async def test_a_failure_is_said_once_although_the_reply_is_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a message that only its button gives away."""
    job = await desk.failed()
    message = await desk.message(job, recorded=False)
    request = desk.chat.request

    async def lose(what: str, channel: int, act: Any) -> Any:
        done = await request(what, channel, act)
        if what == "edit":
            raise aiohttp.ServerDisconnectedError
        return done

    with monkeypatch.context() as patch:
        patch.setattr(desk.chat, "request", lose)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await desk.show(job)
    await desk.show(job)
    assert "Nothing was charged." in message.content
    assert desk.chat.texts(CHANNEL) == [message.content]


@pytest.mark.parametrize("error", [None, refusal(404, 10008), refusal(400, 30046)])
async def test_a_failure_whose_message_cannot_be_edited_is_said_in_the_channel(
    desk: Desk, error: discord.HTTPException | None
) -> None:
    job = await desk.failed()
    if error is not None:
        await desk.message(job)
        desk.chat.refuse = [error]
    await desk.show(job)
    said = desk.chat.texts(CHANNEL)[-1]
    assert job.failure is not None
    assert job.failure.reference in said
    assert desk.chat.of_kind("send") == [CHANNEL]
    [found] = [each for each in desk.chat.messages.values() if each.content == said]
    assert found.said["allowed_mentions"].to_dict() == {"parse": []}


async def test_a_failure_said_before_a_crash_is_not_said_again(desk: Desk) -> None:
    job = await desk.failed()
    await desk.show(job)
    desk.chat.nonces.clear()
    desk.house.clock.now += 121
    await desk.show(job)
    assert len(desk.chat.messages) == 1


async def test_where_nobody_can_be_told_it_is_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    job = await desk.failed()
    desk.chat.refuse = [None, refusal(403, 50013)]
    await desk.show(job)
    assert "nobody can be told" in caplog.text


@pytest.mark.parametrize("error", [refusal(500), OSError(), refusal(403), refusal(404)])
async def test_trouble_that_may_pass_is_for_another_try(desk: Desk, error: Exception) -> None:
    job = await desk.cancelled()
    message = await desk.message(job)
    desk.chat.refuse = [error]
    with pytest.raises(type(error)):
        await desk.show(job)
    await desk.show(job)
    assert message.content.endswith("(Stopped)")


async def test_a_message_that_was_never_recorded_is_searched_and_ended(desk: Desk) -> None:
    job = await desk.cancelled()
    message = await desk.message(job, recorded=False)
    await desk.show(job)
    assert desk.chat.of_kind("history") == [CHANNEL]
    assert message.content.endswith("(Stopped)")


async def test_an_end_waits_until_it_is_known_whether_there_is_a_message(desk: Desk) -> None:
    job = await desk.cancelled()
    notice = desk.notices.add(job.id, Notice.at(cast(Any, desk.chat), job))
    showing = asyncio.create_task(desk.show(job))
    await books.owed(desk.house.database)
    assert not showing.done()
    message = await desk.message(job)
    notice.id = message.id
    notice.settled.set()
    await showing
    assert message.content.endswith("(Stopped)")


async def two(desk: Desk, text: str = "a {red, blue} fox") -> list[Job]:
    """Jobs that one message shows."""
    plan = await desk.house.service.drawing.plan(ANNA_ASKS, HERE, text)
    return await desk.house.service.drawing.submit(plan)


async def test_the_message_of_several_goes_when_all_their_pictures_are_there(desk: Desk) -> None:
    jobs = await two(desk)
    await desk.message(jobs[0])
    for number, job in enumerate(jobs, 1):
        await (await desk.house.executor.started(number)).finish()
        await desk.now(job)
        await desk.house.posted(job, number)
    await desk.show(jobs[0])
    assert desk.chat.messages == {}


async def test_the_message_of_several_is_found_by_its_button_and_tells_of_the_others(
    desk: Desk,
) -> None:
    jobs = await two(desk)
    message = await desk.message(jobs[0], recorded=False)
    await (await desk.house.executor.started(1)).finish()
    await desk.house.posted(await desk.now(jobs[0]))
    await (await desk.house.executor.started(2)).fail(EngineError("boom"))
    failed = await desk.now(jobs[1])
    assert failed.failure is not None
    await desk.show(jobs[0])
    assert message.content.split("\n")[1] == "1 of 2 grids drawn, 1 failed"
    assert failed.failure.reference in message.content
    assert message.components == []


async def test_where_there_is_no_message_the_failures_are_said_in_the_channel_once(
    desk: Desk,
) -> None:
    jobs = await two(desk)
    for number, job in enumerate(jobs, 1):
        await (await desk.house.executor.started(number)).fail(EngineError("boom"))
        await desk.now(job)
    await desk.show(jobs[0])
    await desk.show(jobs[0])
    [text] = desk.chat.texts(CHANNEL)
    assert "0 of 2 grids drawn, 2 failed" in text
    row = await desk.house.parts.outbox.of_job(jobs[0].id, Kind.END)
    assert row is not None
    await desk.house.service.outbox.ended(row)
    # They are shown together no more, and each has had its end.
    assert await desk.house.service.batches.state(jobs[0].id) is None
    assert await books.owed(desk.house.database) == []
