"""The progress message: what it says, by whose token, and when it says nothing more."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.chat.notice import Notice, Notices
from bot.domain.job import JobStatus, JobUpdate
from tests.kit import jobs
from tests.kit.channels import FakeChannel, FakeDiscord, FakeMessage, FakeWebhook, refusal
from tests.kit.executor import Clock
from tests.kit.values import CHANNEL, MORNING

RUNNING = JobUpdate(jobs.job(status=JobStatus.RUNNING, attempt=1), fraction=0.25)


class Room:
    """One message in a channel, and a notice that shows it."""

    def __init__(self, *, token_s: float = 900.0) -> None:
        self.chat = FakeDiscord(Clock(MORNING))
        self.message: FakeMessage = self.chat.make(CHANNEL, {"content": "Waiting"})
        self.hook = FakeWebhook(self.chat, CHANNEL)
        channel, hook = cast(Any, FakeChannel(self.chat, CHANNEL)), cast(Any, self.hook)
        self.notice = Notice(channel, self.message.id, hook, time.time() + token_s)

    @property
    def asked(self) -> list[str]:
        return [what for what, _ in self.chat.calls]


async def test_progress_is_shown_with_its_preview_and_a_way_to_stop() -> None:
    room = Room()
    assert await room.notice.show(replace(RUNNING, preview=b"jpeg"))
    assert "(25%)" in room.message.content
    assert [each.filename for each in room.message.attachments] == ["preview.jpg"]
    assert all(each.fp.closed for each in room.message.said["attachments"])
    [row] = room.message.components
    assert [getattr(each, "label", "") for each in row.children] == ["Cancel"]
    assert room.message.said["allowed_mentions"].to_dict() == {"parse": []}


async def test_what_it_says_already_is_not_said_again() -> None:
    room = Room()
    for _ in range(3):
        assert await room.notice.show(RUNNING)
    assert room.asked == ["hook edit"]
    await room.notice.show(replace(RUNNING, preview=b"jpeg"))
    await room.notice.show(replace(RUNNING, fraction=0.5))
    assert len(room.asked) == 3


@pytest.mark.parametrize(
    ("token_s", "road", "pause"), [(900, "hook edit", 0), (59, "edit", 30), (-1, "edit", 30)]
)
async def test_a_token_is_used_until_a_minute_before_it_dies(
    token_s: float, road: str, pause: float
) -> None:
    room = Room(token_s=token_s)
    assert await room.notice.show(RUNNING)
    assert room.asked == [road]
    assert room.notice.least_pause == pause


@pytest.mark.parametrize("code", [10015, 50027])
async def test_a_token_that_died_early_is_not_tried_again(code: int) -> None:
    room = Room()
    room.chat.refuse = [refusal(404, code)]
    assert await room.notice.show(RUNNING)
    assert await room.notice.show(replace(RUNNING, fraction=0.5))
    assert room.asked == ["hook edit", "edit", "edit"]
    assert "(50%)" in room.message.content
    assert room.notice.token is None


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (refusal(404, 10008), False),
        (refusal(400, 30046), False),
        (refusal(500), True),
        (OSError("gone"), True),
        (refusal(429), True),
    ],
)
async def test_only_a_message_that_is_gone_ends_the_showing(error: Exception, again: bool) -> None:
    room = Room()
    room.chat.refuse = [error]
    assert await room.notice.show(RUNNING) is again
    assert await room.notice.show(RUNNING)
    assert len(room.asked) == 2


async def test_nothing_is_shown_after_the_end() -> None:
    room = Room()
    await room.notice.end("It is over.")
    assert not await room.notice.show(RUNNING)
    assert (room.message.content, room.message.components) == ("It is over.", [])
    assert room.asked == ["hook edit"]


async def test_an_end_that_failed_is_said_at_the_next_try_and_then_no_more() -> None:
    room = Room()
    room.chat.refuse = [refusal(503)]
    with pytest.raises(Exception, match="503"):
        await room.notice.end("It is over.")
    await room.notice.end("It is over.")
    await room.notice.end("It is over.")
    assert room.message.content == "It is over."
    assert len(room.asked) == 2


async def test_a_notice_without_a_message_asks_nothing() -> None:
    room = Room()
    room.notice.id = 0
    assert not await room.notice.show(RUNNING)
    assert room.asked == []


async def test_it_is_removed_once_and_may_be_gone_already() -> None:
    room = Room()
    await room.notice.remove()
    await room.notice.remove()
    assert room.chat.messages == {}
    assert not await room.notice.show(RUNNING)


async def test_a_removal_that_failed_says_so() -> None:
    room = Room()
    room.chat.refuse = [refusal(500)]
    with pytest.raises(Exception, match="500"):
        await room.notice.remove()
    assert list(room.chat.messages) == [room.message.id]


async def test_a_word_aside_needs_a_token_and_never_fails() -> None:
    room, late = Room(), Room(token_s=0)
    await room.notice.tell("Only for you.")
    room.chat.refuse = [refusal(500)]
    await room.notice.tell("Lost.")
    await late.notice.tell("Too late.")
    assert room.hook.private == ["Only for you."]
    assert late.asked == []


async def test_after_a_restart_the_remembered_message_is_reached_by_the_bots_token() -> None:
    room = Room()
    job = jobs.job(status=JobStatus.RUNNING, attempt=1, notice=room.message.id)
    notice = Notice.at(cast(Any, room.chat), job)
    assert (notice.id, notice.token) == (room.message.id, None)
    assert await notice.show(RUNNING)
    assert room.asked == ["edit"]


def test_notices_are_known_by_job_until_they_are_dropped() -> None:
    notices, first, second = Notices(), Room().notice, Room().notice
    assert notices.add("a", first) is first
    notices.add("a", second)
    assert notices.get("a") is second
    assert notices.get("b") is None
    notices.drop("a")
    notices.drop("a")
    assert len(notices) == 0
