"""Presenting: the first answer by every road, what is remembered of it, and taking it back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import discord
import pytest

from bot.chat.buttons import cancel_view
from bot.chat.endings import Endings
from bot.chat.notice import Notices
from bot.chat.pace import Pace
from bot.chat.posting import Poster
from bot.chat.presenter import Presenter
from bot.domain.action import Action
from bot.domain.errors import StoreUnavailable
from bot.domain.job import Job, JobStatus
from tests.kit.app import House
from tests.kit.channels import FakeDiscord, FakeInteraction, FakeMessage, refusal
from tests.kit.faults import MISTAKE
from tests.kit.values import CHANNEL, GUILD

LOST = OSError("the reply was lost")

pytestmark = pytest.mark.by_hand


class Desk:
    """A presenter, and how often it said that a job is over."""

    def __init__(self, house: House, chat: FakeDiscord) -> None:
        self.house, self.chat = house, chat
        self.notices = Notices()
        self.over = asyncio.Event()
        self.presenter = Presenter(
            cast(Any, chat), house.service, self.notices, self.over.set, pause=0, rest=0.001
        )

    def asked(self, parent: FakeMessage | None = None) -> FakeInteraction:
        return FakeInteraction(self.chat, CHANNEL, GUILD, parent)

    async def present(
        self, interaction: FakeInteraction, job: Job, parent: Job | None = None
    ) -> None:
        await self.presenter.present(cast(Any, interaction), job, parent)

    async def drawn(self, run: int = 1) -> None:
        """The drawing of that number is finished, and the presenter says so."""
        await (await self.house.executor.started(run)).finish()
        await asyncio.wait_for(self.over.wait(), 20)

    async def notice_of(self, job: Job) -> int:
        found = await self.house.service.drawing.job(job.id)
        assert found is not None
        return found.notice

    async def status(self, job: Job) -> JobStatus:
        return (await self.house.state(job))[0]


@pytest.fixture
async def desk(house: House, chat: FakeDiscord) -> AsyncIterator[Desk]:
    made = Desk(house, chat)
    yield made
    await made.presenter.close()


async def test_a_command_is_answered_with_its_progress_and_that_is_remembered(desk: Desk) -> None:
    job = await desk.house.imagine()
    await desk.present(desk.asked(), job)
    [message] = desk.chat.messages.values()
    assert message.content.startswith("**a red fox** - <@")
    assert await desk.notice_of(job) == message.id
    notice = desk.notices.get(job.id)
    assert notice is not None
    assert notice.settled.is_set()
    run = await desk.house.executor.started(1)
    await run.progress(1)
    await desk.chat.until(lambda: "(25%)" in message.content)
    await run.finish()
    await asyncio.wait_for(desk.over.wait(), 20)
    assert "(100%)" not in message.content  # the end is the pump's to show


async def test_the_message_is_remembered_however_often_the_database_refuses(desk: Desk) -> None:
    job = await desk.house.imagine()
    desk.house.database.refuse("locked", "OutboxRepository.set_notice", times=2)
    await desk.present(desk.asked(), job)
    assert await desk.notice_of(job) == next(iter(desk.chat.messages))
    await desk.drawn()


def endings(desk: Desk) -> Endings:
    poster = Poster(cast(Any, desk.chat), desk.house.service, Pace(1e6))
    return Endings(cast(Any, desk.chat), desk.house.service, desk.notices, poster)


async def test_a_message_that_a_mistake_keeps_from_the_database_goes_all_the_same(
    desk: Desk,
) -> None:
    job = await desk.house.imagine()
    desk.house.database.refuse(MISTAKE, "OutboxRepository.set_notice", times=1)
    await desk.present(desk.asked(), job)
    assert (len(desk.chat.messages), await desk.notice_of(job)) == (1, 0)
    await desk.drawn()
    assert await endings(desk).cleared(job)
    assert not desk.chat.messages


async def test_after_a_start_a_mistake_keeps_nobody_waiting_for_the_message(desk: Desk) -> None:
    job = await desk.house.imagine()
    message = desk.chat.make(CHANNEL, {"content": "Waiting", "view": cancel_view(job)})
    desk.house.database.refuse(MISTAKE, "OutboxRepository.set_notice", times=1)
    await desk.presenter.recover()
    notice = desk.notices.get(job.id)
    assert notice is not None
    await asyncio.wait_for(notice.settled.wait(), 5)
    assert notice.id == message.id


async def test_a_thinking_is_filled_in(desk: Desk) -> None:
    job, interaction = await desk.house.imagine(), desk.asked()
    interaction.deferred = True
    await desk.present(interaction, job)
    assert desk.chat.calls[0] == ("hook edit", CHANNEL)
    assert await desk.notice_of(job) == next(iter(desk.chat.messages))


async def test_a_press_colours_its_button_and_is_answered_beside(desk: Desk) -> None:
    parent = await desk.house.draw()
    result = desk.chat.make(CHANNEL, {"content": "grid"})
    job = await desk.house.press(Action.VARY, parent.tile(1))
    await desk.present(desk.asked(result), job, parent)
    used = [
        each.label
        for row in result.components
        for each in row.children
        if isinstance(each, discord.Button) and each.style is discord.ButtonStyle.primary
    ]
    assert used == ["V1"]
    assert [what for what, _ in desk.chat.calls][:2] == ["answer", "hook send"]
    assert await desk.notice_of(job) == max(desk.chat.messages)


async def unreadable(job: str) -> set[tuple[Action, int]]:
    raise StoreUnavailable("io", "disk I/O error")


async def test_a_press_is_answered_though_the_used_buttons_cannot_be_read(desk: Desk) -> None:
    parent = await desk.house.draw()
    result = desk.chat.make(CHANNEL, {"content": "grid"})
    desk.house.jobs.used = unreadable  # type: ignore[method-assign]
    job = await desk.house.press(Action.VARY, parent.tile(1))
    await desk.present(desk.asked(result), job, parent)
    assert [what for what, _ in desk.chat.calls][:2] == ["answer", "hook send"]
    assert await desk.notice_of(job) == max(desk.chat.messages)
    await desk.drawn(2)
    assert await desk.status(job) is JobStatus.SUCCEEDED


async def test_a_picture_is_handed_over_though_the_used_buttons_cannot_be_read(desk: Desk) -> None:
    grid = await desk.house.draw()
    single = await desk.house.press(Action.UPSCALE, grid.tile(2))
    desk.house.jobs.used = unreadable  # type: ignore[method-assign]
    interaction = desk.asked(desk.chat.make(CHANNEL, {"content": "grid"}))
    await desk.presenter.hand_over(cast(Any, interaction), single, grid)
    assert desk.over.is_set()
    assert interaction.deferred


async def test_a_command_that_nobody_waits_for_is_withdrawn_free_of_charge(desk: Desk) -> None:
    job = await desk.house.imagine()
    desk.chat.refuse = [refusal(404, 10062)]
    await desk.present(desk.asked(), job)
    await desk.house.end(job)
    assert await desk.status(job) is JobStatus.CANCELLED
    assert await desk.house.credits() == (25, 0)
    assert desk.notices.get(job.id) is None


@pytest.mark.parametrize(("status", "code", "owed"), [(404, 10062, True), (400, 40060, False)])
async def test_what_was_drawn_before_the_answer_came_too_late_is_posted(
    desk: Desk, status: int, code: int, owed: bool
) -> None:
    """Unless another process answered: then that one draws it as well."""
    job = await desk.house.draw()
    uploads = desk.house.disk.uploads
    await uploads.keep(job.id, b"grid", "webp")
    desk.chat.refuse = [refusal(status, code)]
    await desk.present(desk.asked(), job)
    assert desk.over.is_set()
    assert (job.id in await desk.house.owed()) is owed
    assert (desk.notices.get(job.id) is not None) is owed
    assert (await uploads.of(job.id) is not None) is owed
    assert await desk.status(job) is JobStatus.SUCCEEDED
    assert await desk.house.credits() == (24, 0)


async def test_a_withdrawal_waits_for_the_database(desk: Desk) -> None:
    job = await desk.house.imagine()
    desk.house.database.refuse("locked", times=2)
    desk.chat.refuse = [refusal(404, 10062)]
    await desk.present(desk.asked(), job)
    await desk.house.end(job)
    assert await desk.house.credits() == (25, 0)


@pytest.mark.parametrize("error", [LOST, refusal(400, 40060)])
async def test_an_answer_whose_reply_was_lost_is_found_again(desk: Desk, error: Exception) -> None:
    job, interaction = await desk.house.imagine(), desk.asked()
    interaction.extras["sent"] = ["POST", "POST"]  # discord.py repeated it
    said = {"content": "x", "view": cancel_view(job)}
    interaction.original = desk.chat.make(CHANNEL, said)
    desk.chat.refuse = [error]
    await desk.present(interaction, job)
    assert await desk.notice_of(job) == interaction.original.id
    assert await desk.status(job) is not JobStatus.CANCELLED


async def test_another_process_that_answered_keeps_the_command(desk: Desk) -> None:
    job, interaction = await desk.house.imagine(), desk.asked()
    interaction.original = desk.chat.make(CHANNEL, {"content": "not ours"})
    interaction.extras["sent"] = ["POST", "POST"]
    desk.chat.refuse = [refusal(400, 40060)]
    await desk.present(interaction, job)
    await desk.house.end(job)
    assert await desk.status(job) is JobStatus.CANCELLED


@pytest.mark.parametrize(
    "refused", [[LOST], [LOST, refusal(404, 10015)], [refusal(500)], [refusal(403, 50013)]]
)
async def test_a_job_goes_on_without_its_message(
    desk: Desk, refused: list[Exception | None]
) -> None:
    job = await desk.house.imagine()
    desk.chat.refuse = refused
    await desk.present(desk.asked(), job)
    assert await desk.notice_of(job) == 0
    await desk.drawn()
    assert await desk.status(job) is JobStatus.SUCCEEDED


async def test_a_finished_job_is_handed_over_to_the_pump(desk: Desk) -> None:
    grid = await desk.house.draw()
    single = await desk.house.press(Action.UPSCALE, grid.tile(2))
    result = desk.chat.make(CHANNEL, {"content": "grid"})
    await desk.presenter.hand_over(cast(Any, desk.asked(result)), single, grid)
    assert desk.over.is_set()
    notice = desk.notices.get(single.id)
    assert notice is not None
    assert (notice.id, notice.settled.is_set()) == (0, True)
    assert result.components != []


@pytest.mark.parametrize(("code", "owed"), [(10062, True), (40060, False)])
async def test_a_picture_taken_out_by_another_process_is_not_posted_by_us(
    desk: Desk, code: int, owed: bool
) -> None:
    grid = await desk.house.draw()
    single = await desk.house.press(Action.UPSCALE, grid.tile(2))
    desk.chat.refuse = [refusal(404 if code == 10062 else 400, code)]
    result = desk.chat.make(CHANNEL, {"content": "grid"})
    await desk.presenter.hand_over(cast(Any, desk.asked(result)), single, grid)
    assert (single.id in await desk.house.owed()) is owed


# After a start


async def test_unfinished_jobs_are_followed_again_where_their_message_is(
    desk: Desk, chat: FakeDiscord
) -> None:
    job = await desk.house.imagine()
    await desk.present(desk.asked(), job)
    [message] = chat.messages.values()
    run = await desk.house.executor.started(1)
    await run.progress(1)
    await chat.until(lambda: "(25%)" in message.content)
    await desk.presenter.close()
    again = Desk(desk.house, chat)
    await again.presenter.recover()
    await again.presenter.recover()
    notice = again.notices.get(job.id)
    assert notice is not None
    await asyncio.wait_for(notice.settled.wait(), 20)
    assert (notice.id, notice.token, len(again.notices)) == (message.id, None, 1)
    assert chat.of_kind("history") == []
    await run.finish()
    await asyncio.wait_for(again.over.wait(), 20)
    assert not desk.over.is_set()
    await again.presenter.close()


@pytest.mark.parametrize("known", [True, False])
async def test_a_message_that_was_shown_but_not_recorded_is_searched(
    desk: Desk, chat: FakeDiscord, known: bool
) -> None:
    job = await desk.house.imagine()
    other = chat.make(CHANNEL, {"content": "other"})
    said = {"content": "Waiting", "view": cancel_view(job)}
    ours = chat.make(CHANNEL, said).id if known else 0
    await desk.presenter.recover()
    notice = desk.notices.get(job.id)
    assert notice is not None
    await asyncio.wait_for(notice.settled.wait(), 20)
    assert chat.of_kind("history") == [CHANNEL]
    assert (notice.id, await desk.notice_of(job)) == (ours, ours)
    assert other.content == "other"


@pytest.mark.parametrize("acknowledged", [None, "private", "public"])
async def test_what_is_hidden_is_answered_to_who_asked_alone(
    desk: Desk, acknowledged: str | None
) -> None:
    job = await desk.house.imagine("a fox --stealth")
    asked = desk.asked()
    asked.deferred = acknowledged is not None
    asked.extras["private"] = acknowledged == "private"
    await desk.present(asked, job)
    assert asked.extras.get("deleted", False) is (acknowledged == "public")
    if acknowledged == "public":
        assert [said.startswith("**a fox") for said in asked.followup.private] == [True]
        assert desk.chat.messages == {}
        return
    [message] = desk.chat.messages.values()
    assert message.said.get("ephemeral", acknowledged == "private") is True


async def test_what_comes_of_a_press_on_something_hidden_is_hidden_too(desk: Desk) -> None:
    grid = await desk.house.draw("a fox --stealth")
    parent = desk.chat.make(CHANNEL, {"content": "the grid"})
    asked = desk.asked(parent)
    job = await desk.house.press(Action.VARY, grid.tile(1))
    await desk.present(asked, job, grid)
    assert len(asked.followup.private) == 1
    assert list(desk.chat.messages) == [parent.id]
