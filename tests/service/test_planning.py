"""Plan, then submit: what is said before anything is stored, and all or nothing afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action, Press, Tile
from bot.domain.errors import NotFound, OutOfCredits, QueueFull
from bot.domain.job import JobStatus
from bot.domain.people import Account, Asker, Origin
from bot.domain.period import Period
from bot.domain.quota import Quota, QuotaSetting
from bot.domain.speed import Speed
from bot.domain.usual import hidden
from bot.service.plan import Plan
from bot.service.rules import Rules
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, TINY, House
from tests.kit.values import GUILD, from_file, wish

ANNAS = Account(GUILD, ANNA_ASKS.user)
ELSEWHERE = Origin(GUILD + 1, HERE.channel)


async def several(house: House, count: int) -> Plan:
    """A plan as a permutation will make it."""
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox")
    return replace(plan, requests=plan.requests * count, prices=plan.prices * count)


async def test_a_plan_says_the_price_and_stores_nothing(house: House) -> None:
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox --seed 7")
    assert (plan.price, plan.warnings, plan.parent) == (1, (), None)
    assert [request.seed for request in plan.requests] == [7]
    assert await house.service.drawing.unfinished() == []
    assert await house.credits() == (25, 0)
    (job,) = await house.service.drawing.submit(plan)
    assert (job.request, job.cost) == (plan.requests[0], 1)
    stored = await house.jobs.get(job.id)
    assert stored is not None
    assert stored.cost == 1


async def test_the_price_is_the_plans_own(house: House) -> None:
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox")
    (job,) = await house.service.drawing.submit(replace(plan, prices=(3,)))
    assert await house.credits() == (22, 3)
    await house.end(job)
    assert await house.credits() == (22, 0)


async def test_a_limit_that_was_lowered_after_the_plan_holds(house: House) -> None:
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox")
    setting = QuotaSetting(credits=0, period=Period.DAY)
    await house.parts.quotas.set_quota(HERE.guild, "server", HERE.guild, setting, 99, 0.0)
    with pytest.raises(OutOfCredits):
        await house.service.drawing.submit(plan)
    assert await house.service.drawing.unfinished() == []


async def test_many_are_queued_together_in_their_order(house: House) -> None:
    jobs = await house.service.drawing.submit(await several(house, 3))
    assert len({job.id for job in jobs}) == 3
    assert [one.id for one in await house.jobs.unfinished()] == [job.id for job in jobs]
    assert await house.credits() == (22, 3)
    for job in jobs:
        assert (await house.end(job)).job.status is JobStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("rules", "refusal", "words"),
    [
        (
            Rules(quota=Quota(credits=3)), OutOfCredits,
            "This costs 4 credits and you have 3, enough for 3 of these 4 grids; your 3 a day",
        ),
        (
            Rules(quota=Quota(running=1, waiting=2)), QueueFull,
            "Your queue has no room for 4 grids: 0 of your jobs are waiting and 0 being drawn, and"
            " your limits are 2 and 1; 3 would fit now, and never more than 3 at once.",
        ),
        (Rules(queue_limit=3), QueueFull, "full for everybody just now; of these 4 grids 3 would"),
    ],
    ids=["credits", "own queue", "queue of all"],
)  # fmt: skip
async def test_all_or_nothing(
    tmp_path: Path, rules: Rules, refusal: type[Exception], words: str
) -> None:
    async with House(tmp_path, workers=0, rules=rules) as house:
        before = await house.credits()
        with pytest.raises(refusal, match=words):
            await house.service.drawing.submit(await several(house, 4))
        assert await house.service.drawing.unfinished() == []
        assert len(house.dispatcher.queue) == 0
        assert await house.credits() == before
        assert len(await house.service.drawing.submit(await several(house, 3))) == 3


async def test_a_batch_is_paid_from_several_buckets_job_by_job(tmp_path: Path) -> None:
    async with House(tmp_path, workers=0, rules=Rules(quota=Quota(credits=2))) as house:
        await house.service.gifts.grant(Asker(99, admin=True), GUILD, ANNA_ASKS.user, 2, "")
        plan = replace(await several(house, 2), prices=(1, 3))
        one, other = await house.service.drawing.submit(plan)
        assert await house.credits() == (0, 4)
        await house.service.drawing.cancel(ANNA_ASKS, HERE, other.id)
        assert await house.credits() == (3, 1)
        await house.service.drawing.cancel(ANNA_ASKS, HERE, one.id)
        assert await house.credits() == (4, 0)


async def test_a_press_is_planned_like_a_prompt(house: House) -> None:
    grid = await house.draw("a fox --seed 7")
    plan = await house.service.drawing.plan(BERT_ASKS, HERE, Press(Action.VARY, grid.tile(2)))
    (request,) = plan.requests
    digest = (await house.parts.pictures.of_job(grid.id))[2].sha256
    assert (plan.parent, plan.price, plan.asker) == (grid, 1, BERT_ASKS)
    assert [(one.tile, one.digest) for one in request.inputs] == [(grid.tile(2), digest)]
    free = await house.service.drawing.plan(BERT_ASKS, HERE, Press(Action.UPSCALE, grid.tile(2)))
    assert free.price == 0


async def test_what_has_no_effect_is_said_before_the_charge(tmp_path: Path) -> None:
    turbo = replace(TINY, guidance=0.0, steers=False)
    async with House(tmp_path, automatic=True, card=turbo) as house:
        plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox --no cats")
        assert ["`--no` has no effect" in sentence for sentence in plan.warnings] == [True]
        grid = await house.draw("a fox --no cats")
        press = Press(Action.REROLL, Tile(grid.id, 0))
        again = await house.service.drawing.plan(ANNA_ASKS, HERE, press)
        assert again.warnings == plan.warnings
        # It is passed over, not forgotten.
        assert again.requests[0].prompt.negative == "cats"


async def test_a_reroll_does_without_a_source_that_the_model_cannot_use(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        grid = await house.draw()
        varied = await house.press(Action.VARY, grid.tile(1))
        await house.end(varied)
    flat = replace(TINY, variations=False)
    async with House(tmp_path, automatic=True, card=flat) as house:
        again = await house.press(Action.REROLL, Tile(varied.id, 0))
        assert (again.request.source, again.request.sampling.strength) == (None, None)


async def test_a_reroll_starts_from_the_same_upload_while_it_is_kept(house: House) -> None:
    digest = await house.parts.blobs.put(b"upload", ANNAS, house.clock())
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox")
    (job,) = await house.service.drawing.submit(
        replace(plan, requests=(from_file(plan.requests[0], digest),))
    )
    await house.end(job)
    again = await house.press(Action.REROLL, Tile(job.id, 0))
    assert (again.request.inputs, again.request.sampling.strength) == (job.request.inputs, 0.5)
    assert (await house.end(again)).job.status is JobStatus.SUCCEEDED
    await house.parts.blobs.forget(wish(ANNA_ASKS.user))
    again = await house.press(Action.REROLL, Tile(job.id, 0))
    assert (again.request.inputs, again.request.sampling.strength) == ((), None)
    assert (await house.end(again)).job.status is JobStatus.SUCCEEDED


async def test_upscale_says_where_the_picture_is_already(house: House) -> None:
    grid = await house.draw()
    first = await house.upscale(grid.tile(2))
    assert (first.job.cost, first.already_at) == (0, None)
    await house.posted(first.job, 77)
    again = await house.upscale(grid.tile(2), BERT_ASKS)
    assert again.job.id == first.job.id
    assert again.already_at is not None
    assert again.already_at.message == 77


async def test_two_at_once_take_one_picture(house: House) -> None:
    grid = await house.draw()
    both = await asyncio.gather(*(house.upscale(grid.tile(1)) for _ in range(2)))
    assert len({one.job.id for one in both}) == 1


@pytest.mark.parametrize("index", [0, 5])
async def test_a_button_without_its_picture(house: House, index: int) -> None:
    grid = await house.draw()
    for action in (Action.VARY, Action.UPSCALE):
        with pytest.raises(NotFound, match=f"no picture {index}"):
            await house.service.drawing.plan(
                ANNA_ASKS, HERE, Press(action, Tile(grid.id, index))
            )  # fmt: skip


async def test_a_hurry_is_of_the_prompt_or_else_of_who_asks(house: House) -> None:
    planned = house.service.drawing.plan
    turbo = await planned(ANNA_ASKS, HERE, "a fox --turbo")
    assert (turbo.price, turbo.large) == (2, False)
    assert (await planned(ANNA_ASKS, HERE, "a fox --turbo --hd")).large
    await house.service.preferences.set_speed(ANNA_ASKS, Speed.TURBO)
    assert (await planned(ANNA_ASKS, HERE, "a fox")).price == 2
    assert (await planned(ANNA_ASKS, HERE, "a fox --fast")).price == 1
    await house.service.preferences.set_speed(ANNA_ASKS, Speed.RELAX)
    relaxed = await planned(ANNA_ASKS, HERE, "a fox")
    assert Speed.of(relaxed.requests[0].extra) is Speed.RELAX


async def test_who_presses_is_in_a_hurry_of_their_own(house: House) -> None:
    plan, job = await house.service.drawing.ask(ANNA_ASKS, HERE, "a fox --turbo")
    assert (plan.price, job.cost) == (2, 2)
    await house.end(job)
    press = Press(Action.VARY, job.tile(2))
    pressed = await house.service.drawing.plan(BERT_ASKS, HERE, press)
    assert (pressed.price, Speed.of(pressed.requests[0].extra)) == (1, Speed.FAST)
    await house.service.preferences.set_speed(BERT_ASKS, Speed.RELAX)
    again = await house.service.drawing.plan(BERT_ASKS, HERE, press)
    assert Speed.of(again.requests[0].extra) is Speed.RELAX


async def test_of_what_is_shown_together_all_is_hidden_or_nothing(house: House) -> None:
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox {--stealth, --public}")
    assert [hidden(each.extra) for each in plan.requests] == [True, True]
    plain = await house.service.drawing.plan(ANNA_ASKS, HERE, "a {red, blue} fox")
    assert not any(hidden(each.extra) for each in plain.requests)
