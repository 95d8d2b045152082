"""Whatever makes a picture, none leaves a worker without having been looked at."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import bot
from bot import imaging
from bot.domain.action import ACTIONS, Action, ActionSpec, Kind, Press, Target, Tile
from bot.domain.errors import RenderFailed
from bot.domain.inputs import Input
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.engine.local import LocalExecutor
from bot.engine.seam import SCORES, Attempt, Question
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.worker.safety import Checker
from tests.kit import workers
from tests.kit.runs import MASK, SOURCE
from tests.kit.workers import draw, free_worker

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
NAMES = {hashlib.sha256(data).hexdigest(): data for data in (SOURCE, MASK)}
SOURCE_ID, MASK_ID = NAMES
GRID, WIDE = Tile("a" * 32, 1), Size(64, 48)
CARD = replace(EMBEDDED_CARD, native=64, steps=1)


def single(size: Size = WIDE) -> GenerationRequest:
    """A picture that was taken out of its grid, small and of another shape than a square."""
    fresh = replace(requests.imagine(CARD, "a fox --seed 7"), size=size)
    return replace(fresh.upscale(GRID), size=size)


def pressed(spec: ActionSpec) -> GenerationRequest:
    """What the button of an action asks for."""
    parent = replace(single(), inputs=()) if spec.target is Target.JOB else single()
    tile = GRID if spec.target is Target.TILE else Tile(GRID.job, 0)
    argument = Size(48, 32).code if spec.code is Action.SMALLER else ""
    if spec.code is Action.REDO:
        parent = replace(
            single(), inputs=(*single().inputs, Input("origin", SOURCE_ID)),
            sampling=replace(single().sampling, strength=0.5),
        )  # fmt: skip
    mask = MASK_ID if spec.code is Action.VARY_REGION else None
    return requests.pressed(CARD, parent, Press(spec.code, tile, argument, mask=mask))


def typed(action: Action) -> GenerationRequest:
    fresh = replace(requests.imagine(CARD, "a fox"), size=Size(64, 64))
    if action is Action.EDIT:
        return requests.started(CARD, fresh, SOURCE_ID, MASK_ID)
    return fresh


ROADS: Mapping[Action, ActionSpec] = {
    code: spec for code, spec in ACTIONS.items() if spec.kind is Kind.DRAW
}


def attempt(request: GenerationRequest, model: str = EMBEDDED_CARD.id) -> Attempt:
    tiles = {each.tile: SOURCE_ID for each in request.inputs if each.tile}
    known = request.identified(tiles)
    named = {each.digest: NAMES[each.digest] for each in known.inputs if each.digest}
    return Attempt("job", 1, model, tuple(range(request.count)), known.wire() | {"steps": 1}, named)


@functools.cache
def checker() -> Checker:
    """The classifier in the box, in this process."""
    return Checker("")


async def scored(executor: LocalExecutor, one: Attempt) -> None:
    """Every picture has the score that the classifier in the box gives its pixels."""
    drawn = await draw(executor, await free_worker(executor), one)
    assert drawn.images.keys() == set(one.indices)
    assert drawn.scores == {
        index: checker().examined(imaging.decode(data)) for index, data in drawn.images.items()
    }


@pytest.mark.parametrize("code", ROADS)
async def test_every_action_draws_pictures_that_were_looked_at(
    studio: LocalExecutor, code: Action
) -> None:
    spec = ROADS[code]
    request = pressed(spec) if spec.derive else typed(code)
    fewer = request if code is Action.IMAGINE else replace(request, count=min(2, request.count))
    await scored(studio, attempt(fewer))


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("sdxl", {}),
        ("panorama", {}),  # drawn by the pipeline's own loop
        ("alone.safetensors", {"source": SOURCE_ID, "strength": 0.5}),
    ],
)
async def test_so_does_every_form_of_a_model(
    studio: LocalExecutor, model: str, changes: dict[str, object]
) -> None:
    one = workers.attempt("one", (0, 1), model=model, steps=1, seeds=[1, 2], count=2, **changes)
    await scored(studio, replace(one, inputs=NAMES if changes else {}))


async def test_what_an_earlier_attempt_left_over_is_looked_at_too(studio: LocalExecutor) -> None:
    one = workers.attempt("left", (1, 3), steps=1)
    await scored(studio, one)


async def test_files_that_somebody_sent_are_looked_at_while_a_worker_draws(
    studio: LocalExecutor,
) -> None:
    worker = await free_worker(studio)
    answer = await studio.ask(worker.id, Question(SCORES, "", {}, (SOURCE, MASK)))
    pictures = map(imaging.decode, (SOURCE, MASK))
    assert answer == {"scores": [checker().examined(each) for each in pictures]}
    with pytest.raises(RenderFailed, match="no picture") as told:
        await studio.ask(worker.id, Question(SCORES, "", {}, (b"text",)))
    assert told.value.code == "bad_input"


def test_there_is_one_way_out_of_a_worker() -> None:
    """Only what encodes pictures says any."""
    saying = []
    for path in sorted((Path(bot.__file__).parent / "worker").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "bot.engine.seam"
            ):
                saying += [path.stem for name in node.names if name.name in ("Image", "Images")]
    assert saying == ["encoding"]
