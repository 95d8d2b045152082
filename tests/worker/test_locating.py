"""Where a word is in a picture, by what U-Nets attend to."""

from __future__ import annotations

import functools
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.engine.seam import PLACE, Attempt, Question
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.worker import masks
from bot.worker.answers import answer
from bot.worker.diffusion import DiffusionEngine
from bot.worker.locating import Noting
from bot.worker.model import Model
from tests.kit import flows
from tests.kit.pipelines import card, stable_diffusion, stable_diffusion_xl, unet
from tests.kit.runs import SOURCE

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@functools.cache
def boxed() -> DiffusionEngine:
    engine = DiffusionEngine({EMBEDDED_CARD.id: EMBEDDED_CARD}, device="cpu")
    engine.load(EMBEDDED_CARD.id, lambda text: None)
    return engine


def result(working: Generator[None, None, Any]) -> tuple[Any, int]:
    """The answer, and in how many pieces it was found."""
    pieces = 1
    while True:
        try:
            next(working)
            pieces += 1
        except StopIteration as done:
            return done.value, pieces


def place(model: Model, picture: bytes, text: str, thing: str) -> Any:
    asked = {"text": text, "thing": thing}
    said, pieces = result(answer(model, Question(PLACE, model.card.id, asked, (picture,))))
    assert pieces > 3  # others draw in between
    return np.asarray(said["place"])


def mask_of(grid: Any, size: tuple[int, int]) -> Any:
    return np.asarray(masks._found(grid.tolist(), size, "it")) > 127


@functools.cache
def pair() -> tuple[Image.Image, Any, Any]:
    """An apple and a banana on blue as the model in the box draws them, and where these are by
    their colours."""
    engine = boxed()
    made = requests.imagine(
        EMBEDDED_CARD, "a red apple and a yellow banana on a blue background --seed 3"
    )
    given = Attempt("job", 1, EMBEDDED_CARD.id, (0,), made.wire(), {})
    run = engine.begin(given, lambda _: None, lambda: False)
    while not run.done:
        engine.step([run])
    picture = engine.retire(run)[0]
    pixels = np.asarray(picture, dtype=float)
    red, green, blue = (pixels[..., band] for band in range(3))
    banana = (red > 150) & (green > 120) & (blue < 160)
    apple = (red > blue + 20) & ~banana
    apple[:, 64:], banana[:, :64] = False, False
    return picture, apple, banana


@pytest.mark.parametrize("thing", ["apple", "banana"])
def test_a_word_finds_its_thing_and_not_the_other(thing: str) -> None:
    picture, *things = pair()
    model = boxed()._models[EMBEDDED_CARD.id]
    mine, other = things if thing == "apple" else reversed(things)
    text = "a red apple and a yellow banana on a blue background"
    found = mask_of(place(model, imaging.encode_tile(picture), text, thing), picture.size)
    chance = found.mean()
    assert found[mine].mean() > max(0.75, 2 * chance)
    assert found[other].mean() < 0.2
    overlap = (found & mine).sum() / (found | mine).sum()
    by_chance = chance * mine.mean() / (chance + mine.mean() - chance * mine.mean())
    assert overlap > 3 * by_chance


def test_a_thing_that_the_prompt_does_not_name_is_looked_for_alone() -> None:
    picture, apple, _ = pair()
    model = boxed()._models[EMBEDDED_CARD.id]
    found = mask_of(place(model, imaging.encode_tile(picture), "two fruits", "apple"), picture.size)
    assert found[apple].mean() > 1.5 * found.mean()


def test_attention_is_as_it_was_afterwards() -> None:
    model = boxed()._models[EMBEDDED_CARD.id]
    assert model.family
    before = dict(model.pipeline.unet.attn_processors)
    place(model, imaging.encode_tile(pair()[0]), "a fox", "fox")
    after = model.pipeline.unet.attn_processors
    assert {name: id(each) for name, each in before.items()} == {
        name: id(each) for name, each in after.items()
    }
    assert not any(isinstance(each, Noting) for each in after.values())


@pytest.mark.parametrize(
    "make",
    [stable_diffusion, stable_diffusion_xl, lambda: stable_diffusion(unet=unet(in_channels=9))],
    ids=["sd", "sdxl", "sd of nine channels"],
)
def test_every_kind_of_unet_says_a_place(make: Any) -> None:
    model = Model(make(), card("tiny"), torch.float32)
    assert model.capabilities.locates
    grid = place(model, SOURCE, "a fox " * 60, "fox")
    assert grid.shape[0] == grid.shape[1]
    assert (grid.min(), grid.max()) == (0.0, 1.0)


def test_others_say_that_they_cannot() -> None:
    model = Model(flows.flux(), card("tiny"), torch.float32)
    assert not model.capabilities.locates
    with pytest.raises(RenderFailed, match="cannot find things by a word") as refused:
        place(model, SOURCE, "a fox", "fox")
    assert refused.value.code == "bad_input"


def test_what_is_no_picture_is_bad_input() -> None:
    with pytest.raises(RenderFailed, match="no picture that can be read"):
        place(boxed()._models[EMBEDDED_CARD.id], b"nothing", "a fox", "fox")
