"""Recipes as files: they come back as they were, and what is no recipe of ours is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.action import Action, Kind, Tile
from bot.domain.errors import InvalidPrompt, InvalidRecipe
from bot.domain.framing import Frame
from bot.domain.inputs import IMAGE, SOURCE, Input
from bot.domain.prompt import Prompt
from bot.domain.recipe import LARGEST, Drawer, Origins, Recipe
from bot.domain.request import GenerationRequest
from bot.domain.sampling import Sampling
from bot.domain.size import Size
from bot.domain.soundness import require_sound
from tests.domain.test_prompt import TYPED
from tests.kit import jobs

FEW = settings(max_examples=40)
TILE = Tile("a" * 32, 2)
FROM = Input(SOURCE, "b" * 64, TILE)
VARIED = replace(
    jobs.request(), inputs=(FROM,), sampling=Sampling(8, 3.0, strength=0.6), action=Action.VARY
)
LARGER = replace(VARIED, count=1, extra=(("upscale", ("subtle", 2)),))
FRAMED = replace(VARIED, frame=Frame(-8, 16, 64, 64))
RICH = replace(
    jobs.request(prompt=Prompt.parse("a fox::2 snow::-1 --no hats --ar 3:2 --chaos 20 --sref 7")),
    inputs=(Input(IMAGE, "c" * 64, weight=0.5),),
    extra=(
        ("chaos", 0.2), ("looks", ((7, 1.0),)), ("tile", True), ("loras", (("detail", 0.7),)),
        ("style", ("neon", "neon art of", "", "", ())), ("palette", (0.5,) * 10), ("stylize", -1.0),
    ),
)  # fmt: skip


def file_of(request: GenerationRequest, **more: Any) -> bytes:
    origins = Origins("d" * 32, 3, (("e" * 32, "vary"), ("f" * 32, "imagine")))
    drawer = Drawer("Tiny", "tiny.safetensors", "0123456789abcdef", "torch 2", "0.1.0")
    return Recipe(request, origins, drawer).file()


def changed(data: bytes, **values: Any) -> bytes:
    """By somebody who knows how the sum is made."""
    said = {**json.loads(data), **values}
    del said["check"]
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return json.dumps({**said, "check": hashlib.sha256(plain.encode()).hexdigest()}).encode()


@pytest.mark.parametrize("request_", [jobs.request(), VARIED, LARGER, FRAMED, RICH])
def test_a_recipe_comes_back_as_it_was(request_: GenerationRequest) -> None:
    data = file_of(request_)
    read = Recipe.read(data)
    assert read.request == request_
    assert (read.origins.picture, read.origins.lineage[0]) == (3, ("e" * 32, "vary"))
    assert (read.drawer.model, read.drawer.fingerprint) == ("Tiny", "0123456789abcdef")
    told = json.loads(data)
    assert told["prompt"] == str(request_.prompt)
    assert told["seeds"] == request_.seeds
    assert len(data.decode().splitlines()) > 20
    # However it is laid out it is the same.
    assert Recipe.read(json.dumps(told, separators=(",", ":")).encode()) == read


@FEW
@given(TYPED)
def test_what_a_prompt_says_is_sound(typed: str) -> None:
    try:
        prompt = Prompt.parse(typed)
    except InvalidPrompt:
        return
    request = replace(jobs.request(), prompt=prompt)
    assert Recipe.read(file_of(request)).request == request


@FEW
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_file_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(InvalidRecipe, match="no recipe of Easel's"):
        Recipe.read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def refusal(data: bytes) -> str:
    """What is said of a file; nothing where it is read."""
    try:
        Recipe.read(data)
    except InvalidRecipe as refused:
        return str(refused)
    return ""


@FEW
@given(st.sampled_from(sorted(json.loads(file_of(RICH)))), JSON)
def test_any_value_anywhere_is_read_or_refused(name: str, value: Any) -> None:
    said = refusal(changed(file_of(RICH), **({name: value} if name != "check" else {})))
    assert "\n" not in said


@FEW
@given(st.sampled_from(sorted(RICH.to_json())), JSON)
def test_any_value_in_a_request_is_read_or_refused(name: str, value: Any) -> None:
    said = refusal(changed(file_of(RICH), request={**RICH.to_json(), name: value}))
    assert "\n" not in said


@pytest.mark.parametrize("half", ["\ud800", "a \ude00\ud83d fox"])
def test_half_a_character_anywhere_is_refused(half: str) -> None:
    """SQLite and Discord take text alone."""
    request, model = RICH.to_json(), json.loads(file_of(RICH))["model"]
    for values in (
        {"prompt": half}, {half: 7}, {"model": {**model, "name": half}},
        {"lineage": [["e" * 32, half]]}, {"request": {**request, "model": half}},
        {"request": {**request, "prompt": {**request["prompt"], "text": half}}},
        {"request": {**request, "extra": {"style": ["neon", half, "", "", []]}}},
        {"request": {**request, "inputs": [{**request["inputs"][0], half: ""}]}},
    ):  # fmt: skip
        assert "no recipe of Easel's" in refusal(changed(file_of(RICH), **values))


def test_what_is_not_ours_or_not_of_this_version_is_said() -> None:
    data = file_of(RICH)
    for wrong, said in (
        (b"[" * 100_000, "no recipe of Easel's"),
        (b'{"prompt": "a fox"}', "no recipe of Easel's"),
        (b'{"format": "easel recipe", "version": NaN}', "no recipe of Easel's"),
        (b"{" + b" " * LARGEST + b"}", "has 256 KiB and a recipe at most 256"),
        (data.replace(b'"steps": 12', b'"steps": 13'), "changed since it was written"),
        (changed(data, version=2, easel="9.1"), "newer Easel .'9.1'.; this one reads version 1"),
        (changed(data, version="1"), "no recipe of Easel's"),
        (changed(data, request={}), "is damaged"),
        (changed(data, job="../../etc"), "is damaged"),
        (changed(data, lineage=7), "is damaged"),
    ):
        with pytest.raises(InvalidRecipe, match=said):
            Recipe.read(wrong)


WRONG: tuple[tuple[GenerationRequest, str], ...] = (
    (replace(VARIED, kind=Kind.EXTRACT), "what is drawn"),
    (replace(VARIED, action=Action.UPSCALE), "what is drawn"),
    (replace(VARIED, count=64), "what is drawn"),
    (replace(VARIED, count=0), "what is drawn"),
    (replace(VARIED, size=Size(0, 128)), "its size"),
    (replace(VARIED, size=Size(128, 1 << 20)), "its size"),
    (replace(VARIED, seed=-1), "its seed"),
    (replace(VARIED, seed=1 << 32), "its seed"),
    (replace(VARIED, sampling=Sampling(10**9, 3.0, strength=0.6)), "its sampling"),
    (replace(VARIED, sampling=Sampling(0, 3.0, strength=0.6)), "its sampling"),
    (replace(VARIED, sampling=Sampling(8, float("nan"), strength=0.6)), "its sampling"),
    (replace(VARIED, sampling=Sampling(8, 3.0, "os.system", 0.6)), "its sampling"),
    (replace(VARIED, sampling=Sampling(8, 3.0, strength=0.6, stop=0.0)), "its sampling"),
    (replace(VARIED, sampling=Sampling(8, 3.0)), "its pictures"),
    (replace(VARIED, inputs=()), "its pictures"),
    (replace(VARIED, inputs=(FROM, FROM)), "its pictures"),
    (replace(VARIED, inputs=(replace(FROM, digest=None),)), "its pictures"),
    (replace(VARIED, inputs=(replace(FROM, digest="../x"),)), "its pictures"),
    (replace(VARIED, inputs=(replace(FROM, tile=Tile("../x", 1)),)), "its pictures"),
    (replace(VARIED, inputs=(replace(FROM, role="backdoor"),)), "its pictures"),
    (replace(VARIED, inputs=(replace(FROM, weight=float("inf")),)), "its pictures"),
    (replace(FRAMED, frame=Frame(0, 0, 0, 8)), "its frame"),
    (replace(FRAMED, frame=Frame(500, 0, 8, 8)), "its frame"),
    (replace(FRAMED, frame=Frame(0, 0, 1 << 30, 8)), "its frame"),
    (replace(jobs.request(), frame=Frame(0, 0, 8, 8)), "its frame"),
    (replace(LARGER, extra=(("upscale", ("subtle", 9)),)), "its upscale"),
    (replace(LARGER, extra=(("upscale", 2),)), "its upscale"),
    (replace(LARGER, count=4), "how it is upscaled"),
    (replace(LARGER, frame=Frame(0, 0, 64, 64)), "how it is upscaled"),
    (replace(jobs.request(count=1), extra=LARGER.extra), "how it is upscaled"),
    (jobs.request(prompt=Prompt("a fox", (("steps", -5),))), "its prompt"),
    (jobs.request(prompt=Prompt("a fox", (("backdoor", 1),))), "its prompt"),
    (jobs.request(prompt=Prompt("x" * 13_000)), "its prompt"),
    (jobs.request(prompt=Prompt("x" * 13_000, parts=(("a", 1.0), ("b", 1.0)))), "its prompt"),
    (jobs.request(prompt=Prompt("a", parts=(("a", float("inf")),))), "its prompt"),
    (jobs.request(prompt=Prompt("a", parts=(("a", 10_001.0), ("b", 1.0)))), "its prompt"),
    (jobs.request(prompt=Prompt("a", parts=(("a", 1.0),) * 3000)), "its prompt"),
    (jobs.request(inputs=(Input(IMAGE, "c" * 64),) * 2000), "its pictures"),
    *(
        (jobs.request(extra=((name, value),)), f"its {name}")
        for name, value in (
            ("backdoor", True), ("chaos", 40), ("chaos", "x"), ("chaos", float("nan")),
            ("stylize", 1e9), ("stylize", -2.1), ("looks", ((7, 1e8),)),
            ("looks", ((7, 1),) * 9999), ("palette", (9.0,) * 10),
            ("looks", ((7, float("inf")),)), ("looks", 7), ("looks", ((-1, 1),)),
            ("palette", (0.5,) * 3), ("palette", "x"), ("tile", "yes"), ("hd", 1), ("speed", "now"),
            ("stealth", "no"), ("file", "exe"), ("style", ("a", "b" * 999, "", "", ())),
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize(("request_", "what"), WRONG)
def test_what_no_prompt_could_ask_for_is_named(request_: GenerationRequest, what: str) -> None:
    with pytest.raises(InvalidRecipe, match=f"no prompt can ask for: {what} makes no sense here"):
        require_sound(request_)
