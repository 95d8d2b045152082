"""What a worker does around its engine: words about loading, uploads, ends that are said once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import imaging
from bot.domain.errors import Cancelled
from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.local import LocalExecutor
from bot.engine.seam import Begun, Done, Images, LoadingModel, Upload
from bot.worker.attempts import Attempts
from tests.kit.workers import attempt, draw, free_worker, simulated


@pytest.fixture(scope="module")
async def gpu() -> Any:
    async with simulated(step_seconds=0) as executor:
        yield executor


async def test_the_picture_to_be_posted_comes_after_the_tiles(gpu: LocalExecutor) -> None:
    asked = replace(attempt("posted", recipe={"text": "a fox", "seed": 7}), upload_limit=1 << 20)
    drawn = await draw(gpu, await free_worker(gpu), asked)
    assert [type(event) for event in drawn.events[-3:]] == [Images, Upload, Done]
    (upload,) = drawn.of(Upload)
    assert (upload.extension, upload.lossless) == ("webp", True)
    assert imaging.read_recipe(upload.data) == {
        "text": "a fox", "seed": 7, "job": "posted", "engine": "simulated",
    }  # fmt: skip
    tiles = [imaging.decode(drawn.images[index]) for index in range(4)]
    assert imaging.decode(upload.data).tobytes() == imaging.compose(tiles).tobytes()


async def test_the_picture_to_be_posted_is_of_the_kind_that_is_asked_for(
    gpu: LocalExecutor,
) -> None:
    asked = replace(attempt("exact", recipe={}, file="png"), upload_limit=1 << 20)
    (upload,) = (await draw(gpu, await free_worker(gpu), asked)).of(Upload)
    assert (upload.extension, upload.lossless) == ("png", True)
    assert imaging.decode(upload.data).size == (128, 128)


async def test_the_picture_to_be_posted_keeps_to_the_limit(gpu: LocalExecutor) -> None:
    asked = replace(attempt("small", width=512, height=512, recipe={}), upload_limit=2000)
    (upload,) = (await draw(gpu, await free_worker(gpu), asked)).of(Upload)
    assert len(upload.data) <= 2000
    hopeless = replace(asked, job="hopeless", upload_limit=10)
    drawn = await draw(gpu, await free_worker(gpu), hopeless)
    assert (len(drawn.images), drawn.of(Upload)) == (4, [])


@pytest.mark.parametrize(("limit", "indices"), [(0, (0, 1, 2, 3)), (1 << 20, (1, 3))])
async def test_no_picture_is_posted_unasked_or_in_part(
    gpu: LocalExecutor, limit: int, indices: tuple[int, ...]
) -> None:
    asked = replace(attempt("plain", indices), upload_limit=limit)
    drawn = await draw(gpu, await free_worker(gpu), asked)
    assert sorted(drawn.images) == list(indices)
    assert drawn.of(Upload) == []


class Heard:
    """The frames that a book of attempts sent."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.attempts = Attempts(self.frames.append)

    @property
    def words(self) -> list[str]:
        """Text of what is said about loading, and the kinds of everything else."""
        events = [
            frames.unpack_event(frame) if frame.kind == "event" else frame.data["outcome"]
            for frame in self.frames
        ]
        return [one.text if isinstance(one, LoadingModel) else str(one) for one in events]


KEY = ("job", 1)


def test_who_comes_while_a_model_is_loaded_is_told_and_later_ones_are_not() -> None:
    heard = Heard()
    heard.attempts.loading("loading a model")
    heard.attempts.add(KEY)
    assert heard.words == ["loading a model"]
    heard.attempts.loading("fetching it")
    assert heard.words == ["loading a model", "fetching it"]
    heard.attempts.begin(KEY)
    heard.attempts.loading("loading another")
    heard.attempts.loading("")
    heard.attempts.add(("next", 1))
    assert heard.words == ["loading a model", "fetching it"]


def test_an_attempt_ends_once_and_says_nothing_afterwards() -> None:
    heard = Heard()
    heard.attempts.add(KEY)
    heard.attempts.cancel(KEY)
    heard.attempts.end(KEY, "done")
    heard.attempts.say(KEY, Begun())
    assert heard.words == ["cancelled"]
    with pytest.raises(Cancelled):
        heard.attempts.begin(KEY)


def test_what_is_being_drawn_is_cancelled_by_its_drawing() -> None:
    heard = Heard()
    heard.attempts.add(KEY)
    heard.attempts.begin(KEY)
    heard.attempts.cancel(KEY)
    assert heard.words == []
    assert heard.attempts.cancelled(KEY)
    assert not heard.attempts.drawn(KEY)
