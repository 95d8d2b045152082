"""What is said of several grids at once, within Discord's bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.chat import batches, wording
from bot.chat.buttons import cancel_view, is_cancel, offer_view
from bot.domain.batch import BatchUpdate
from bot.domain.job import Failure, Job, JobStatus, JobUpdate
from bot.domain.prompt import Prompt
from bot.service.plan import Plan
from tests.kit.app import ANNA_ASKS, HERE, House
from tests.kit.values import ANNA, a_job

FIRST = "f" * 32


def job(text: str, status: JobStatus = JobStatus.WAITING, **more: Any) -> Job:
    made = a_job(status=status)
    request = replace(made.request, prompt=Prompt.parse(text))
    return replace(made, request=request, user=ANNA, batch=FIRST, **more)


def of(*states: JobStatus, text: str = "a fox") -> BatchUpdate:
    return BatchUpdate(tuple(JobUpdate(job(text, state)) for state in states))


WAITING, RUNNING, DRAWN, FAILED, STOPPED = JobStatus


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((WAITING, WAITING), "0 of 2 grids drawn, 2 waiting"),
        (
            (DRAWN, DRAWN, DRAWN, RUNNING, WAITING, WAITING),
            "3 of 6 grids drawn, 1 being drawn, 2 waiting",
        ),
        ((DRAWN, STOPPED, FAILED), "1 of 3 grids drawn, 1 failed, 1 stopped"),
        ((DRAWN, DRAWN), "2 of 2 grids drawn"),
    ],
)
def test_counts(states: tuple[JobStatus, ...], said: str) -> None:
    assert batches.progress(of(*states)).split("\n")[1] == said


def test_the_headline_names_the_first_and_how_many_more() -> None:
    some = BatchUpdate((JobUpdate(job("a red fox")), JobUpdate(job("a blue fox"))))
    assert batches.progress(some).startswith(f"**a red fox** and 1 more - <@{ANNA}>\n")
    assert batches.progress(of(WAITING, WAITING)).startswith("**a fox** 2 times - ")


def test_details_tell_of_what_is_under_way_and_of_the_wait() -> None:
    under_way = JobUpdate(job("a", RUNNING), fraction=0.4, preview=b"p", note="a moment")
    waiting = [JobUpdate(job("a"), position=place, wait_s=10.0 * place) for place in (2, 3)]
    update = BatchUpdate((under_way, *waiting))
    details = "-# 40%; the last begins in about 30 s; a moment"
    assert batches.progress(update).endswith(details)
    assert (update.position, update.preview) == (None, b"p")
    alone = BatchUpdate(tuple(waiting))
    assert "-# 2nd in line; the last" in batches.progress(alone)
    assert (alone.position, alone.preview) == (2, None)


def test_each_reason_is_named_once_and_what_is_not_posted() -> None:
    why = [Failure(text, f"REF{n}") for n, text in enumerate(("Too dark.", "Too dark.", "Odd."))]
    failed = tuple(JobUpdate(job("a", FAILED, failure=each)) for each in why)
    text = batches.progress(BatchUpdate((*failed, JobUpdate(job("a", DRAWN))), unposted=1))
    assert text.count("Too dark.") == 1
    assert "⚠️ Too dark. (reference `REF0`) Nothing was charged for it.\n⚠️ Odd." in text
    assert "1 of 4 grids drawn, 3 failed" in text
    assert text.endswith("1 of them could not be posted here; `/show` brings what is there.")


def test_a_job_alone_is_said_as_ever() -> None:
    alone = JobUpdate(a_job())
    assert batches.progress(alone) == wording.progress(alone)


async def planned(house: House, text: str) -> Plan:
    return await house.service.drawing.plan(ANNA_ASKS, HERE, text)


async def test_an_offer_says_number_price_and_the_first_few(house: House) -> None:
    offer = batches.offer(await planned(house, "a {1, 2, 3, 4, 5, 6, 7} fox --no cats"))
    first, *lines = offer.split("\n")
    assert first == "This draws **7 grids for 7 credits**:"
    assert lines[0] == "- **a 1 fox --no cats**"
    assert lines[5] == "- and 2 more"
    again = batches.offer(await planned(house, "a {red, blue} fox --repeat 3"))
    assert again.split("\n")[1:] == ["- 3 × **a red fox**", "- 3 × **a blue fox**"]
    one = batches.offer(await planned(house, "a fox --hd"))
    assert one.startswith("This draws **1 grid for 3 credits**:\n- **a fox --hd**")


async def test_the_longest_offer_and_progress_fit_into_a_message(house: House) -> None:
    plan = await planned(house, "*" * 2900 + " {a, b, c, d, e, f, g}")
    plan = plan.noting(("never mind " * 20,) * 9)
    assert len(batches.offer(plan)) <= wording.CONTENT_LIMIT
    why = [Failure("x" * 200, f"REF{n}") for n in range(9)]
    long = "*" * 5000
    failed = tuple(JobUpdate(job(long, FAILED, failure=each)) for each in why)
    odd = [replace(each, failure=replace(why[0], sentence=f"{n}" * 250))
           for n, each in enumerate(update.job for update in failed)]  # fmt: skip
    told = (*map(JobUpdate, odd), JobUpdate(job("a", RUNNING), note="_" * 500))
    text = batches.progress(BatchUpdate(told, unposted=3))
    assert len(text) <= wording.CONTENT_LIMIT


async def test_buttons_of_a_batch_name_its_first_job() -> None:
    one = job("a")
    [button] = cancel_view(one).children
    custom_id = str(getattr(button, "custom_id", ""))
    assert custom_id == f"easel:cancel_all:{FIRST}:0"
    assert is_cancel(custom_id, one)
    assert not is_cancel(custom_id, replace(one, batch=None))
    ids = [str(getattr(each, "custom_id", "")) for each in offer_view("a" * 32).children]
    assert ids == [f"easel:draw:{'a' * 32}:0", f"easel:leave:{'a' * 32}:0"]
