"""A real worker learns of models while it runs: one that came, one that changed, one that went.

The worker is everybody's: each test puts its cards back.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import RenderFailed
from bot.engine.local import LocalExecutor
from bot.engine.seam import Loaded, LoadingModel
from bot.models.cards import ModelCard, card_for
from tests.kit.workers import attempt, cards_of, draw, free_worker, wait_until

pytestmark = pytest.mark.timeout(300)
STARTING_S = 240
Serve = Callable[[ModelCard], None]


@pytest.fixture
async def serve(studio: LocalExecutor, models: Path) -> AsyncIterator[Serve]:
    """Tells the worker of one model more than it knows."""
    await free_worker(studio, STARTING_S)
    known = cards_of(models)
    yield lambda card: studio.serve([asdict(one) for one in (*known, card)])
    studio.serve([asdict(one) for one in known])


@pytest.fixture
def dropped(models: Path, tmp_path: Path) -> ModelCard:
    """A model that was not there when the worker started."""
    shutil.copytree(models / "sd", tmp_path / "dropped")
    return card_for(str(tmp_path / "dropped"), {"revision": "1"})


async def seed(studio: LocalExecutor, model: str, job: str) -> tuple[bytes, bool]:
    """A picture of a model, and whether it had to be loaded for that."""
    asked = attempt(job, (0,), model=model, steps=1)
    drawn = await draw(studio, await free_worker(studio), asked)
    return drawn.images[0], bool(drawn.of(LoadingModel))


def state(studio: LocalExecutor, model: str) -> Any:
    return studio.workers()[0].models.get(model)


async def test_a_model_that_came_is_drawn_with_and_one_that_went_is_not(
    studio: LocalExecutor, serve: Serve, dropped: ModelCard
) -> None:
    with pytest.raises(RenderFailed, match="There is no model 'dropped-"):
        await seed(studio, dropped.id, "early")
    serve(dropped)
    _, loaded = await seed(studio, dropped.id, "first")
    assert loaded
    said = state(studio, dropped.id)
    assert isinstance(said, Loaded)
    assert (said.card["native"], said.card["revision"]) == (64, "1")
    serve(replace(dropped, id="another"))
    await wait_until(studio, lambda: state(studio, dropped.id) is None)
    with pytest.raises(RenderFailed, match="There is no model 'dropped-"):
        await seed(studio, dropped.id, "late")


async def test_a_model_whose_files_are_others_is_loaded_anew(
    studio: LocalExecutor, serve: Serve, dropped: ModelCard
) -> None:
    serve(dropped)
    before, _ = await seed(studio, dropped.id, "before")
    serve(replace(dropped, name="Renamed", steps=3))
    same, loaded = await seed(studio, dropped.id, "same")
    assert (same, loaded) == (before, False)
    _change(Path(dropped.source))
    serve(replace(dropped, revision="2"))
    after, loaded = await seed(studio, dropped.id, "after")
    assert loaded
    assert after != before
    assert state(studio, dropped.id).card["revision"] == "2"


async def test_a_model_that_failed_is_tried_again_when_its_files_are_others(
    studio: LocalExecutor, serve: Serve, dropped: ModelCard
) -> None:
    index = Path(dropped.source) / "model_index.json"
    whole = index.read_bytes()
    index.unlink()
    serve(dropped)
    with pytest.raises(RenderFailed, match=r"holds no model_index\.json"):
        await seed(studio, dropped.id, "damaged")
    index.write_bytes(whole)
    serve(replace(dropped, revision="2"))
    await wait_until(studio, lambda: state(studio, dropped.id) is None)
    _, loaded = await seed(studio, dropped.id, "mended")
    assert loaded


def _change(folder: Path) -> None:
    """Other weights of the same shapes: the bytes of every tensor in another order."""
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    data = file.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    numbers = data[start:]
    quads = [numbers[i : i + 4] for i in range(0, len(numbers), 4)]
    file.write_bytes(data[:start] + b"".join(reversed(quads)))
