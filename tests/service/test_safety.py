"""Every policy with every verdict, from a drawing to what anybody can get of it; and what admins
may decide."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.action import Action
from bot.domain.browsing import Browse, Order
from bot.domain.errors import NotAllowed, RenderFailed, Unable, UserError
from bot.domain.job import Job, JobStatus
from bot.domain.safety import Reaction, SafetyPolicy, SafetySetting, Stance
from bot.engine.seam import Preview
from bot.service import screening
from bot.service.owned import FLAGGED
from bot.service.rules import Rules
from bot.storage.audit import LOOKS
from tests.kit import books
from tests.kit.app import (
    ADMIN_ASKS,
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    HERE,
    MODERATOR_ASKS,
    House,
)
from tests.kit.faults import CODES
from tests.kit.values import GUILD

SPOILER, BLOCK, OFF = Reaction
CHECKED = Stance(SafetyPolicy(SPOILER), checked=True, chosen=False)


def opened(folder: Path, stance: Stance = CHECKED, *, automatic: bool = True, **more: Any) -> House:
    return House(folder, automatic=automatic, rules=Rules(stance=stance), **more)


async def decide(house: House, *decided: Any, guild: int = GUILD, **more: Any) -> None:
    await house.service.safety.set(ADMIN_ASKS, guild, SafetySetting(*decided, **more))


async def imagined(house: House, score: float | None, **more: Any) -> Job:
    house.executor.score = score
    return await house.draw("a fox", **more)


def kept(house: House) -> list[Path]:
    """Every file but the database's."""
    return [
        path
        for path in house.folder.rglob("*")
        if path.is_file() and not path.name.startswith("easel.sqlite3")
    ]


def row(house: House, job: Job) -> sqlite3.Row:
    [found] = books.rows(house.folder, "SELECT * FROM jobs WHERE id = ?", job.id)
    return found


async def reachable(house: House, job: Job) -> list[str]:
    """By which ways anybody gets something of a job's pictures."""
    service, tile = house.service, job.tile(1)
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "show": lambda: service.pictures.picture(job, 1 << 20),
        "compare": lambda: service.pictures.single(job),
        "files": lambda: service.pictures.tiles(job),
        "letters": lambda: anext(service.pictures.singly(job, 1 << 20)),
        "U": lambda: house.upscale(tile),
        "V": lambda: house.press(Action.VARY, tile),
        "menu": lambda: service.owned.of(ANNA_ASKS, HERE, job.id),
        "png": lambda: service.owned.pngs(ANNA_ASKS, HERE, job.id, 1 << 20),
        "making": lambda: service.owned.making(ANNA_ASKS, HERE, job.id),
    }
    found = []
    for name, way in ways.items():
        try:
            await way()
        except UserError:
            continue
        found.append(name)
    channels = frozenset({HERE.channel})
    for order in (Order.OWN, Order.NEWEST, Order.HERE):
        page = await service.history.page(ANNA_ASKS, HERE, Browse(order), channels)
        found += [order.name.lower() for each in page.results if each.job.id == job.id]
    return found


async def test_what_is_blocked_is_free_and_nobody_gets_anything_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await decide(house, BLOCK)
        job = await imagined(house, 0.4)
        assert job.status is JobStatus.FAILED
        assert str(job.failure).startswith("The picture check stopped this")
        assert await house.credits() == (25, 0)
        assert (books.spent(tmp_path), books.open_holds(tmp_path)) == (0, 0)
        assert row(house, job)["blocked"] == 1
        for table in ("images", "results", "prompts"):
            assert books.rows(tmp_path, f"SELECT * FROM {table}") == []
        kinds = "SELECT kind FROM deliveries WHERE job_id = ?"
        assert [each["kind"] for each in books.rows(tmp_path, kinds, job.id)] == ["end"]
        assert kept(house) == []
        assert await reachable(house, job) == []


async def test_it_is_reachable_by_all_of_these_where_it_is_fine(tmp_path: Path) -> None:
    """Or the test above would find nothing of anything."""
    async with opened(tmp_path) as house:
        await decide(house, BLOCK)
        job = await imagined(house, 0.39)
        await house.posted(job)
        found = await reachable(house, job)
        assert {
            "show",
            "files",
            "letters",
            "U",
            "V",
            "menu",
            "png",
            "own",
            "newest",
            "here",
        } <= set(found)
        scores = books.rows(tmp_path, "SELECT score FROM images WHERE job_id = ?", job.id)
        assert [each["score"] for each in scores] == [0.39] * 4


async def test_one_picture_of_a_grid_is_enough(tmp_path: Path) -> None:
    async with opened(tmp_path, automatic=False) as house:
        await decide(house, BLOCK, 0.3)
        job = await house.imagine()
        run = await house.executor.started(1)
        for index in range(4):
            run.score = 0.31 if index == 3 else 0.1
            run.put(run.drawn(index))
        run.put(Preview(b"seen"))
        assert (await house.end(job)).job.status is JobStatus.FAILED
        assert (await house.credits(), kept(house)) == ((25, 0), [])


async def test_pictures_of_an_earlier_attempt_go_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path, automatic=False) as house:
        await decide(house, BLOCK)
        job = await house.imagine()
        run = await house.executor.started(1)
        run.score = 0.1
        await run.image(0)
        assert len(kept(house)) == 1
        await run.fail(RenderFailed("error", "once", retryable=True))
        run = await house.executor.started(2)
        assert run.attempt.indices == (1, 2, 3)
        run.score = 0.9
        await run.image(1)
        assert (await house.end(job)).job.status is JobStatus.FAILED
        assert (books.rows(tmp_path, "SELECT * FROM images"), kept(house)) == ([], [])


async def test_nothing_of_what_may_be_blocked_is_shown_on_its_way(tmp_path: Path) -> None:
    async with opened(tmp_path, automatic=False) as house:
        for reaction, shown in ((BLOCK, None), (SPOILER, b"seen")):
            await decide(house, reaction)
            job = await house.imagine()
            run = await house.executor.started(1 if reaction is BLOCK else 2)
            run.score = 0.0
            await run.say(Preview(b"seen"))
            update = house.service.drawing.newest(job)
            assert update is not None
            assert update.preview == shown
            await run.finish()
            await house.end(job)
            sketches = await house.parts.files.previews.of(job.id)
            assert sketches == ([shown] if shown else [])


async def test_a_policy_that_changes_while_it_is_drawn_counts_at_the_end(tmp_path: Path) -> None:
    async with opened(tmp_path, automatic=False) as house:
        job = await house.imagine()
        run = await house.executor.started(1)
        run.score = 0.9
        for index in range(4):
            await run.image(index)
        assert len(kept(house)) == 4
        await decide(house, BLOCK)
        await run.done()
        ended = (await house.end(job)).job
        assert (ended.status, kept(house)) == (JobStatus.FAILED, [])
        assert books.rows(tmp_path, "SELECT * FROM images") == []


async def test_a_disk_that_keeps_files_of_it_loses_them_after_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, automatic=False) as house:
        job = await house.imagine()
        run = await house.executor.started(1)
        run.score = 0.9
        for index in range(4):
            await run.image(index)
        await decide(house, BLOCK)

        async def refuse(ids: object) -> None:
            raise OSError("read-only")

        monkeypatch.setattr(house.disk, "delete_jobs", refuse)
        await run.done()
        assert (await house.end(job)).job.status is JobStatus.FAILED
        assert len(kept(house)) == 4
        assert await reachable(house, job) == []
        await house.restart()
        assert await house.service.pictures.sweep(2e10) == 1
        assert kept(house) == []


async def test_a_store_that_refuses_changes_nothing_about_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await decide(house, BLOCK)
        house.database.refuse(next(iter(CODES)), "JobRepository.block", times=3)
        job = await imagined(house, 0.9)
        assert house.database.refused == 3
        assert (job.status, await house.credits()) == (JobStatus.FAILED, (25, 0))


async def test_a_spoiler_stays_one_and_so_does_what_comes_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        owned, own = house.service.owned, (ANNA_ASKS, HERE)
        job = await imagined(house, 0.4)
        assert job.status is JobStatus.SUCCEEDED
        assert books.spent(tmp_path) == 1
        await house.posted(job)
        single = await house.press(Action.UPSCALE, job.tile(2))
        house.executor.score = 0.0
        varied = (await house.end(await house.press(Action.VARY, job.tile(2)))).job
        for each in (job, single, varied):
            assert await owned.covered(each)
            assert (await owned.of(*own, each.id)).flagged
            with pytest.raises(NotAllowed, match=FLAGGED):
                await owned.cover(each, False)
            with pytest.raises(NotAllowed, match=FLAGGED):
                await owned.coverable(*own, each.id, False)
            assert (await owned.coverable(*own, each.id, True)).id == each.id
            assert await owned.covered(each)
        [taken] = books.rows(tmp_path, "SELECT score FROM images WHERE job_id = ?", single.id)
        assert taken["score"] == 0.4
        # What somebody covers by their own will they may uncover.
        fresh = await imagined(house, 0.0)
        await owned.cover(fresh, True)
        assert (await owned.coverable(*own, fresh.id, False)).id == fresh.id
        await owned.cover(fresh, False)
        assert not await owned.covered(fresh)


@pytest.mark.parametrize(
    ("stance", "decided", "score", "becomes"),
    [
        (CHECKED, None, 0.39, "shown"),
        (CHECKED, None, 0.4, "covered"),
        (CHECKED, SafetySetting(threshold=0.0), 0.0, "covered"),
        (CHECKED, SafetySetting(threshold=0.9), 0.89, "shown"),
        (CHECKED, None, None, "covered"),  # nobody knows
        (replace(CHECKED, may_switch_off=True), SafetySetting(OFF), 1.0, "shown"),
        (replace(CHECKED, policy=SafetyPolicy(OFF)), None, 1.0, "shown"),
        (replace(CHECKED, policy=SafetyPolicy(BLOCK)), None, 0.4, "blocked"),
        (CHECKED, SafetySetting(BLOCK), None, "unseen"),
        (Stance(), SafetySetting(BLOCK), 1.0, "shown"),  # switched off by the operator
        (Stance(SafetyPolicy(SPOILER), chosen=False), None, None, "shown"),
    ],
)
async def test_what_becomes_of_a_drawing(
    tmp_path: Path, stance: Stance, decided: SafetySetting | None, score: float | None,
    becomes: str,
) -> None:  # fmt: skip
    async with opened(tmp_path, stance) as house:
        if decided:
            await house.parts.safety.set(GUILD, decided, 1, 0.0)
        job = await imagined(house, score)
        if job.status is JobStatus.SUCCEEDED:
            assert becomes == ("covered" if await house.service.owned.covered(job) else "shown")
            return
        words = {"blocked": "check stopped this", "unseen": "could not be checked"}[becomes]
        assert words in str(job.failure)
        assert (await house.credits(), kept(house)) == ((25, 0), [])


async def test_direct_messages_and_other_servers_have_a_policy_of_their_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await decide(house, BLOCK)
        for origin, status in (
            (HERE, JobStatus.FAILED), (ELSEWHERE, JobStatus.SUCCEEDED),
            (DIRECT, JobStatus.SUCCEEDED),
        ):  # fmt: skip
            job = await imagined(house, 0.9, origin=origin)
            assert job.status is status
            assert await house.service.owned.covered(job) is (status is JobStatus.SUCCEEDED)


async def test_channels_with_an_age_limit_are_spared_unless_the_server_wants_otherwise(
    tmp_path: Path,
) -> None:
    adult = replace(HERE, age_restricted=True)
    async with opened(tmp_path) as house:
        await decide(house, BLOCK)
        job = await imagined(house, 0.9, origin=adult)
        assert row(house, job)["age_limited"] == 1
        assert job.status is JobStatus.SUCCEEDED
        assert not await house.service.owned.covered(job)
        await decide(house, spares_adults=False)
        assert (await imagined(house, 0.9, origin=adult)).status is JobStatus.FAILED


async def test_where_the_check_does_not_work_a_server_that_blocks_is_told_before_it_is_charged(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Stance(SafetyPolicy(SPOILER), chosen=False)) as house:
        await house.draw()
        await decide(house, BLOCK)
        with pytest.raises(Unable, match=screening.BLIND):
            await house.imagine()
        with pytest.raises(Unable, match=screening.BLIND):
            await house.service.drawing.imagine(ANNA_ASKS, HERE, "a fox --repeat 2")
        assert await house.credits() == (24, 0)
        assert len(books.rows(tmp_path, "SELECT * FROM jobs")) == 1
        assert books.rows(tmp_path, "SELECT * FROM proposals") == []
        assert (await house.draw(origin=ELSEWHERE)).status is JobStatus.SUCCEEDED


async def test_samples_that_not_everybody_may_see_are_not_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        house.executor.score = 0.9
        spare = house.service.gallery._samples._spare
        request = (await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox")).requests[0]
        with pytest.raises(RenderFailed) as told:
            await spare.draw(request)
        assert told.value.code == "blocked"
        house.executor.score = 0.1
        assert len(await spare.draw(request) or ()) == 4


# What admins decide


async def test_only_admins_of_a_server_decide(house: House) -> None:
    safety = house.service.safety
    for asker, guild, words in (
        (BERT_ASKS, GUILD, "Manage Server"),
        (MODERATOR_ASKS, GUILD, "Manage Server"),
        (ADMIN_ASKS, 0, "belong to a server"),
    ):
        for ask in (
            safety.show(asker, guild),
            safety.set(asker, guild, SafetySetting(BLOCK)),
            safety.reset(asker, guild),
        ):
            with pytest.raises(NotAllowed, match=words):
                await ask
    assert await house.parts.audit.newest(GUILD) == []
    assert await house.parts.safety.setting(GUILD) == SafetySetting()


async def test_each_decision_is_laid_over_the_last_and_written_down(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        safety = house.service.safety
        await safety.set(ADMIN_ASKS, GUILD, SafetySetting(BLOCK, 0.3))
        view = await safety.set(ADMIN_ASKS, GUILD, SafetySetting(spares_adults=False))
        assert view.setting == SafetySetting(BLOCK, 0.3, False)
        assert view.policy == SafetyPolicy(BLOCK, 0.3, False)
        assert (await safety.show(ADMIN_ASKS, GUILD)).policy == view.policy
        assert (await safety.reset(ADMIN_ASKS, GUILD)).policy == SafetyPolicy(SPOILER)
        assert (await safety.show(ADMIN_ASKS, GUILD)).setting == SafetySetting()
        deeds = await house.parts.audit.newest(GUILD, without=LOOKS)
        assert [(each.deed, each.detail, each.actor) for each in deeds] == [
            ("safety reset", {}, ADMIN_ASKS.user),
            ("safety set", {"spares_adults": False}, ADMIN_ASKS.user),
            ("safety set", {"reaction": "block", "threshold": 0.3}, ADMIN_ASKS.user),
        ]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (SafetySetting(), "Give at least one"),
        (SafetySetting(OFF), "wants pictures to be checked"),
        (SafetySetting(threshold=0.91), "from 0 to 90%"),
        (SafetySetting(threshold=-0.1), "from 0 to 90%"),
    ],
)
async def test_what_makes_no_sense_or_is_the_operators_to_allow_is_said(
    tmp_path: Path, setting: SafetySetting, words: str
) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(UserError, match=words):
            await house.service.safety.set(ADMIN_ASKS, GUILD, setting)
        assert await house.parts.safety.setting(GUILD) == SafetySetting()
        assert await house.parts.audit.newest(GUILD) == []


async def test_a_server_that_is_left_leaves_no_decision(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await decide(house, BLOCK)
        departures = house.parts.departures
        assert await departures.reconcile([], 1.0) == 1
        assert [each.owner for each in await departures.before(2.0)] == [GUILD]
        [erasure] = await departures.before(2.0)
        await house.parts.erasures.begin(erasure)
        assert await house.parts.safety.setting(GUILD) == SafetySetting()
