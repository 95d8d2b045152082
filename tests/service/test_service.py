"""The use cases: what users and admins can ask for, what is refused, and with which words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action, Tile
from bot.domain.errors import (
    InvalidPrompt,
    NotAllowed,
    NotFound,
    OutOfCredits,
    QueueFull,
    Unable,
)
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker, Origin
from bot.domain.quota import Period, Quota, QuotaSetting
from bot.domain.request import Sampling
from bot.domain.size import Size
from bot.service.rules import Rules
from bot.storage.ledger import Usage
from bot.storage.profiles import Profile
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, TINY, House
from tests.kit.executor import PATIENCE_S, picture
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD, a_request

ELSEWHERE = Origin(GUILD + 1, CHANNEL + 1)
DIRECT = Origin(0, 700)
ADMIN_ASKS = Asker(99, admin=True)
MODERATOR_ASKS = Asker(98, moderator=True)
ROLE = 500
PLENTY = 10 << 20
DAY_S = 86_400


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True) as opened:
        yield opened


async def act(house: House, action: Action, tile: Tile, asker: Asker = ANNA_ASKS) -> Job:
    if action is Action.UPSCALE:
        return (await house.upscale(tile, asker)).job
    return await house.press(action, tile, asker)


# Asking


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


# Buttons


async def test_vary_draws_four_from_one_tile_and_charges_who_presses(house: House) -> None:
    grid = await house.draw("a fox --seed 7 --ar 1:1")
    varied = await act(house, Action.VARY, grid.tile(2), BERT_ASKS)
    assert (varied.user, varied.parent) == (BERT, grid.id)
    assert (varied.request.source, varied.request.sampling.strength) == (grid.tile(2), 0.5)
    assert str(varied.request.prompt) == "a fox --ar 1:1"
    await house.end(varied)
    assert await house.credits() == (24, 0)
    assert await house.credits(BERT_ASKS) == (24, 0)


async def test_reroll_takes_new_seeds(house: House) -> None:
    grid = await house.draw("a fox --seed 7")
    again = await act(house, Action.REROLL, Tile(grid.id, 0))
    assert again.request.seed != 7
    assert (again.request.action, again.request.source) == (Action.REROLL, None)
    assert (await house.end(again)).job.status is JobStatus.SUCCEEDED


async def test_upscale_is_free_at_once_and_the_same_each_time(house: House) -> None:
    grid = await house.draw("a fox --seed 7")
    before = len(house.executor.runs)
    first, second = await asyncio.gather(
        act(house, Action.UPSCALE, grid.tile(3)),
        act(house, Action.UPSCALE, grid.tile(3), BERT_ASKS),
    )
    third = await act(house, Action.UPSCALE, grid.tile(3))
    assert first.id == second.id == third.id
    seed = grid.request.seed_of(2)
    assert (first.status, first.request.seeds) == (JobStatus.SUCCEEDED, [seed])
    assert len(house.executor.runs) == before
    assert await house.parts.files.read(first.tile(1)) == picture(seed)
    assert await house.credits() == (24, 0)
    folders = {path.parent.name for path in (house.folder / "images").rglob("*.webp")}
    assert folders == {grid.id, first.id}


async def test_buttons_under_a_single_picture(house: House) -> None:
    grid = await house.draw("a fox --seed 7")
    single = await act(house, Action.UPSCALE, grid.tile(3))
    varied = await act(house, Action.VARY, single.tile(1))
    assert (varied.request.source, varied.request.count) == (single.tile(1), 4)
    again = await act(house, Action.REROLL, Tile(single.id, 0))
    assert (again.request.source, again.request.count) == (None, 4)
    with pytest.raises(NotFound, match="no picture 2"):
        await act(house, Action.VARY, single.tile(2))
    for job in (varied, again):
        assert (await house.end(job)).job.status is JobStatus.SUCCEEDED


async def test_used_buttons(house: House) -> None:
    grid = await house.draw()
    await act(house, Action.UPSCALE, grid.tile(1))
    await act(house, Action.VARY, grid.tile(4))
    await act(house, Action.REROLL, Tile(grid.id, 0))
    assert await house.service.drawing.used(grid.id) == {
        (Action.UPSCALE, 1), (Action.VARY, 4), (Action.REROLL, 0),
    }  # fmt: skip


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("index", [-1, 5, 99])
async def test_tiles_that_do_not_exist(house: House, action: Action, index: int) -> None:
    if action is Action.REROLL:
        return
    grid = await house.draw()
    with pytest.raises(NotFound, match=f"no picture {index}"):
        await act(house, action, grid.tile(index))


async def test_buttons_of_a_job_without_pictures(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        job = await house.imagine()
        for action in (Action.UPSCALE, Action.VARY, Action.REROLL):
            with pytest.raises(NotFound, match="no pictures yet"):
                await act(house, action, job.tile(1))


async def test_buttons_after_the_operator_changed_the_model(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        grid = await house.draw("a fox --seed 7 --ar 2:1 --q 2")
    big = replace(TINY, id="big", native=64, steps=10, guidance=1.0, sampler="euler", strength=0.3)
    async with House(tmp_path, automatic=True, card=big) as house:
        varied = await act(house, Action.VARY, grid.tile(1))
        again = await act(house, Action.REROLL, Tile(grid.id, 0))
        for request in (varied.request, again.request):
            assert request.model == "big"
            assert replace(request.sampling, strength=None) == Sampling(20, 1.0, "euler")
            assert request.size == Size.fit(request.prompt.aspect, 64, big.multiple)
        assert varied.request.sampling.strength == 0.3
        single = await act(house, Action.UPSCALE, grid.tile(2))
        assert (single.request.model, single.request.seed) == ("tiny", grid.request.seed_of(1))
        for job in (varied, again):
            assert (await house.end(job)).job.status is JobStatus.SUCCEEDED


# Whose


async def test_another_servers_job_does_not_exist_here(house: House) -> None:
    grid = await house.draw()
    running = await house.imagine()
    admin_there = Asker(ANNA, moderator=True, admin=True)
    for origin in (ELSEWHERE, DIRECT):
        for action in (Action.UPSCALE, Action.VARY, Action.REROLL):
            with pytest.raises(NotFound, match="do not know this job here"):
                await house.press(action, grid.tile(1), admin_there, origin)
        with pytest.raises(NotFound, match="do not know this job here"):
            await house.service.drawing.cancel(admin_there, origin, running.id)
    with pytest.raises(NotFound, match="do not know this job here"):
        await act(house, Action.UPSCALE, Tile("../../etc/passwd", 1))


async def test_one_direct_conversation_does_not_see_another(house: House) -> None:
    grid = await house.draw(origin=DIRECT)
    with pytest.raises(NotFound):
        await house.upscale(grid.tile(1), BERT_ASKS, Origin(0, 701))
    single = await house.upscale(grid.tile(1), ANNA_ASKS, DIRECT)
    assert single.job.origin == DIRECT


async def test_cancel_is_for_owner_and_moderators(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        mine, other = await house.imagine(), await house.imagine()
        for asker in (BERT_ASKS, ADMIN_ASKS):
            with pytest.raises(NotAllowed, match="Manage Messages"):
                await house.service.drawing.cancel(asker, HERE, mine.id)
        assert (await house.service.drawing.cancel(ANNA_ASKS, HERE, mine.id)).now
        stopped = await house.service.drawing.cancel(MODERATOR_ASKS, HERE, other.id)
        assert (stopped.now, stopped.job.status) == (True, JobStatus.CANCELLED)
        assert await house.credits() == (25, 0)


async def test_direct_messages_are_an_account_of_their_own(tmp_path: Path) -> None:
    rules = Rules(quota=Quota(credits=5), dm_quota=Quota(credits=2))
    async with House(tmp_path, automatic=True, rules=rules) as house:
        await house.draw(origin=DIRECT)
        assert await house.credits(guild=0) == (1, 0)
        assert await house.credits() == (5, 0)
        assert await house.credits(guild=GUILD + 1) == (5, 0)


async def test_direct_messages_can_be_switched_off(tmp_path: Path) -> None:
    async with House(tmp_path, rules=Rules(dm_quota=Quota(credits=0))) as house:
        with pytest.raises(OutOfCredits, match="switched off"):
            await house.imagine(origin=DIRECT)


async def test_account_shows_what_is_under_way(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        first, second = await house.imagine(), await house.imagine()
        await house.imagine(asker=BERT_ASKS)
        await house.imagine(origin=ELSEWHERE)
        await house.executor.started(1)
        view = await house.service.accounts.account(ANNA_ASKS, GUILD)
        assert [job.id for job in view.running] == [first.id]
        assert [job.id for job in view.waiting] == [second.id]
        assert (view.balance.spendable, view.balance.held) == (23, 2)
        assert view.model is TINY
        assert [worker.id for worker in view.workers] == ["w1"]


async def test_lifetime_use_counts_what_was_drawn(house: House) -> None:
    grid = await house.draw()
    await act(house, Action.UPSCALE, grid.tile(1))
    await house.draw(origin=ELSEWHERE)
    profile = (await house.service.accounts.account(ANNA_ASKS, GUILD)).profile
    assert profile == Profile(grids=2, pictures=8, seconds=2.0)


# Housekeeping


async def posted(house: House, text: str = "a fox --seed 7") -> Job:
    job = await house.draw(text)
    await house.posted(job)
    return job


async def test_nothing_is_cleared_away_without_need(house: House) -> None:
    await posted(house)
    assert await house.service.pictures.housekeeping() == 0


async def test_old_pictures_go_and_buttons_say_so(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=Rules(images_max_age_s=60.0)) as house:
        old = await posted(house)
        varied = await act(house, Action.VARY, old.tile(1))
        await house.end(varied)
        await house.posted(varied)
        house.clock.now += 61
        young = await posted(house)
        assert await house.service.pictures.housekeeping() == 8
        assert await house.parts.files.read(old.tile(1)) is None
        assert await house.parts.files.read(young.tile(1)) is not None
        for action in (Action.UPSCALE, Action.VARY):
            with pytest.raises(NotFound, match="cleared away to save space; 🔄 draws"):
                await act(house, action, old.tile(1))
        with pytest.raises(NotFound, match="cleared away"):
            await house.service.pictures.picture(old, PLENTY)
        # 🔄 keeps that promise, of a variation too whose source is gone.
        for parent in (old, varied):
            again = await act(house, Action.REROLL, Tile(parent.id, 0))
            assert again.request.source is None
            assert (await house.end(again)).job.status is JobStatus.SUCCEEDED


async def test_too_many_bytes_take_the_oldest(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("bot.service.pictures.EVICTED_AT_ONCE", 3)
    sizes = [len(picture(seed)) for seed in a_request("a fox --seed 7").seeds]
    rules = Rules(images_max_bytes=sizes[-1] + sum(sizes))
    async with House(tmp_path, automatic=True, rules=rules) as house:
        jobs = []
        for _ in range(3):
            jobs.append(await posted(house))
            house.clock.now += 1
        assert await house.service.pictures.housekeeping() == 7
        left = [
            [bool(await house.parts.files.read(job.tile(n))) for n in range(1, 5)] for job in jobs
        ]
        assert left == [[False] * 4, [False] * 3 + [True], [True] * 4]
        assert await house.service.pictures.housekeeping() == 0
        with pytest.raises(NotFound, match="cleared away"):
            await act(house, Action.UPSCALE, jobs[0].tile(1))


async def test_an_extracted_picture_outlives_its_grid(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=Rules(images_max_age_s=60.0)) as house:
        grid = await posted(house)
        house.clock.now += 50
        single = await act(house, Action.UPSCALE, grid.tile(2))
        await house.posted(single)
        house.clock.now += 11
        assert await house.service.pictures.housekeeping() == 4
        assert (await act(house, Action.UPSCALE, grid.tile(2))).id == single.id
        assert (await house.service.pictures.picture(single, PLENTY)).bytes
        with pytest.raises(NotFound):
            await act(house, Action.UPSCALE, grid.tile(3))


async def test_what_is_needed_is_not_cleared_away(tmp_path: Path) -> None:
    rules = Rules(images_max_bytes=1)
    async with House(tmp_path, rules=rules) as house:
        undelivered = await house.draw()
        source = await posted(house)
        before = len(house.executor.runs)
        varied = await act(house, Action.VARY, source.tile(2))
        await (await house.executor.started(before + 1)).image(0)
        assert await house.service.pictures.housekeeping() == 3
        assert await house.parts.files.read(source.tile(2)) is not None
        assert await house.parts.files.read(varied.tile(1)) is not None
        assert (await house.service.pictures.picture(undelivered, PLENTY)).bytes


# Admins


async def test_only_admins_of_a_server(house: House) -> None:
    service = house.service
    for asker, guild, words in (
        (BERT_ASKS, GUILD, "Manage Server"),
        (MODERATOR_ASKS, GUILD, "Manage Server"),
        (ADMIN_ASKS, 0, "belong to a server"),
    ):
        for ask in (
            service.quotas.set(asker, guild, "user", ANNA, QuotaSetting(9, Period.DAY)),
            service.quotas.clear(asker, guild, "user", ANNA),
            service.quotas.grant(asker, guild, ANNA, 5, ""),
            service.quotas.refill(asker, guild, ANNA, frozenset()),
            service.quotas.settings(asker, guild),
            service.quotas.balance_of(asker, guild, ANNA, frozenset()),
            service.quotas.usage(asker, guild, 7),
            service.quotas.audit_trail(asker, guild),
        ):
            with pytest.raises(NotAllowed, match=words):
                await ask
    assert await service.quotas.audit_trail(ADMIN_ASKS, GUILD) == []
    assert await house.credits() == (25, 0)


async def test_quotas_of_server_role_and_user(house: House) -> None:
    service = house.service
    member = Asker(ANNA, roles=frozenset({ROLE}))
    await service.quotas.set(ADMIN_ASKS, GUILD, "server", 0, QuotaSetting(credits=5))
    assert await house.credits() == (5, 0)
    await service.quotas.set(ADMIN_ASKS, GUILD, "role", ROLE, QuotaSetting(credits=8, running=1))
    assert await house.credits(member) == (8, 0)
    assert await service.accounts.quota_of(GUILD, ANNA, member.roles) == Quota(8, Period.DAY, 1, 10)
    await service.quotas.set(ADMIN_ASKS, GUILD, "user", ANNA, QuotaSetting(credits=2))
    assert await service.accounts.quota_of(GUILD, ANNA, member.roles) == Quota(2, Period.DAY, 1, 10)
    assert await service.accounts.quota_of(GUILD + 1, ANNA, member.roles) == Quota()
    assert await service.quotas.clear(ADMIN_ASKS, GUILD, "user", ANNA)
    view = await service.quotas.settings(ADMIN_ASKS, GUILD)
    assert view.fallback == Quota()
    assert view.settings == {
        ("role", ROLE): QuotaSetting(8, Period.DAY, 1),
        ("server", GUILD): QuotaSetting(5, Period.DAY),
    }


async def test_grant_refill_show_usage_and_their_trail(house: House) -> None:
    service = house.service
    await house.draw()
    await house.draw(asker=BERT_ASKS)
    await house.draw(asker=BERT_ASKS)
    assert await service.quotas.grant(ADMIN_ASKS, GUILD, ANNA, 3, "prize") == 3
    assert await house.credits() == (27, 0)
    refilled, _ = await service.quotas.refill(ADMIN_ASKS, GUILD, ANNA, frozenset())
    assert refilled.spendable == 28
    balance, quota = await service.quotas.balance_of(ADMIN_ASKS, GUILD, BERT, frozenset())
    assert (balance.allowance_left, quota.credits) == (23, 25)
    assert await service.quotas.usage(ADMIN_ASKS, GUILD, 1) == [Usage(BERT, 2), Usage(ANNA, 1)]
    assert await service.quotas.grant(ADMIN_ASKS, GUILD, ANNA, -100, "") == -3
    trail = await service.quotas.audit_trail(ADMIN_ASKS, GUILD)
    assert [one.deed for one in reversed(trail)] == [
        "quota grant", "quota reset credits", "quota show", "quota usage", "quota grant",
    ]  # fmt: skip
    assert {one.actor for one in trail} == {ADMIN_ASKS.user}
    assert await service.quotas.audit_trail(ADMIN_ASKS, GUILD + 1) == []


async def test_a_better_role_gained_today_grants_the_difference(house: House) -> None:
    await house.service.quotas.set(ADMIN_ASKS, GUILD, "server", GUILD, QuotaSetting(credits=2))
    await house.service.quotas.set(ADMIN_ASKS, GUILD, "role", ROLE, QuotaSetting(credits=3))
    await house.draw()
    await house.draw()
    with pytest.raises(OutOfCredits):
        await house.imagine()
    promoted = Asker(ANNA, roles=frozenset({ROLE}))
    await house.draw(asker=promoted)
    with pytest.raises(OutOfCredits):
        await house.imagine(asker=promoted)


# Watching


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
            await act(house, Action.VARY, grid.tile(1))
        assert await house.credits() == (24, 0)
