"""What is more than one grid: told with its price, drawn once its owner says so, or forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action
from bot.domain.errors import NotAllowed, NotFound, OutOfCredits, QueueFull
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker
from bot.domain.period import Period
from bot.domain.quota import Quota, QuotaSetting
from bot.domain.speed import Speed
from bot.models.shelf import Model
from bot.service.drawing import Asked
from bot.service.proposals import LIVES_S
from bot.service.quotas import Whom
from bot.service.rules import Rules
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, DIRECT, ELSEWHERE, HERE, TINY, House
from tests.kit.values import ANNA, GUILD

SIX = "a {red, blue, green} {fox, owl} --repeat 1"


async def ask(house: House, text: str = SIX) -> Asked:
    return await house.service.drawing.imagine(ANNA_ASKS, HERE, text)


async def draw(house: House, id: str, asker: Asker = ANNA_ASKS) -> list[Job]:
    return await house.service.drawing.accept(asker, HERE, id)


async def untouched(house: House) -> bool:
    """Whether nobody's credits and no queue know of anything."""
    waiting = await house.jobs.unfinished()
    return not waiting and await house.credits() == (25, 0) and not len(house.dispatcher.queue)


async def test_one_grid_at_its_price_needs_no_second_word(house: House) -> None:
    asked = await ask(house, "a fox")
    assert asked.job is not None
    assert (asked.proposal, asked.job.batch, await house.credits()) == ("", None, (24, 1))


async def test_several_are_told_first_and_drawn_as_they_were_told(house: House) -> None:
    asked = await ask(house)
    assert (asked.job, len(asked.plan.requests), asked.plan.price) == (None, 6, 6)
    assert await untouched(house)
    jobs = await draw(house, asked.proposal)
    assert tuple(job.request for job in jobs) == asked.plan.requests
    assert [str(job.request.prompt) for job in jobs[:2]] == ["a red fox", "a red owl"]
    assert {job.batch for job in jobs} == {jobs[0].id}
    assert await house.credits() == (19, 6)
    for job in jobs:
        assert (await house.end(job)).job.status is JobStatus.SUCCEEDED


async def has(house: House, gives: QuotaSetting, whom: Whom) -> None:
    """From now on, by a plan."""
    name = f"Plan {whom.role}"
    await house.service.plans.save(ADMIN_ASKS, GUILD, name, gives)
    await house.service.plans.give(ADMIN_ASKS, GUILD, whom, name)


@pytest.mark.parametrize(
    ("before", "text", "now", "words"),
    [
        (QuotaSetting(batch=40), "a fox --repeat 10", QuotaSetting(batch=2), "asks for 10"),
        (
            QuotaSetting(speeds=frozenset(Speed)), "a fox --turbo --repeat 2",
            QuotaSetting(speeds=frozenset({Speed.FAST})), "this is `--turbo`",
        ),
        (QuotaSetting(side=64), "a fox --hd", QuotaSetting(side=16), "16 × 16"),
        (
            QuotaSetting(models=frozenset({"tiny", "other"})), "a fox --repeat 2",
            QuotaSetting(models=frozenset({"other"})), "choose by `--model`",
        ),
    ],
)  # fmt: skip
async def test_who_accepts_may_draw_so_still(
    tmp_path: Path, before: QuotaSetting, text: str, now: QuotaSetting, words: str
) -> None:
    patron = Asker(ANNA, roles=frozenset({500}))
    async with House(tmp_path, others=[replace(TINY, id="other", name="Other")]) as house:
        await has(house, now, Whom())
        await has(house, before, Whom(role=500))
        told = (await house.service.drawing.imagine(patron, HERE, text)).proposal
        with pytest.raises(NotAllowed, match=words):
            await draw(house, told)
        assert await untouched(house)
        assert await draw(house, told, patron)  # with the role again


async def test_what_was_free_for_lack_of_credits_is_so_while_that_holds(house: House) -> None:
    await has(house, QuotaSetting(0, relaxed=True), Whom())
    told = [(await ask(house, "a fox --repeat 2")).proposal for _ in range(3)]
    assert [job.cost for job in await draw(house, told[0])] == [0, 0]
    await has(house, QuotaSetting(0, relaxed=False), Whom())
    with pytest.raises(NotAllowed, match="not free of charge any more; ask for it anew"):
        await draw(house, told[1])
    await has(house, QuotaSetting(1, relaxed=True), Whom())  # which is not enough
    assert [job.cost for job in await draw(house, told[1])] == [0, 0]
    await has(house, QuotaSetting(2, relaxed=True), Whom())
    with pytest.raises(NotAllowed, match="not free of charge any more"):
        await draw(house, told[2])
    assert await house.credits() == (2, 0)


async def test_a_price_that_was_told_stays(house: House) -> None:
    told = (await ask(house, "a fox --repeat 2")).proposal
    await house.service.plans.price_action(ADMIN_ASKS, GUILD, Action.IMAGINE, 9)
    assert [job.cost for job in await draw(house, told)] == [1, 1]


async def test_repeated_grids_have_seeds_of_their_own_and_one_each_to_repeat(house: House) -> None:
    jobs = await draw(house, (await ask(house, "a fox --repeat 3")).proposal)
    assert len({job.request.seed for job in jobs}) == 3
    assert {str(job.request.prompt) for job in jobs} == {"a fox"}


async def test_a_single_grid_that_costs_more_is_told_first_and_drawn_alone(house: House) -> None:
    asked = await ask(house, "a fox --hd")
    assert (asked.job, asked.plan.price) == (None, 3)
    (job,) = await draw(house, asked.proposal)
    assert (job.batch, job.cost) == (None, 3)


async def test_it_outlives_a_restart(house: House) -> None:
    asked = await ask(house)
    await house.restart()
    jobs = await draw(house, asked.proposal)
    assert tuple(job.request for job in jobs) == asked.plan.requests


async def test_a_second_press_says_so(house: House) -> None:
    asked = await ask(house)
    both = await asyncio.gather(
        draw(house, asked.proposal), draw(house, asked.proposal), return_exceptions=True
    )
    refused = [one for one in both if isinstance(one, NotFound)]
    assert ["drawn already" in str(one) for one in refused] == [True]
    with pytest.raises(NotFound, match="drawn already"):
        await draw(house, asked.proposal)
    assert len((await house.service.accounts.account(ANNA_ASKS, GUILD)).waiting) <= 6


async def test_what_was_left_is_left(house: House) -> None:
    asked = await ask(house)
    await house.service.proposals.leave(ANNA_ASKS, HERE, asked.proposal)
    with pytest.raises(NotFound, match="You left this"):
        await draw(house, asked.proposal)
    with pytest.raises(NotFound, match="You left this"):
        await house.service.proposals.leave(ANNA_ASKS, HERE, asked.proposal)
    assert await untouched(house)


async def test_only_its_owner_answers_and_only_there(house: House) -> None:
    asked = await ask(house)
    for answer in (house.service.drawing.accept, house.service.proposals.leave):
        with pytest.raises(NotAllowed, match="Only the person who asked"):
            await answer(replace(BERT_ASKS, moderator=True), HERE, asked.proposal)
        with pytest.raises(NotFound, match="too long ago"):
            await answer(ANNA_ASKS, ELSEWHERE, asked.proposal)
    assert await untouched(house)
    assert len(await draw(house, asked.proposal)) == 6


@pytest.mark.parametrize("swept", [False, True])
async def test_after_a_day_it_is_too_old(house: House, swept: bool) -> None:
    asked = await ask(house)
    house.clock.now += LIVES_S
    await house.service.proposals.housekeeping()
    assert await house.parts.proposals.get(asked.proposal) is not None
    house.clock.now += 1
    if swept:
        await house.service.proposals.housekeeping()
        assert await house.parts.proposals.get(asked.proposal) is None
    with pytest.raises(NotFound, match="I keep it for a day"):
        await draw(house, asked.proposal)
    assert await untouched(house)


async def test_what_could_not_be_drawn_is_not_offered(tmp_path: Path) -> None:
    rules = Rules(quota=Quota(credits=5, waiting=4), dm_quota=Quota(credits=0))
    async with House(tmp_path, workers=0, rules=rules) as house:
        with pytest.raises(QueueFull, match=r"no room for 20 grids: .*never more than 7 at once"):
            await ask(house, "a fox --repeat 20")
        with pytest.raises(OutOfCredits, match="enough for 5 of these 6 grids"):
            await ask(house)
        with pytest.raises(OutOfCredits, match="switched off"):
            await house.service.drawing.imagine(ANNA_ASKS, DIRECT, SIX)
        assert await house.credits() == (5, 0)


async def test_limits_hold_again_when_it_is_drawn_and_it_can_be_tried_later(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, workers=0, rules=Rules(quota=Quota(waiting=4))) as house:
        asked, before = await ask(house), [await house.imagine() for _ in range(2)]
        with pytest.raises(QueueFull, match="5 would fit now"):
            await draw(house, asked.proposal)
        assert len(await house.jobs.unfinished()) == 2
        setting = QuotaSetting(credits=7, period=Period.DAY)
        await house.parts.quotas.set_quota(GUILD, "server", GUILD, setting, 99, 0.0)
        await house.service.drawing.cancel(ANNA_ASKS, HERE, before[0].id)
        assert len(await draw(house, asked.proposal)) == 6
        assert await house.credits() == (0, 7)


async def test_a_model_that_is_gone_or_closed_by_then_is_refused(tmp_path: Path) -> None:
    wide = replace(TINY, id="wide", name="Wide")
    async with House(tmp_path, others=[wide]) as house:
        asked = await ask(house, "a fox --model wide --repeat 2")
        tiny = Model("tiny", TINY, {})
        house.catalogue.serve(tiny, [Model("wide", replace(wide, allowed=(1,)), {})])
        with pytest.raises(NotAllowed):
            await draw(house, asked.proposal)
        house.catalogue.serve(tiny)
        with pytest.raises(NotFound, match="not here any more"):
            await draw(house, asked.proposal)
        assert await untouched(house)
