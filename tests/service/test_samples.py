"""Samples: what is wanted, in which order, and what becomes of what cannot be had."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import EngineError, RenderFailed
from bot.domain.request import GenerationRequest
from bot.models.catalogue import Catalogue
from bot.ops.supervision import Supervisor
from bot.service import samples
from bot.service.samples import Samples
from bot.storage.samples import SampleStore
from tests.kit.app import TINY
from tests.kit.executor import PATIENCE_S
from tests.kit.values import a_request


class Worker:
    """Stands where spare time does. It has none while it is `busy`, and raises what it is told."""

    def __init__(self) -> None:
        self.drawn: list[GenerationRequest] = []
        self.busy = False
        self.error: EngineError | None = None

    async def draw(self, request: GenerationRequest) -> dict[int, bytes] | None:
        await asyncio.sleep(0)
        if self.busy:
            return None
        self.drawn.append(request)
        if self.error:
            raise self.error
        return dict.fromkeys(range(request.count), b"picture")


class Full(SampleStore):
    """Its disk takes nothing."""

    def _write(self, key: str, pictures: object) -> None:
        raise OSError("full")


class Desk:
    """Samples over a worker, drawn from `start` on."""

    def __init__(self, folder: Path, store: type[SampleStore] = SampleStore) -> None:
        self.worker = Worker()
        self.catalogue = Catalogue(TINY)
        self.samples = Samples(store(folder), self.worker, self.catalogue, rest_s=0.01)  # type: ignore[arg-type]
        self.supervisor = Supervisor()

    def start(self) -> None:
        self.supervisor.start("samples", self.samples.keep)

    async def over(self, *wanted: GenerationRequest) -> None:
        await self.samples.until_drawn(wanted, PATIENCE_S)


@pytest.fixture
async def desk(tmp_path: Path):
    one = Desk(tmp_path)
    yield one
    await one.supervisor.close()


FOX, OWL, HARE = (a_request(text, count=2) for text in ("a fox", "an owl", "a hare"))


async def test_they_are_drawn_in_the_order_in_which_they_were_wanted(desk: Desk) -> None:
    for each in (FOX, OWL, FOX, HARE):
        assert await desk.samples.of(each) is None
    desk.start()
    await desk.over(FOX, OWL, HARE)
    assert desk.worker.drawn == [FOX, OWL, HARE]
    paths = await desk.samples.of(OWL)
    assert paths is not None
    assert [path.read_bytes() for path in paths] == [b"picture", b"picture"]


async def test_nobody_waits_longer_than_they_have_patience(desk: Desk) -> None:
    desk.worker.busy = True
    await desk.samples.of(FOX)
    desk.start()
    await desk.samples.until_drawn([FOX], 0.03)
    assert await desk.samples.of(FOX) is None
    await desk.samples.until_drawn([OWL], PATIENCE_S)  # which nobody wanted
    desk.worker.busy = False
    await desk.over(FOX)
    assert await desk.samples.of(FOX)


async def test_nobody_waits_for_a_bot_that_comes_to_rest(desk: Desk) -> None:
    desk.worker.busy = True
    await desk.samples.of(FOX)
    desk.start()
    waiting = asyncio.create_task(desk.samples.until_drawn([FOX], PATIENCE_S))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await desk.supervisor.stop("samples")
    assert await waiting is False
    desk.worker.busy = False
    desk.start()
    await asyncio.sleep(0)
    assert await desk.samples.until_drawn([FOX], PATIENCE_S)


async def test_what_cannot_be_drawn_is_not_wanted_again(desk: Desk) -> None:
    desk.worker.error = RenderFailed("bad_input", "There is no LoRA dust.")
    await desk.samples.of(FOX)
    desk.start()
    await desk.over(FOX)
    assert await desk.samples.of(FOX) == ()
    desk.worker.error = None
    await desk.samples.of(OWL)
    await desk.over(OWL)
    assert desk.worker.drawn == [FOX, OWL]


async def test_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Full)
    await desk.samples.of(FOX)
    desk.start()
    await desk.over(FOX)
    assert await desk.samples.of(FOX) == ()
    assert desk.supervisor.states() == {"samples": "running"}
    await desk.supervisor.close()


async def test_a_model_that_is_not_served_any_more_draws_no_samples(desk: Desk) -> None:
    gone = replace(FOX, model="gone")
    await desk.samples.of(gone)
    await desk.samples.of(OWL)
    desk.start()
    await desk.over(gone, OWL)
    assert desk.worker.drawn == [OWL]


async def test_so_many_are_wanted_at_most(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(samples, "WANTED", 2)
    for each in (FOX, OWL, HARE):
        assert await desk.samples.of(each) is None
    desk.start()
    await desk.over(FOX, OWL)
    assert desk.worker.drawn == [FOX, OWL]
    await desk.samples.of(HARE)
    await desk.over(HARE)
    assert desk.worker.drawn[-1] == HARE
