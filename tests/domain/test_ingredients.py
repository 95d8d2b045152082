"""What pictures are made of, in words, and how two differ."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.action import Action, Tile
from bot.domain.framing import Frame
from bot.domain.ingredients import Difference, differences, ingredients
from bot.domain.inputs import IMAGE, SOURCE, Input
from bot.domain.prompt import Prompt
from bot.domain.request import GenerationRequest
from bot.domain.sampling import Sampling
from bot.domain.size import Size
from tests.kit import jobs

TILE = Tile("a" * 32, 2)
FOX = jobs.request()


def of(request: GenerationRequest) -> dict[str, str]:
    return ingredients(request, "Tiny", "torch 2")


def names(one: GenerationRequest, other: GenerationRequest) -> list[str]:
    return [each.name for each in differences(of(one), of(other))]


def test_everything_is_told_in_the_order_in_which_it_is_read() -> None:
    told = {name: value for name, value in of(FOX).items() if value}
    assert told == {
        "prompt": "a fox", "model": "Tiny", "size": "128×128", "pictures": "4", "steps": "12",
        "guidance": "3", "sampler": "default", "seed": "7", "engine": "torch 2",
    }  # fmt: skip
    assert list(told)[:3] == ["prompt", "model", "size"]


def test_one_change_is_one_difference() -> None:
    sampling, varied = FOX.sampling, FOX.vary(TILE, 7, 0.6)
    for other, name in (
        (jobs.request(prompt=Prompt("an owl")), "prompt"),
        (jobs.request(prompt=Prompt("a fox", (("no", ("hats",)),))), "left out"),
        (replace(FOX, size=Size(64, 128)), "size"),
        (replace(FOX, count=1), "pictures"),
        (replace(FOX, sampling=replace(sampling, steps=13)), "steps"),
        (replace(FOX, sampling=replace(sampling, guidance=3.5)), "guidance"),
        (replace(FOX, sampling=replace(sampling, sampler="ddim")), "sampler"),
        (replace(FOX, sampling=replace(sampling, stop=0.5)), "stop"),
        (replace(FOX, seed=8), "seed"),
        (replace(FOX, extra=(("chaos", 0.2),)), "chaos"),
        (replace(FOX, extra=(("stylize", -1.0),)), "stylize"),
        (replace(FOX, extra=(("looks", ((7, 1.0),)),)), "looks"),
        (replace(FOX, extra=(("tile", True),)), "tile"),
        (replace(FOX, extra=(("loras", (("detail", 0.7),)),)), "LoRAs"),
        (replace(FOX, extra=(("style", ("neon", "neon art of", "", "", ())),)), "style"),
        (replace(FOX, extra=(("palette", (0.5,) * 10),)), "colours of"),
        (replace(FOX, inputs=(Input(IMAGE, "c" * 64, weight=0.5),)), "looks at"),
    ):
        assert names(FOX, other) == names(other, FOX) == [name]
    typed = replace(FOX, extra=(("chaos", 0.2), ("weird", 0.5), ("exp", 0.07), ("stylize", 1.5)))
    assert [of(typed)[name] for name in ("chaos", "weird", "exp", "stylize")] == [
        "20", "1500", "7", "250",
    ]  # fmt: skip
    # What says nothing about pixels is no difference.
    assert names(FOX, replace(FOX, action=Action.REROLL, extra=(("speed", "turbo"),))) == []
    assert names(FOX, varied) == ["drawn from", "leaves it by"]
    assert names(varied, FOX.vary(replace(TILE, index=3), 7, 0.6)) == ["drawn from"]
    framed = replace(varied, frame=Frame(8, 8, 64, 64))
    assert differences(of(varied), of(framed)) == [Difference("old picture at", "", "8, 8: 64×64")]


def test_what_was_taken_out_tells_what_its_grid_was_drawn_from() -> None:
    source = Input(SOURCE, "b" * 64, TILE)
    varied = replace(FOX, inputs=(source,), sampling=Sampling(8, 3.0, strength=0.6))
    single = varied.upscale(Tile("d" * 32, 4))
    assert of(single)["drawn from"] == f"picture 2 of job {'a' * 32} (bbbbbbbb)"
    assert of(FOX.upscale(TILE))["drawn from"] == ""
    assert names(varied, single) == ["pictures", "seed"]
    uploaded = replace(varied, inputs=(replace(source, tile=None),))
    assert of(uploaded)["drawn from"] == "an upload (bbbbbbbb)"
