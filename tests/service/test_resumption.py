"""After a start: what becomes of rows that cannot be read, and of jobs whose model is gone."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.action import Action, Tile
from bot.domain.delivery import Kind
from bot.domain.errors import NotFound
from bot.domain.job import Job, JobStatus
from tests.kit.app import ANNA_ASKS, HERE, TINY, House
from tests.kit.executor import picture

Damage = Callable[[dict[str, Any]], str]

DAMAGES: dict[str, Damage] = {
    "no JSON": lambda stored: '{"schema": 2, "prom',
    "another schema": lambda stored: json.dumps(stored | {"schema": 9}),
    "an unknown action": lambda stored: json.dumps(stored | {"action": "paint"}),
    "a missing part": lambda stored: json.dumps({"schema": 2, "prompt": {"text": "a fox"}}),
    "no object": lambda stored: "[1, 2]",
}


@pytest.fixture(params=DAMAGES.values(), ids=DAMAGES.keys())
def damage(request: pytest.FixtureRequest) -> Damage:
    return request.param


async def damage_row(house: House, job: Job, damage: Damage) -> None:
    written = damage(job.request.to_json())
    await house.database.transaction(
        lambda c: c.execute("UPDATE jobs SET request = ? WHERE id = ?", (written, job.id))
    )


async def test_a_row_that_cannot_be_read_fails_alone_and_free_of_charge(
    tmp_path: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    async with House(tmp_path) as house:
        running, broken, other = [await house.imagine() for _ in range(3)]
        await (await house.executor.started(1)).image(0)
        for job in (running, broken):
            await damage_row(house, job, damage)
        with caplog.at_level(logging.ERROR):
            await house.restart()
        for job in (running, broken):
            ended = await house.jobs.get(job.id)
            assert ended is not None
            assert (ended.status, ended.user) == (JobStatus.FAILED, ANNA_ASKS.user)
            assert ended.failure is not None
            assert "another version of Easel" in ended.failure.sentence
            assert any(ended.failure.reference in line for line in caplog.messages)
            # Whoever waits for it is told.
            end = await house.parts.outbox.of_job(job.id, Kind.END)
            assert end is not None
        assert await house.credits() == (24, 1)
        assert [job.id for job in await house.service.drawing.unfinished()] == [other.id]
        assert (await house.executor.started(1)).job == other.id


async def test_buttons_under_a_row_that_cannot_be_read_answer_with_one_sentence(
    tmp_path: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    async with House(tmp_path, automatic=True) as house:
        grid, sound = await house.draw(), await house.draw()
        await damage_row(house, grid, damage)
        await house.restart()
        for action in (Action.UPSCALE, Action.VARY, Action.REROLL):
            with pytest.raises(NotFound, match=r"another version .* \(reference `\w+`\)") as said:
                await house.press(action, grid.tile(1))
            reference = str(said.value).split("`")[1]
            assert any(reference in line for line in caplog.messages)
        assert await house.credits() == (23, 0)
        # Its pictures are there, and are posted.
        stored = await house.service.drawing.job(grid.id)
        assert stored is not None
        assert stored.status is JobStatus.SUCCEEDED
        assert await house.owed() == [grid.id, sound.id]
        assert (await house.service.pictures.picture(stored, 10 << 20)).bytes
        assert await house.service.drawing.buttons(stored) == []
        assert (await house.press(Action.UPSCALE, sound.tile(1))).status is JobStatus.SUCCEEDED


async def test_what_is_left_of_a_prompt_is_shown(tmp_path: Path) -> None:
    async with House(tmp_path, workers=0) as house:
        job = await house.imagine("a red fox --ar 3:2")
        await damage_row(house, job, DAMAGES["another schema"])
        lost = await house.jobs.get(job.id)
        assert lost is not None
        assert lost.request.prompt.text == "a red fox"
        await damage_row(house, job, DAMAGES["no JSON"])
        lost = await house.jobs.get(job.id)
        assert lost is not None
        assert lost.request.prompt.text == "…"
        stopped = await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
        assert stopped.now
        assert await house.credits() == (25, 0)


async def test_children_of_unknown_actions_mark_no_button(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        grid = await house.draw()
        varied = await house.press(Action.VARY, grid.tile(2))
        await house.press(Action.VARY, grid.tile(3))
        await house.database.transaction(
            lambda c: c.execute("UPDATE jobs SET action = 'paint' WHERE id = ?", (varied.id,))
        )
        shown = await house.service.drawing.buttons(grid)
        assert [button.label for button in shown if button.used] == ["V3"]


# Models that are gone

NEW = replace(TINY, id="new", native=32, steps=9, guidance=1.0)


async def test_jobs_of_a_model_that_is_gone_are_drawn_by_todays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with House(tmp_path) as house:
        job = await house.imagine("a fox --ar 2:1 --seed 7")
        await (await house.executor.started(1)).image(2)
    with caplog.at_level(logging.INFO):
        async with House(tmp_path, card=NEW) as house:
            run = await house.executor.started(1)
            # What the old model drew has another size: nothing of it is used.
            assert (run.attempt.model, run.attempt.indices) == ("new", (0, 1, 2, 3))
            assert (run.attempt.request["width"], run.attempt.request["steps"]) == (48, 9)
            await run.finish()
            ended = (await house.end(job)).job
            assert (ended.status, ended.request.model) == (JobStatus.SUCCEEDED, "new")
            assert str(ended.request.prompt) == "a fox --ar 2:1 --seed 7"
            assert await house.jobs.get(job.id) == ended
            for number, seed in enumerate(job.request.seeds, start=1):
                assert await house.parts.files.read(job.tile(number)) == picture(seed)
            assert await house.credits() == (24, 0)
    assert any("tiny is gone, so new draws it" in line for line in caplog.messages)


async def test_a_variation_that_no_model_can_draw_fails_free_of_charge(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        grid = await house.draw()
        house.executor.automatic = False
        varied = await house.press(Action.VARY, grid.tile(1))
        again = await house.press(Action.REROLL, Tile(grid.id, 0))
    async with House(tmp_path, workers=0, card=replace(NEW, variations=False)) as house:
        ended = await house.jobs.get(varied.id)
        assert ended is not None
        assert ended.failure is not None
        assert "has no variations" in ended.failure.sentence
        assert [job.id for job in await house.service.drawing.unfinished()] == [again.id]
        assert await house.credits() == (23, 1)


async def test_jobs_of_models_that_are_served_stay_as_they_are(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        job = await house.imagine()
        await (await house.executor.started(1)).image(2)
    async with House(tmp_path, card=replace(TINY, steps=99)) as house:
        run = await house.executor.started(1)
        assert run.attempt.indices == (0, 1, 3)
        assert run.attempt.request["steps"] == job.request.sampling.steps
