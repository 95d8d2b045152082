"""Models that come, change and go while the bot runs: what can be asked for, and who is told."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.app import core
from bot.dispatch.outcome import TAKEN_AWAY
from bot.domain.errors import NotFound
from bot.domain.job import Job, JobStatus
from bot.models.shelf import Shelf
from bot.models.watch import Watch
from bot.service.serving import Serving
from bot.settings import Settings
from tests.kit.app import ANNA_ASKS, HERE, House
from tests.kit.executor import PATIENCE_S, FakeExecutor
from tests.kit.sources import FIRST, SD, weights, whole

LACKING = "There is no decoder (VAE) gone beside the model lacking, which is to be drawn with it."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    sd(tmp_path / "models" / "old.safetensors")
    return tmp_path / "models"


def sd(path: Path) -> Path:
    return weights(path, {FIRST: [320, 4, 3, 3], SD: [320, 768]}, 100)


class Shop(House):
    """A house whose models are those of a folder; its default is the embedded one."""

    serving: Serving

    async def open(self, folder: Path) -> None:
        watch = Watch(Shelf(folder), "", {})
        self.serving = Serving(watch, self.catalogue, rest_s=0.005)
        await self.serving.begin()
        keep = self.serving.keep
        self.supervisor.start("models", lambda: keep(self.executor, self.service.drawing))

    async def until(self, true: Callable[[], bool]) -> None:
        """Looked at whenever the workers are told of models."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await self.executor.changed(self.executor.version)

    def known(self, key: str) -> bool:
        return self.catalogue.named(key) is not None

    async def ask(self, model: str) -> Job:
        _, job = await self.service.drawing.ask(ANNA_ASKS, HERE, "a red fox", model=model)
        return job


@pytest.fixture
async def shop(tmp_path: Path, folder: Path) -> AsyncIterator[Shop]:
    async with Shop(tmp_path) as opened:
        await opened.open(folder)
        yield opened


async def test_what_is_dropped_into_the_folder_can_be_asked_for(shop: Shop, folder: Path) -> None:
    assert shop.known("old")
    with pytest.raises(NotFound, match=r"There is no model `new` here; there are embedded, old\."):
        await shop.ask("new")
    sd(folder / "new.safetensors")
    whole(folder / "wide", "unet", "vae")
    await shop.until(lambda: shop.known("new") and shop.known("wide"))
    job = await shop.ask("wide")
    run = await shop.executor.started(1)
    assert run.attempt.model == job.request.model == shop.executor.served[-1][-1]
    assert (job.request.size.width, job.request.sampling.steps) == (1024, 30)


async def test_a_changed_toml_acts_on_the_next_request(shop: Shop, folder: Path) -> None:
    assert (await shop.ask("old")).request.sampling.steps == 30
    (folder / "old.toml").write_text('name = "Gold"\nsteps = 7\nallowed = [5]\n')
    await shop.until(lambda: shop.known("gold"))
    card = shop.catalogue.named("old")
    assert card is not None
    assert (card.steps, card.allowed) == (7, [5])


async def test_what_waits_for_a_model_that_was_taken_away_fails_free_of_charge(
    shop: Shop, folder: Path
) -> None:
    running = await shop.ask("old")
    run = await shop.executor.started(1)
    waiting, other = await shop.ask("old"), await shop.imagine()
    assert await shop.credits() == (22, 3)
    (folder / "old.safetensors").unlink()
    update = await shop.end(waiting)
    assert update.job.status is JobStatus.FAILED
    assert update.job.failure is not None
    assert update.job.failure.sentence == TAKEN_AWAY
    assert await shop.credits() == (23, 2)
    assert await shop.owed() == []
    await run.finish()  # a worker has it in memory
    assert (await shop.end(running)).job.status is JobStatus.SUCCEEDED
    await (await shop.executor.started(2)).finish()
    assert (await shop.end(other)).job.status is JobStatus.SUCCEEDED
    assert not shop.known("old")
    with pytest.raises(NotFound):
        await shop.ask("old")


async def test_a_store_that_refuses_delays_the_word_and_loses_it_not(
    shop: Shop, folder: Path
) -> None:
    await shop.ask("old")
    await shop.executor.started(1)
    waiting = await shop.ask("old")
    shop.database.refuse("full", "JobRepository.refuse")
    (folder / "old.safetensors").unlink()
    await shop.database.until_refused(2)
    assert (await shop.state(waiting))[0] is JobStatus.WAITING
    shop.database.calm()
    assert (await shop.end(waiting)).job.status is JobStatus.FAILED


async def test_a_model_that_is_written_anew_keeps_its_jobs(shop: Shop, folder: Path) -> None:
    file = folder / "old.safetensors"
    revision = shop.catalogue.cards[1].revision
    await shop.ask("old")
    run = await shop.executor.started(1)
    waiting = await shop.ask("old")
    other = sd(folder / ".old")
    os.utime(other, (1, 1))
    other.rename(file)
    await shop.until(lambda: shop.catalogue.cards[1].revision != revision)
    await run.finish()
    await (await shop.executor.started(2)).finish()
    assert (await shop.end(waiting)).job.status is JobStatus.SUCCEEDED


async def test_the_log_says_once_what_comes_and_goes_and_what_is_not_used(
    shop: Shop, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.service.serving")
    (folder / "page.safetensors").write_bytes(b"<!DOCTYPE html>")
    (folder / "old.toml").write_text("steps = 0\n")
    sd(folder / "lacking.safetensors")
    (folder / "lacking.toml").write_text('vae = "gone"\n')
    sd(folder / "new.safetensors")
    await shop.until(lambda: shop.known("new"))
    (folder / "new.safetensors").unlink()
    await shop.until(lambda: not shop.known("new"))
    said = "\n".join(caplog.messages)
    assert f"model new can be asked for: {folder / 'new.safetensors'}" in said
    assert "model new is gone" in said
    for words in ("page.safetensors is a web page", "old.toml: steps is 0; it should be", LACKING):
        assert said.count(words) == 1


async def test_the_bot_serves_the_folder_from_its_start(tmp_path: Path, folder: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", models_dir=folder, model="old", model_steps=5)
    whole(folder / "wide", "unet", "vae")
    executor = FakeExecutor(1, models=())
    async with core(settings, executor) as parts:
        plan = parts.service.drawing.plan
        assert (await plan(ANNA_ASKS, HERE, "a fox")).requests[0].sampling.steps == 5
        (wide,) = (await plan(ANNA_ASKS, HERE, "a fox", model="wide")).requests
        async with asyncio.timeout(PATIENCE_S):
            while not executor.served:
                await executor.changed(executor.version)
        assert executor.served[0][1:] == [wide.model]
        assert parts.supervisor.states()["models"] == "running"


async def test_jobs_of_a_model_of_the_folder_go_on_after_a_restart(
    tmp_path: Path, folder: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", models_dir=folder)
    async with core(settings, FakeExecutor(0)) as parts:
        _, job = await parts.service.drawing.ask(ANNA_ASKS, HERE, "a fox", model="old")
    executor = FakeExecutor(1)
    async with core(settings, executor) as parts:
        run = await executor.started(1)
        assert (run.job, run.attempt.model) == (job.id, job.request.model)
