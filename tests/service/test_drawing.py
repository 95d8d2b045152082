"""What is asked for, and what buttons make of it: queued, refused, watched."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action, Press, Tile
from bot.domain.errors import (
    InvalidPrompt,
    NotFound,
    OutOfCredits,
    QueueFull,
    RenderFailed,
    StoreUnavailable,
    Unable,
)
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker
from bot.domain.quota import Quota
from bot.domain.request import Sampling
from bot.domain.size import Size
from bot.service.rules import Rules
from bot.storage.profiles import Profile
from tests.kit.app import (
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    HERE,
    TINY,
    House,
)
from tests.kit.executor import PATIENCE_S, picture
from tests.kit.faults import CODES
from tests.kit.values import BERT, GUILD

DAY_S = 86_400


async def test_imagine_fills_the_request_from_the_models_card(house: House) -> None:
    job = await house.imagine("a fox --ar 2:1 --q 0.5")
    request = job.request
    assert (request.model, request.sampling) == ("tiny", Sampling(2, 3.0))
    assert (request.size, request.count) == (Size(16, 8), 4)
    assert 0 <= request.seed < 2**32
    assert (await house.imagine("a fox --seed 7")).request.seed == 7
    seeds = {(await house.imagine("a fox")).request.seed for _ in range(4)}
    assert len(seeds) == 4


async def test_a_bad_prompt_stores_and_charges_nothing(house: House) -> None:
    with pytest.raises(InvalidPrompt):
        await house.imagine("a fox --seed x")
    view = await house.service.accounts.account(ANNA_ASKS, GUILD)
    assert (view.balance.spendable, view.balance.held) == (25, 0)
    assert [*view.waiting, *view.running] == []
    assert view.profile == Profile()


async def test_credits_run_out_with_a_sentence(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=Rules(quota=Quota(credits=1))) as house:
        await house.draw()
        with pytest.raises(OutOfCredits, match="costs 1 credit and you have 0; your 1 a day"):
            await house.imagine()
        house.clock.now += DAY_S
        assert (await house.draw()).status is JobStatus.SUCCEEDED


async def test_queue_limits(tmp_path: Path) -> None:
    rules = Rules(quota=Quota(running=1, waiting=2), queue_limit=3)
    async with House(tmp_path, rules=rules) as house:
        await house.imagine()
        await house.executor.started(1)
        await house.imagine()
        await house.imagine()
        with pytest.raises(QueueFull, match="2 of your jobs are waiting"):
            await house.imagine()
        await house.imagine(asker=BERT_ASKS)
        with pytest.raises(QueueFull, match="for everybody"):
            await house.imagine(asker=Asker(77))
        assert await house.credits(Asker(77)) == (25, 0)


async def test_fifty_at_once_against_a_balance_of_five(tmp_path: Path) -> None:
    rules = Rules(quota=Quota(credits=5, waiting=100))
    async with House(tmp_path, rules=rules) as house:
        ended = await asyncio.gather(*(house.imagine() for _ in range(50)), return_exceptions=True)
        assert sum(isinstance(one, Job) for one in ended) == 5
        assert sum(isinstance(one, OutOfCredits) for one in ended) == 45
        assert await house.credits() == (0, 5)
        assert len(house.dispatcher.queue) + house.dispatcher.queue.running == 5


async def test_vary_draws_four_from_one_tile_and_charges_who_presses(house: House) -> None:
    grid = await house.draw("a fox --seed 7 --ar 1:1")
    varied = await house.press(Action.VARY, grid.tile(2), BERT_ASKS)
    assert (varied.user, varied.parent) == (BERT, grid.id)
    assert (varied.request.source, varied.request.sampling.strength) == (grid.tile(2), 0.5)
    assert str(varied.request.prompt) == "a fox --ar 1:1"
    await house.end(varied)
    assert await house.credits() == (24, 0)
    assert await house.credits(BERT_ASKS) == (24, 0)


async def test_what_was_too_large_is_drawn_smaller_and_charged_as_usual(tmp_path: Path) -> None:
    async with House(tmp_path, card=replace(TINY, native=128)) as house:
        job = await house.imagine("a fox --seed 7")
        run = await house.executor.started(1)
        await run.fail(RenderFailed("out_of_memory", "full"))
        failed = (await house.end(job)).job
        assert await house.credits() == (25, 0)
        [button] = await house.service.drawing.buttons(failed)
        press = Press(button.action, button.tile, button.argument)
        plan, smaller = await house.service.drawing.ask(BERT_ASKS, HERE, press)
        assert plan.parent == failed
        assert smaller.request.size == Size(64, 64)
        assert smaller.request.seeds == job.request.seeds
        assert str(smaller.request.prompt) == "a fox --seed 7"
        assert [button.used for button in await house.service.drawing.buttons(failed)] == [True]
        await (await house.executor.started(2)).finish()
        assert (await house.end(smaller)).job.status is JobStatus.SUCCEEDED
        assert await house.credits() == (25, 0)
        assert await house.credits(BERT_ASKS) == (24, 0)
        with pytest.raises(NotFound, match="did not fail"):
            await house.service.drawing.ask(
                ANNA_ASKS, HERE, Press(Action.SMALLER, smaller.tile(0), "8x8")
            )
        with pytest.raises(Unable, match="as the button says"):
            await house.service.drawing.ask(ANNA_ASKS, HERE, replace(press, argument="999x999"))


async def test_reroll_takes_new_seeds(house: House) -> None:
    grid = await house.draw("a fox --seed 7")
    again = await house.press(Action.REROLL, Tile(grid.id, 0))
    assert again.request.seed != 7
    assert (again.request.action, again.request.source) == (Action.REROLL, None)
    assert (await house.end(again)).job.status is JobStatus.SUCCEEDED


async def test_upscale_is_free_at_once_and_the_same_each_time(house: House) -> None:
    grid = await house.draw("a fox --seed 7")
    before = len(house.executor.runs)
    first, second = await asyncio.gather(
        house.press(Action.UPSCALE, grid.tile(3)),
        house.press(Action.UPSCALE, grid.tile(3), BERT_ASKS),
    )
    third = await house.press(Action.UPSCALE, grid.tile(3))
    assert first.id == second.id == third.id
    seed = grid.request.seed_of(2)
    assert (first.status, first.request.seeds) == (JobStatus.SUCCEEDED, [seed])
    assert len(house.executor.runs) == before
    assert await house.parts.files.read(first.tile(1)) == picture(seed)
    assert await house.credits() == (24, 0)
    folders = {path.parent.name for path in (house.folder / "images").rglob("*.webp")}
    assert folders == {grid.id, first.id}


@pytest.mark.parametrize("code", CODES)
async def test_an_upscale_that_cannot_be_recorded_leaves_no_file(house: House, code: str) -> None:
    grid = await house.draw("a fox --seed 7")
    house.database.refuse(code, "JobRepository.extract")
    with pytest.raises(StoreUnavailable):
        await house.press(Action.UPSCALE, grid.tile(3))
    house.database.calm()
    folders = {path.parent.name for path in (house.folder / "images").rglob("*.webp")}
    assert folders == {grid.id}
    single = await house.press(Action.UPSCALE, grid.tile(3))
    assert await house.parts.files.read(single.tile(1)) == picture(grid.request.seed_of(2))


async def test_buttons_under_a_single_picture(house: House) -> None:
    grid = await house.draw("a fox --seed 7")
    single = await house.press(Action.UPSCALE, grid.tile(3))
    varied = await house.press(Action.VARY, single.tile(1))
    assert (varied.request.source, varied.request.count) == (single.tile(1), 4)
    again = await house.press(Action.REROLL, Tile(single.id, 0))
    assert (again.request.source, again.request.count) == (None, 4)
    with pytest.raises(NotFound, match="no picture 2"):
        await house.press(Action.VARY, single.tile(2))
    for job in (varied, again):
        assert (await house.end(job)).job.status is JobStatus.SUCCEEDED


async def test_used_buttons(house: House) -> None:
    grid = await house.draw()
    await house.press(Action.UPSCALE, grid.tile(1))
    await house.press(Action.VARY, grid.tile(4))
    await house.press(Action.REROLL, Tile(grid.id, 0))
    buttons = await house.service.drawing.buttons(grid)
    assert {(each.action, each.tile.index) for each in buttons if each.used} == {
        (Action.UPSCALE, 1), (Action.VARY, 4), (Action.REROLL, 0),
    }  # fmt: skip


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("index", [-1, 5, 99])
async def test_tiles_that_do_not_exist(house: House, action: Action, index: int) -> None:
    if action in (Action.REROLL, Action.REDO):
        return
    grid = await house.draw()
    why = "did not fail" if action is Action.SMALLER else f"no picture {index}"
    with pytest.raises(NotFound, match=why):
        await house.press(action, grid.tile(index))


async def test_buttons_of_a_job_without_pictures(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        job = await house.imagine()
        for action in (Action.UPSCALE, Action.VARY, Action.REROLL):
            with pytest.raises(NotFound, match="no pictures yet"):
                await house.press(action, job.tile(1))


async def test_buttons_after_the_operator_changed_the_model(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        grid = await house.draw("a fox --seed 7 --ar 2:1 --q 2")
    big = replace(TINY, id="big", native=64, steps=10, guidance=1.0, sampler="euler", strength=0.3)
    async with House(tmp_path, automatic=True, card=big) as house:
        varied = await house.press(Action.VARY, grid.tile(1))
        again = await house.press(Action.REROLL, Tile(grid.id, 0))
        for request in (varied.request, again.request):
            assert request.model == "big"
            assert replace(request.sampling, strength=None) == Sampling(20, 1.0, "euler")
            assert request.size == Size.fit(request.prompt.aspect, 64, big.multiple)
        assert varied.request.sampling.strength == 0.3
        single = await house.press(Action.UPSCALE, grid.tile(2))
        assert (single.request.model, single.request.seed) == ("tiny", grid.request.seed_of(1))
        for job in (varied, again):
            assert (await house.end(job)).job.status is JobStatus.SUCCEEDED


async def test_direct_messages_can_be_switched_off(tmp_path: Path) -> None:
    async with House(tmp_path, rules=Rules(dm_quota=Quota(credits=0))) as house:
        with pytest.raises(OutOfCredits, match="switched off"):
            await house.imagine(origin=DIRECT)


async def test_watchers_of_unknown_and_ended_jobs(house: House) -> None:
    assert [update async for update in house.service.drawing.watch("unknown")] == []
    job = await house.draw()
    updates = [update async for update in house.service.drawing.watch(job.id)]
    assert [update.job.status for update in updates] == [JobStatus.SUCCEEDED]
    assert house.service.drawing.newest(job) is None


async def test_newest_has_a_position_as_soon_as_the_job_is_accepted(tmp_path: Path) -> None:
    async with House(tmp_path, workers=0) as house:
        first, second = await house.imagine(), await house.imagine()
        found = [house.service.drawing.newest(job) for job in (first, second)]
        assert [update.position for update in found if update] == [1, 2]


async def test_every_watcher_sees_the_end(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        job = await house.imagine()
        watchers = [asyncio.create_task(house.end(job)) for _ in range(5)]
        await (await house.executor.started(1)).finish()
        async with asyncio.timeout(PATIENCE_S):
            ends = await asyncio.gather(*watchers)
        assert {end.job.status for end in ends} == {JobStatus.SUCCEEDED}


async def test_what_the_model_cannot_do_is_refused_before_the_charge(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        grid = await house.draw()
    flat = replace(TINY, id="flat", name="Flat", variations=False)
    async with House(tmp_path, automatic=True, card=flat) as house:
        shown = {button.action for button in await house.service.drawing.buttons(grid)}
        assert shown == {Action.UPSCALE, Action.REROLL}
        # Buttons of older messages are still there.
        with pytest.raises(Unable, match="`Flat` cannot do this"):
            await house.press(Action.VARY, grid.tile(1))
        assert await house.credits() == (24, 0)
