"""The pump: what is due is posted once, in order, in bounds, whatever Discord answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.chat.notice import Notice, Notices
from bot.chat.pace import Breaker, Pauses
from bot.chat.pump import Pump
from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.errors import RenderFailed
from bot.domain.job import Job
from tests.kit import books
from tests.kit.app import ANNA_ASKS, HERE, House
from tests.kit.channels import FakeChannel, FakeDiscord, FakeWebhook, refusal
from tests.kit.executor import PATIENCE_S
from tests.kit.values import CHANNEL

AWAY = OSError("no route to host")


class Counted(Breaker):
    """Also says when the pump has looked again."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._looks = asyncio.Semaphore(0)

    def room(self, running: int, wanted: int) -> int:
        self._looks.release()
        return super().room(running, wanted)

    async def next_look(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._looks.acquire()


class Works:
    """A pump and what the table says of its work."""

    def __init__(self, house: House, chat: FakeDiscord, at_once: int) -> None:
        self.house, self.chat = house, chat
        self.notices = Notices()
        self.breaker = Counted((5.0,), house.clock)
        self.pump = Pump(
            cast(Any, chat), house.service, self.notices, at_once=at_once,
            pauses=Pauses(poll=0.01, rest=0.01), breaker=self.breaker,
        )  # fmt: skip
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.create_task(self.pump.run())

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def looks_again(self, times: int = 4) -> None:
        """The pump finds out whether there is more to do, and has begun it if so."""
        for _ in range(times):
            self.pump.wake()
            await self.breaker.next_look()

    async def row(self, job: Job) -> Delivery:
        found = await self.house.service.outbox.of_job(job.id)
        assert found is not None
        return found

    async def when(self, job: Job) -> float:
        """Seconds until the row is due again."""
        [due] = await self.house.database.read(
            lambda c: c.execute(
                "SELECT next_try_at FROM deliveries WHERE job_id = ? AND kind = ?",
                (job.id, Kind.RESULT),
            ).fetchone()
        )
        return due - self.house.clock.now

    async def until(self, wanted: Callable[[], Awaitable[bool]]) -> None:
        await self.house.database.until(wanted)

    async def tried(self, job: Job, times: int) -> None:
        """The row was tried so often and what came of it is written."""

        async def wanted() -> bool:
            return (await self.row(job)).tries >= times and await self.when(job) > 0

        await self.until(wanted)

    async def posted(self, *jobs: Job) -> None:
        async def wanted() -> bool:
            return all([(await self.row(job)).message for job in jobs])

        await self.until(wanted)

    async def given_up(self, job: Job) -> GivenUp:
        async def wanted() -> bool:
            return (await self.row(job)).given_up is not None

        await self.until(wanted)
        return GivenUp((await self.row(job)).given_up or "")

    async def quiet(self) -> None:
        """Nothing is left to be done."""

        async def wanted() -> bool:
            return not await books.owed(self.house.database)

        await self.until(wanted)

    async def notice(self, job: Job, *, shown: bool = True) -> FakeWebhook:
        """The job was asked for by an interaction whose token lives."""
        hook = FakeWebhook(self.chat, CHANNEL)
        message = self.chat.make(CHANNEL, {"content": "Waiting"}).id if shown else 0
        channel = cast(Any, FakeChannel(self.chat, CHANNEL))
        notice = Notice(channel, message, cast(Any, hook), time.time() + 900)
        self.notices.add(job.id, notice).settled.set()
        if message:
            await self.house.service.outbox.set_notice(job.id, message)
        return hook


@contextlib.asynccontextmanager
async def working(
    house: House, chat: FakeDiscord, at_once: int = 8, *, begin: bool = True
) -> AsyncIterator[Works]:
    works = Works(house, chat, at_once)
    if begin:
        works.begin()
    try:
        yield works
    finally:
        await works.end()


async def in_channels(house: House, count: int) -> list[Job]:
    places = [replace(HERE, channel=CHANNEL + number) for number in range(count)]
    return [await house.draw(origin=each) for each in places]


# What arrives


async def test_results_of_one_channel_come_one_after_the_other_in_their_order(
    house: House, chat: FakeDiscord
) -> None:
    jobs = [await house.draw(f"fox {number}") for number in range(3)]
    async with working(house, chat) as works:
        await works.posted(*jobs)
        await works.quiet()
    assert [text.split("**")[1] for text in chat.texts(CHANNEL)] == ["fox 0", "fox 1", "fox 2"]
    assert [(await works.row(job)).message for job in jobs] == list(chat.messages)


async def test_no_more_than_one_row_a_channel_and_at_once_in_all_are_tried(
    house: House, chat: FakeDiscord
) -> None:
    jobs = [*await in_channels(house, 5), await house.draw()]
    chat.gate.clear()
    async with working(house, chat, at_once=3) as works:
        await chat.until(lambda: chat.under_way == 3)
        await works.looks_again()
        assert sorted(chat.of_kind("send")) == [CHANNEL, CHANNEL + 1, CHANNEL + 2]
        chat.gate.set()
        await works.posted(*jobs)
    assert len(chat.messages) == 6


async def test_what_is_being_sent_may_arrive_while_the_pump_stops(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    chat.gate.clear()
    async with working(house, chat) as works:
        await chat.until(lambda: chat.under_way == 1)
        asyncio.get_running_loop().call_later(0.02, chat.gate.set)
    assert (await works.row(job)).message == next(iter(chat.messages))


async def test_a_progress_message_goes_when_the_result_is_there(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    written: list[str] = []
    async with working(house, chat, begin=False) as works:
        await works.notice(job)
        await house.database.read(lambda c: c.set_trace_callback(written.append))
        works.begin()
        await works.quiet()
    assert [each.id for each in chat.messages.values()] == [(await works.row(job)).message]
    assert [what for what, _ in chat.calls] == ["send", "hook delete"]
    assert written.count("COMMIT") == 2  # before the POST, and when both are done
    assert len(works.notices) == 0


@pytest.mark.parametrize("shown", [True, False])
async def test_who_was_answered_is_not_called_and_who_was_not_is(
    house: House, chat: FakeDiscord, shown: bool
) -> None:
    house.clock.now = time.time()
    job = await house.draw()
    async with working(house, chat, begin=False) as works:
        await works.notice(job, shown=shown)
        works.begin()
        await works.quiet()
        assert await called(works, job) is not shown


async def test_an_answer_under_way_is_waited_for_before_anybody_is_called(
    house: House, chat: FakeDiscord
) -> None:
    house.clock.now = time.time()
    job = await house.draw()
    async with working(house, chat, begin=False) as works:
        await works.notice(job)
        notice = works.notices.get(job.id)
        assert notice is not None
        notice.settled.clear()
        works.begin()
        await works.looks_again()
        assert chat.of_kind("send") == []
        notice.settled.set()
        await works.quiet()
        assert not await called(works, job)


async def called(works: Works, job: Job) -> bool:
    """Whether the result mentions anybody so that they are told."""
    result = works.chat.messages[(await works.row(job)).message]
    return "users" in result.said["allowed_mentions"].to_dict()


# Discord is away


async def test_one_row_only_is_tried_while_discord_is_away(house: House, chat: FakeDiscord) -> None:
    jobs = await in_channels(house, 4)
    chat.away = AWAY
    async with working(house, chat, at_once=4) as works:
        for job in jobs:
            await works.tried(job, 1)
        assert len(chat.calls) == 4
        for count in (5, 6, 7):
            house.clock.now += 5.1
            await chat.until(lambda count=count: len(chat.calls) >= count)
            await works.looks_again()
            assert len(chat.calls) == count
        chat.away = None
        house.clock.now += 5.1
        await works.posted(*jobs)
    assert sorted(each.channel for each in chat.messages.values()) == [
        CHANNEL + number for number in range(4)
    ]


async def test_an_end_is_owed_until_it_is_said(house: House, chat: FakeDiscord) -> None:
    house.executor.automatic = False
    job = await house.imagine()
    run = await house.executor.started(1)
    async with working(house, chat) as works:
        await works.notice(job)
        chat.refuse = [refusal(503), AWAY]
        await run.fail(RenderFailed("error", "boom"))
        for count in (1, 2, 3):
            await chat.until(lambda count=count: len(chat.of_kind("hook edit")) >= count)
            await works.looks_again()
            house.clock.now += 5.1
        await works.quiet()
    [notice] = chat.messages.values()
    assert "Something went wrong" in notice.content
    assert notice.components == []
    assert len(works.notices) == 0


@pytest.mark.parametrize("error", [AWAY, refusal(502), TimeoutError(), refusal(401)])
async def test_a_row_that_met_nobody_waits_as_long_as_the_breaker(
    house: House, chat: FakeDiscord, error: Exception
) -> None:
    job = await house.draw()
    chat.refuse = [error]
    async with working(house, chat) as works:
        await works.tried(job, 1)
        assert await works.when(job) == pytest.approx(5.0)
        house.clock.now += 5.1
        await works.posted(job)
    assert len(chat.messages) == 1


# Refusals


@pytest.mark.parametrize("code", [10003, 50001, 50013, 50035])
async def test_what_is_refused_for_good_is_given_up(
    house: House, chat: FakeDiscord, code: int
) -> None:
    job = await house.draw()
    chat.refuse = [refusal(403, code)]
    async with working(house, chat) as works:
        assert await works.given_up(job) is GivenUp.REFUSED
        await works.quiet()
    assert len(chat.calls) == 1
    assert [each.job for each in await house.service.outbox.owed(ANNA_ASKS, HERE)] == [job.id]


async def test_what_the_bot_may_not_post_its_interaction_may(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    chat.refuse = [refusal(403, 50013)]
    async with working(house, chat, begin=False) as works:
        await works.notice(job, shown=False)
        works.begin()
        await works.posted(job)
    assert [what for what, _ in chat.calls] == ["send", "hook send"]
    [posted] = chat.messages.values()
    assert job.id in posted.attachments[0].filename


async def test_who_has_no_message_is_told_privately_that_nothing_comes(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    chat.refuse = [refusal(403, 50013), refusal(403, 50013)]
    async with working(house, chat, begin=False) as works:
        hook = await works.notice(job, shown=False)
        works.begin()
        await works.given_up(job)
        await chat.until(lambda: bool(hook.private) or len(chat.calls) > 3)
    assert "`/show` brings it to you" in hook.private[0]


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("error", [None, refusal(404, 10015)])
async def test_who_was_told_that_nothing_comes_is_not_told_again(
    house: House, chat: FakeDiscord, shown: bool, error: Exception | None
) -> None:
    job = await house.draw()
    chat.refuse = [refusal(403, 50013), refusal(403, 50013), error]

    async def knows() -> bool:
        return not await house.service.outbox.untold(ANNA_ASKS, HERE)

    async with working(house, chat, begin=False) as works:
        await works.notice(job, shown=shown)
        works.begin()
        await works.given_up(job)
        await works.quiet()
        if error is None or shown:  # else there is no message by which the bot could say it
            await works.until(knows)
        await chat.until(lambda: len(chat.calls) >= 3)
    assert await knows() is (error is None or shown)


async def test_a_file_that_is_too_large_at_its_smallest_is_given_up_in_words(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    chat.refuse = [refusal(413, 40005)]
    async with working(house, chat, begin=False) as works:
        await works.notice(job)
        works.begin()
        assert await works.given_up(job) is GivenUp.TOO_LARGE
        await works.quiet()
    assert "too large to be uploaded" in chat.texts(CHANNEL)[0]


async def test_pictures_that_are_gone_are_not_waited_for(house: House, chat: FakeDiscord) -> None:
    job = await house.draw()
    for file in (house.folder / "images").rglob("*.*"):
        file.unlink()
    async with working(house, chat) as works:
        assert await works.given_up(job) is GivenUp.GONE
    assert chat.calls == []


async def test_a_refusal_without_a_known_code_is_tried_again_after_growing_pauses(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    other = await house.draw(origin=replace(HERE, channel=CHANNEL + 1))
    chat.refuse = [refusal(403), None, *[refusal(403)] * 3]
    pauses = []
    async with working(house, chat, at_once=1) as works:
        for tries in (1, 2, 3):
            await works.tried(job, tries)
            pauses.append(round(await works.when(job), 6))
            house.clock.now += pauses[-1] + 0.001
        await works.posted(other)
        assert pauses == [0.01, 0.04, 0.16]
        assert (await works.row(job)).given_up is None
        await works.tried(job, 4)
        house.clock.now += 1
        await works.posted(job)
    assert len(chat.messages) == 2


# Copies


async def test_a_copy_follows_its_result_with_the_same_file(
    house: House, chat: FakeDiscord
) -> None:
    await house.service.preferences.switch(ANNA_ASKS, "auto_dm")
    job = await house.draw()
    encoded = house.disk.uploads
    async with working(house, chat) as works:
        await works.quiet()
    assert chat.of_kind("send") == [CHANNEL, job.user]
    result, copy = chat.messages.values()
    assert result.attachments == copy.attachments
    assert copy.content == result.content
    [way] = copy.components[0].children
    assert str(result.id) in str(getattr(way, "url", ""))
    assert "users" not in copy.said["allowed_mentions"].to_dict()
    assert copy.said.get("reference") is None
    assert await encoded.of(job.id) is None


@pytest.mark.parametrize(
    "error", [AWAY, refusal(503), refusal(403), refusal(400, 40003), ZeroDivisionError("ours")]
)
async def test_trouble_with_a_copy_is_waited_out_and_holds_up_no_channel(
    house: House, chat: FakeDiscord, error: Exception
) -> None:
    await house.service.preferences.switch(ANNA_ASKS, "auto_dm")
    job = await house.draw()
    chat.refuse = [None, error]
    async with working(house, chat) as works:
        await works.posted(job)
        await chat.until(lambda: len(chat.calls) == 2)
        await works.looks_again()
        other = await house.draw()
        chat.refuse = [None]
        house.clock.now += 3601
        works.pump.wake()
        await works.posted(other)
        await works.quiet()
    assert sorted(chat.of_kind("send")) == [CHANNEL, CHANNEL, *[job.user] * 3]
    assert len(chat.texts(job.user)) == 2


@pytest.mark.parametrize(
    ("error", "wanted"),
    [(refusal(403, 50007), False), (refusal(403, 50278), False), (refusal(400, 20009), True),
     (refusal(413, 40005), True)],
)  # fmt: skip
async def test_a_copy_that_is_refused_leaves_the_result_alone(
    house: House, chat: FakeDiscord, error: Exception, wanted: bool
) -> None:
    await house.service.preferences.switch(ANNA_ASKS, "auto_dm")
    job = await house.draw()
    chat.refuse = [None, error]
    async with working(house, chat) as works:
        await works.posted(job)
        await works.quiet()
    assert [each.channel for each in chat.messages.values()] == [CHANNEL]
    assert (await works.row(job)).given_up is None
    assert (await house.service.preferences.own(ANNA_ASKS)).auto_dm is wanted
    assert bool(await house.service.outbox.untold(ANNA_ASKS, HERE)) is not wanted
    assert await house.disk.uploads.of(job.id) is None


# Trouble of our own


async def test_a_database_that_cannot_be_written_makes_no_second_message(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    house.database.refuse("locked", "OutboxRepository.delivered", times=3)
    async with working(house, chat) as works:
        await house.database.until_refused(3)
        await works.posted(job)
    assert chat.of_kind("send") == [CHANNEL]


async def test_a_fault_of_ours_rests_for_an_hour_and_is_in_the_log(
    house: House, chat: FakeDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    job = await house.draw()
    chat.refuse = [ZeroDivisionError("ours")]
    async with working(house, chat) as works:
        await works.tried(job, 1)
        assert await works.when(job) == pytest.approx(3600)
    assert "ZeroDivisionError: ours" in caplog.text
    assert "reference " in caplog.text


# A post of which nothing is known


async def test_a_young_nonce_is_used_again_and_nothing_is_searched(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    async with working(house, chat, begin=False) as works:
        await works.pump.results.post(await works.row(job), job)
        house.clock.now += 119
        works.begin()
        await works.posted(job)
    assert [what for what, _ in chat.calls] == ["send", "send"]
    assert len(chat.messages) == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_an_old_nonce_is_searched_for_first(
    house: House, chat: FakeDiscord, arrived: bool
) -> None:
    job = await house.draw()
    async with working(house, chat, begin=False) as works:
        before = await works.row(job)
        number = await works.pump.results.post(before, job)
        chat.nonces.clear()
        if not arrived:
            del chat.messages[number]
        house.clock.now += 121
        works.begin()
        await works.posted(job)
    sent = ["send", "history"] if arrived else ["send", "history", "send"]
    assert [what for what, _ in chat.calls] == sent
    after = await works.row(job)
    assert list(chat.messages) == [after.message]
    assert (after.message == number, after.nonce == before.nonce) == (arrived, arrived)


async def test_somebody_elses_message_with_the_same_file_is_not_adopted(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    async with working(house, chat, begin=False) as works:
        number = await works.pump.results.post(await works.row(job), job)
        chat.messages[number].author.id = 5
        chat.nonces.clear()
        house.clock.now += 121
        again = await works.pump.results.post(await works.row(job), job)
    assert again != number
    assert list(chat.messages) == [number, again]


async def test_a_row_that_is_done_with_is_not_posted(house: House, chat: FakeDiscord) -> None:
    job = await house.draw()
    async with working(house, chat, begin=False) as works:
        before = await works.row(job)
        await house.posted(job, 555)
        assert await works.pump.results.post(before, job) == 0
    assert chat.calls == []
