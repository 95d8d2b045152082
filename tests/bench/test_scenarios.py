"""Each scenario with tiny numbers: a real bot process, real requests; values are not judged."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from PIL import Image

from bot import imaging
from bot.bench import (
    busy,
    capacity,
    checked,
    crowd,
    embedded,
    history,
    lag,
    larger,
    ledger,
    outage,
    overview,
    queue,
    soak,
)
from bot.bench.child import Child
from bot.bench.grainy import grainy

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes as streams")


async def test_busy_counts_every_drawing() -> None:
    run = busy.Run(job_s=0.02, upload_s=0.01, side=64, jobs=3, users=2, steps=2)
    seen, visible = await busy.play(run)
    assert len(seen.drawings) == len(visible) == 3
    assert all(seconds > 0 for seconds in visible)
    assert 0 < busy.busy_fraction(seen.drawings) <= 1
    assert not seen.torch


@pytest.mark.slow
async def test_lag_is_sampled_while_grids_are_drawn() -> None:
    run = lag.Run("tiny", 0.3, people=1, engine="bot.bench.grainy:create", side=64, steps=1)
    seen, calm, visible = await lag.play(run)
    assert visible
    assert min(seen.lag) >= 0
    assert calm
    assert len(lag.figures_of("tiny", seen, calm)) == 5
    assert "drawn → visible" in lag.note_of(run, seen, visible)


@pytest.mark.slow
async def test_everybody_of_a_crowd_is_answered() -> None:
    run = crowd.Run(people=3, bursts=1, job_s=0.01)
    burst, bare = await crowd.play_burst(run), await crowd.play_burst(run, bare=True)
    assert len(burst.seconds) == len(bare.seconds) == 3
    assert all(0 < seconds < 3 for seconds in (*burst.seconds, *bare.seconds))
    assert burst.cpu > 0


@pytest.mark.slow
async def test_every_grid_that_waited_for_discord_is_delivered() -> None:
    run = outage.Run(grids=3, side=64, away_s=0.1)
    weather = await outage.play(run)
    assert weather.grids == 3
    assert weather.tries >= 1
    assert len(weather.away.drawings) == 3
    assert weather.away.memory["peak"] > weather.before_mib / 2
    assert len(outage.figures_of(run, weather)) == 5


async def test_a_long_queue_is_measured_step_by_step() -> None:
    run = queue.Run(waiting=50, restored=120, steps=10, servers=3)
    seen = await queue.play(run)
    assert len(seen.taking) == len(seen.routing) == len(seen.telling) == 10
    assert min(seen.taking + seen.routing + seen.telling) > 0
    assert seen.lag
    assert len(queue.figures_of(run, seen)) == 7


@pytest.mark.slow
async def test_the_embedded_model_is_drawn_both_ways() -> None:
    found = await embedded.play("float32", rounds=1, steps=1)
    assert len(found["engine"]) == len(found["diffusers"]) == 1
    assert min(found["engine"] + found["diffusers"]) > 0
    # As torch counts while it really draws this, and the attention that it leaves out.
    assert found["teraflop"] == pytest.approx(0.01296, rel=0.01)
    rows = embedded.figures_of("float32", found)
    assert len(rows) == 6
    assert all(row.what.startswith("float32: ") for row in rows)


def test_a_grid_slower_than_plain_diffusers_is_told() -> None:
    told = dict.fromkeys(("imports_s", "load_s", "peak_mib", "teraflop", "threads"), 1.0)
    slow = embedded.figures_of("float32", {**told, "engine": [4.0, 2.0], "diffusers": [1.0, 3.0]})
    assert [row.met for row in slow if row.aim] == [True, False, True]
    assert "0.500" in slow[2].result


def test_grainy_pictures_are_as_heavy_as_photographs() -> None:
    picture = grainy(128, 1)
    flat = Image.new("RGB", picture.size, "red")
    assert len(imaging.encode_tile(picture)) > 50 * len(imaging.encode_tile(flat))


async def test_the_books_are_timed_for_a_short_and_a_long_history() -> None:
    run = ledger.Run(few=3, many=40, singles=5, at_once=4, turns=1)
    seen = await ledger.play(run)
    assert [len(took) for took in seen.singles.values()] == [5, 5]
    assert min(seen.submits + seen.bare) > 0
    assert ledger.figures_of(run, seen)[0].what == "A submit at 40 grids over one at 3, p50"
    assert len(seen.batches) == 1
    assert ledger.figures_of(run, seen)[3].aim == "< 50 ms"


async def test_pages_are_timed_for_searches_that_find_something() -> None:
    run = history.Run(jobs=60, searches=3)
    seen = await history.play(run)
    assert seen.results > 0
    assert len(seen.searches) >= len(seen.pages) == 6
    assert min(seen.searches + seen.newest + seen.liked) > 0
    figures = history.figures_of(run, seen)
    assert (figures[0].what, figures[0].aim) == ("A search in 60 jobs, p99", "< 30 ms")


def test_a_bench_says_the_same_prompts_in_every_run() -> None:
    said = [[town._prompt() for _ in range(40)] for town in (history.Town(), history.Town())]
    assert said[0] == said[1]
    assert any(prompt.isascii() for prompt in said[0])
    assert "the" in " ".join(said[0]).split()


@pytest.mark.slow
async def test_a_picture_is_made_larger_twice() -> None:
    seen = await larger.play(32)
    assert len(seen.pictures) == 2
    assert imaging.decode(seen.pictures[1].pictures[0]).size == (128, 128)
    assert seen.peak_mib > 100
    first, second, held = larger.figures_of(seen)
    assert (first.what, second.what) == ("32² → 64²", "64² → 128²")
    assert held.what == "32² → 128²: peak memory of the worker"
    assert larger.figures_of(replace(seen, peak_mib=2000.0))[2].met is False


@pytest.mark.slow
async def test_pictures_are_checked_and_false_alarms_counted() -> None:
    async with Child(checked._CHECKING) as child:
        seconds = (await child.ask(times=2))["seconds"]
    assert len(seconds) == 2
    assert min(seconds) > 0
    figures = checked.figures_of([0.02, 0.03], [0.1, 0.4, 0.9])
    assert [each.result for each in figures][2:] == ["2 of 3", "0.400 / 0.900 / 0.900"]
    assert figures[0].met


@pytest.mark.slow
async def test_the_embedded_models_own_pictures_are_looked_at() -> None:
    async with Child(checked._CHECKING) as child:
        scores = (await child.ask(pictures=2))["scores"]
    assert len(set(scores)) == 2
    assert 0 <= min(scores) <= max(scores) < 1


async def test_numbers_of_a_server_are_timed_beside_writes() -> None:
    run = overview.Run(jobs=400, rounds=1)
    seen = await overview.play(run)
    assert len(seen.overviews) == len(seen.usage) == 8
    assert min(seen.overviews + seen.usage + seen.servers + seen.alone) > 0
    assert seen.drawing_s > 0.1
    rows = overview.figures_of(run, seen)
    assert (rows[0].what, rows[0].aim) == ("An overview at 400 jobs, p99", "< 100 ms")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_soak_reads_everything_and_leaves_nobody_waiting() -> None:
    run = soak.Run(6.0, warm_s=2.0, every_s=1.0, each_s=0.2, people=5, channels=4)
    said: list[str] = []
    seen = await soak.play(run, said.append)
    assert len(seen.hours) == 6
    assert {len(values) for values in seen.read.values()} == {6}
    assert min(seen.read[soak.BOT]) > 20
    assert min(seen.read[soak.WORKER]) > 5
    assert seen.read[soak.DATABASE][-1] > 0
    assert (seen.unanswered, seen.jobs > 0, seen.done > 10) == (0, True, True)
    section = soak.section(run, seen)
    assert [figure.what for figure in section.figures] == [row.name for row in soak.ROWS]
    assert f"{seen.jobs:,} grids" in section.notes[0]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_what_one_process_sustains_hangs_on_what_was_measured() -> None:
    costs = await capacity.play(capacity.QUICK, quick=True)
    assert costs.grid_s > costs.click_s > costs.event_s > 0
    assert 500 < costs.grid_bytes < 100_000
    assert costs.server_mib > 10 * costs.member_mib
    assert costs.commits > 10
