"""What parameters do, seen in pictures of the embedded model: from the prompt as it is typed to its
pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
import torch

from bot.engine.seam import Attempt
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.worker import pipelines
from bot.worker.library import Library
from bot.worker.model import Model
from bot.worker.runs import SteppedRun
from tests.kit.runs import Heard

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
FOX, HOUSE, CAR = "a fox in the forest", "a house on the beach", "a blue car"
CARD = dataclasses.replace(EMBEDDED_CARD, steps=4)


@pytest.fixture(scope="module")
def embedded() -> Model:
    pipelines.hush()
    pipeline = pipelines.open_pipeline(EMBEDDED_CARD, torch.float32, Library())
    return Model(pipeline, EMBEDDED_CARD, torch.float32)


def begun(model: Model, prompt: str, count: int, **changes: Any) -> SteppedRun:
    request = requests.imagine(CARD, f"{prompt} --seed 5")
    wire = request.wire() | {"count": count} | changes
    heard = Heard()
    attempt = Attempt("job", 1, CARD.id, tuple(range(count)), wire, {})
    return SteppedRun(model, attempt, heard.emit, heard.cancelled)


DRAWN: dict[Any, np.ndarray] = {}
"""The same for all tests here."""


def drawn(model: Model, prompt: str, count: int = 1, **changes: Any) -> np.ndarray:
    """(count, height, width, 3) from 0 to 255."""
    key = prompt, count, *changes.items()
    if key not in DRAWN:
        run = begun(model, prompt, count, **changes)
        while not run.done:
            run.step_with([])
        DRAWN[key] = np.stack([np.asarray(each, np.float32) for each in run.pictures()])
    return DRAWN[key]


def red(pictures: np.ndarray) -> float:
    """How much redder than anything else."""
    return float((pictures[..., 0] - pictures[..., 1:].max(-1)).clip(0).mean())


def far(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def spread(pictures: np.ndarray) -> float:
    return float(np.mean([far(*pair) for pair in combinations(pictures, 2)]))


def sharpness(pictures: np.ndarray) -> float:
    """How far neighbours are from the middle of theirs."""
    return sum(float(np.abs(np.diff(pictures, 2, axis)).mean()) for axis in (1, 2))


def rising(numbers: Sequence[float]) -> bool:
    return all(1.15 * one < other for one, other in pairwise(numbers))


@pytest.mark.parametrize("guidance", [3.0, 0.0])
def test_what_is_left_out_is_less(embedded: Model, guidance: float) -> None:
    plain, without, weighted, more = (
        red(drawn(embedded, prompt, 2, guidance=guidance, steps=5))
        for prompt in (
            "a red car", "a red car --no red", "a red car::1 red::-0.5", "a red car --no red, pink",
        )
    )  # fmt: skip
    assert without < 0.8 * plain
    assert more < 0.8 * plain
    assert weighted == without


def test_a_stronger_wish_to_leave_out_leaves_out_more(embedded: Model) -> None:
    reds = [
        red(drawn(embedded, f"a red car{behind}", 2, guidance=0.0, steps=5))
        for behind in ("", "::1 red::-0.2", "::1 red::-0.5")
    ]
    assert reds[0] > reds[1] > reds[2]


def test_the_heavier_part_shows_more(embedded: Model) -> None:
    snow, meadow = "a house in the snow", "a house in a meadow"
    ends = [drawn(embedded, each) for each in (snow, meadow)]
    shares = []
    for prompt in (f"{snow}::4 {meadow}", f"{snow}:: {meadow}", f"{snow} :: {meadow}::4"):
        to_snow, to_meadow = (far(drawn(embedded, prompt), end) for end in ends)
        shares.append(to_snow / (to_snow + to_meadow))
    assert shares[0] < shares[1] - 0.1
    assert shares[1] < shares[2] - 0.1


def test_chaos_spreads_the_pictures(embedded: Model) -> None:
    plain, some, most = (
        drawn(embedded, f"{FOX}{chaos}", 4) for chaos in ("", " --chaos 50", " --chaos 100")
    )
    assert rising([spread(plain), spread(some), spread(most)])
    assert np.array_equal(drawn(embedded, FOX), drawn(embedded, f"{FOX} --chaos 0"))


@pytest.mark.parametrize(
    ("name", "values"),
    [("weird", (0, 300, 1000, 3000)), ("stylize", (100, 200, 400, 1000)), ("exp", (0, 30, 100))],
)
def test_more_of_it_is_further_away(embedded: Model, name: str, values: Sequence[int]) -> None:
    plain = drawn(embedded, HOUSE)
    fars = [far(drawn(embedded, f"{HOUSE} --{name} {value}"), plain) for value in values]
    assert fars[0] == 0
    assert rising(fars)
    assert fars[-1] > 15


def test_raw_is_the_other_way(embedded: Model) -> None:
    plain, more, raw, none = (
        drawn(embedded, f"{HOUSE}{behind}")
        for behind in ("", " --stylize 300", " --raw", " --stylize 0")
    )
    assert np.array_equal(raw, none)
    assert far(raw, plain) > 2
    assert ((raw - plain) * (more - plain)).mean() < 0


def test_strong_taste_is_not_broken(embedded: Model) -> None:
    strong = drawn(embedded, f"{FOX} --stylize 1000 --exp 100 --sref 7")
    assert 15 < strong.std() < 110


def likeness(pictures: np.ndarray) -> np.ndarray:
    """Colours, and how rough they are, with no regard to what is where."""
    flat = pictures.reshape(-1, 3)
    rough = np.abs(np.diff(pictures, axis=1)).mean((0, 1, 2))
    return np.concatenate([flat.mean(0), flat.std(0), 4 * rough])


def test_a_number_is_one_look_whatever_is_drawn(embedded: Model) -> None:
    """As what it changes of the picture without."""
    changed = {
        (subject, number): likeness(drawn(embedded, f"{subject} --sref {number}"))
        - likeness(drawn(embedded, subject))
        for subject in (HOUSE, CAR)
        for number in (7, 8)
    }
    same = [np.linalg.norm(changed[HOUSE, n] - changed[CAR, n]) for n in (7, 8)]
    other = [np.linalg.norm(changed[each, 7] - changed[each, 8]) for each in (HOUSE, CAR)]
    assert np.mean(same) < np.mean(other)


def test_a_look_is_as_strong_as_its_weight(embedded: Model) -> None:
    plain = drawn(embedded, HOUSE)
    fars = [
        far(drawn(embedded, f"{HOUSE} --sref 7 --sw {weight}"), plain) for weight in (30, 60, 100)
    ]
    assert rising(fars)
    assert np.array_equal(drawn(embedded, f"{HOUSE} --sref 7 --sw 0"), plain)


def test_who_stops_early_has_a_softer_picture_sooner(embedded: Model) -> None:
    some, half, whole = (
        drawn(embedded, f"{HOUSE} --stop {stop}", steps=8) for stop in (25, 50, 100)
    )
    assert sharpness(some) < sharpness(half) < sharpness(whole)
    assert far(half, whole) < 25
    assert begun(embedded, f"{HOUSE} --stop 50", 1, steps=8).left == 4


def test_words_beyond_the_encoders_end_are_read(embedded: Model) -> None:
    usual = (
        "beautiful masterpiece, best quality, highly detailed, trending on artstation, epic, cool"
    )
    long = f"{HOUSE}, {usual}, lovely, please"
    drawings = [drawn(embedded, f"{long}{end}") for end in ("", ", neon", ", neon --no red")]
    assert drawings[1].mean() < drawings[0].mean() - 15
    assert far(drawings[1], drawings[2]) > 1


def test_a_draft_asks_the_network_half_as_often(embedded: Model) -> None:
    asked: list[int] = []

    def count(_network: Any, _given: Any) -> None:
        asked.append(1)

    counts = []
    hook = embedded.pipeline.unet.register_forward_pre_hook(count)
    try:
        for prompt in ("a red car", "a red car --draft"):
            asked.clear()
            run = begun(embedded, prompt, 1)
            while not run.done:
                run.step_with([])
            counts.append(len(asked))
    finally:
        hook.remove()
    assert counts == [CARD.steps, CARD.steps / 2]
