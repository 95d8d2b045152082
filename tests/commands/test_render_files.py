"""`easel render`: how many pictures, their files, those drawn again, those to start from,
with workers that draw by themselves."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from bot import imaging
from bot.commands.render import render
from bot.commands.subject import Order
from bot.domain.action import Action, Press, Tile
from bot.domain.errors import EaselError, InvalidPrompt, InvalidRecipe, RenderFailed, Unable
from bot.domain.infotext import infotext
from bot.domain.inputs import IMAGE, STYLE, Input
from bot.domain.recipe import Drawer, Origins, Recipe
from bot.domain.request import GenerationRequest
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.service.choice import Choice
from bot.settings import Settings
from bot.storage.files import ImageStore
from tests.kit.executor import ENGINE, FakeExecutor, Run, colour, picture


class Lasting(FakeExecutor):
    """Serves one command after the other."""

    async def close(self, drain_s: float = 0) -> None:
        """Its worker stays."""


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> FakeExecutor:
    one = Lasting(1, automatic=True, models=("embedded", "some/hub-model"))
    monkeypatch.setattr("bot.commands.render.local_executor", lambda *_: one)
    return one


def at(executor: FakeExecutor, run: int) -> tuple[tuple[int, ...], int]:
    """What a worker was asked for: the pictures, and of how many."""
    attempt = executor.runs[run].attempt
    return attempt.indices, attempt.request["count"]


def recipe_in(path: Path) -> dict[str, Any]:
    found = imaging.read_recipe(path.read_bytes())
    assert found is not None
    return found


def colours(path: Path) -> list[Any]:
    """Of each tile of a file."""
    with Image.open(path) as image:
        return [
            image.getpixel((left + 8, top + 8))
            for top in range(0, image.height, 16)
            for left in range(0, image.width, 16)
        ]


# How many


async def test_six_pictures_are_drawn_in_rounds_and_make_a_fitting_grid(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    choice = Choice(count=6)
    await render(Settings(), Order("a red fox --seed 7", choice=choice, out=tmp_path))
    assert [at(executor, run) for run in (0, 1)] == [((0, 1, 2, 3), 4), ((0, 1), 2)]
    made = requests.imagine(EMBEDDED_CARD, "a red fox --seed 7")
    expected = [colour(seed) for seed in choice.applied(EMBEDDED_CARD, made).seeds]
    with Image.open(tmp_path / "grid-00000.png") as grid:
        assert grid.size == (48, 32)
    assert colours(tmp_path / "grid-00000.png") == expected
    assert [colours(tmp_path / f"0000{n}.png") for n in range(6)] == [[one] for one in expected]


async def test_one_picture_needs_no_grid_and_others_can_do_without(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    await render(Settings(), Order("a fox", choice=Choice(count=1), out=tmp_path))
    await render(Settings(), Order("a fox", choice=Choice(count=2), out=tmp_path, grid=False))
    assert sorted(os.listdir(tmp_path)) == ["00000.png", "00001.png", "00002.png"]


async def test_other_tools_read_what_each_file_shows(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    await render(Settings(), Order("a fox --seed 7", out=tmp_path, choice=Choice(sampler="plms")))
    request = GenerationRequest.from_json(recipe_in(tmp_path / "grid-00000.png"))
    for name, number in (("grid-00000.png", 1), ("00002.png", 3)):
        with Image.open(tmp_path / name) as image:
            said = image.info["parameters"]
        assert said == infotext(recipe_in(tmp_path / name))
        assert f"Steps: 25, Sampler: PLMS, CFG scale: 3, Seed: {request.seeds[number - 1]}" in said


async def test_another_model_is_drawn_by_its_own_values(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    settings = Settings(model="embedded", model_steps=5)
    await render(settings, Order("a fox", model="some/hub-model", out=tmp_path))
    attempt = executor.runs[0].attempt
    assert (attempt.model, attempt.request["steps"]) == ("some/hub-model", 30)


@pytest.mark.parametrize("interrupted", [False, True])
async def test_what_is_finished_before_it_ends_too_early_stays(
    executor: FakeExecutor, tmp_path: Path, capsys: pytest.CaptureFixture[str], interrupted: bool
) -> None:
    order = Order("a fox", choice=Choice(count=12), out=tmp_path)
    rendering = asyncio.create_task(render(Settings(), order))

    def begun(run: Run) -> None:
        if len(executor.runs) == 3:
            executor.automatic = False
            rendering.cancel() if interrupted else run.put(RenderFailed("broken", "It broke."))

    executor.on_start = begun
    with pytest.raises(asyncio.CancelledError if interrupted else EaselError):
        await rendering
    out, err = capsys.readouterr()
    paths = [tmp_path / f"0000{number}.png" for number in range(8)]
    assert sorted(os.listdir(tmp_path)) == [path.name for path in paths]
    assert out.splitlines() == [*map(str, paths)]
    assert "the 8 files above were finished" in err
    assert recipe_in(paths[5])["picture"] == 6


async def test_a_folder_that_takes_no_files_is_said_before_anything_is_drawn(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/outputs")):
        with pytest.raises(EaselError, match="cannot be written: "):
            await render(Settings(), Order("a fox", out=out))
    assert executor.runs == []


# Again


async def test_a_single_file_brings_its_picture_again_in_the_same_company(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    """All of the round that it was drawn in: elsewhere it would differ by a bit here and there."""
    choice = Choice(count=6, steps=5, guidance=2.0)
    await render(Settings(), Order("a fox --ar 3:2", choice=choice, out=tmp_path))
    await render(Settings(), Order(recipe=tmp_path / "00005.png", out=tmp_path / "again"))
    first, again = executor.runs[1].attempt, executor.runs[2].attempt
    assert again.indices == first.indices == (0, 1)
    assert again.request == first.request
    assert os.listdir(tmp_path / "again") == ["00000.png"]
    assert recipe_in(tmp_path / "again" / "00000.png") == recipe_in(tmp_path / "00005.png")


async def test_a_grid_brings_them_all_and_what_is_chosen_changes(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    await render(Settings(), Order("a fox", out=tmp_path))
    again = Order(recipe=tmp_path / "grid-00000.png", out=tmp_path, choice=Choice(steps=5))
    await render(Settings(), again)
    first, second = (run.attempt.request for run in executor.runs)
    assert second["seeds"] == first["seeds"]
    assert (first["steps"], second["steps"]) == (8, 5)


async def test_a_variation_is_drawn_from_the_picture_that_the_bot_keeps(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    source, tile = picture(7), Tile("ab" * 16, 2)
    digests = await ImageStore(tmp_path / "data" / "images").write({tile: source})
    varied = requests.imagine(EMBEDDED_CARD, "a fox").vary(tile, 9, 0.5).identified(digests)
    posted = tmp_path / "posted.webp"
    posted.write_bytes(imaging.encode(imaging.decode(source), 1 << 20, varied.recipe()).data)
    settings = Settings(data_dir=tmp_path / "data")
    await render(settings, Order(recipe=posted, out=tmp_path / "out"))
    attempt = executor.runs[0].attempt
    assert attempt.inputs == {digests[tile]: source}
    assert (attempt.request["source"], attempt.request["strength"]) == (digests[tile], 0.5)
    with pytest.raises(Unable, match=r"drawn from another picture.*--init"):
        await render(
            replace(settings, data_dir=tmp_path / "other"), Order(recipe=posted, out=tmp_path)
        )


async def test_what_grew_is_drawn_around_the_picture_that_the_bot_keeps(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    source, tile = picture(7), Tile("ab" * 16, 2)
    digests = await ImageStore(tmp_path / "data" / "images").write({tile: source})
    made = requests.imagine(EMBEDDED_CARD, "a fox")
    grown = requests.pressed(EMBEDDED_CARD, made, Press(Action.PAN_UP, tile)).identified(digests)
    single = grown.upscale(Tile("cd" * 16, 3))
    settings = Settings(data_dir=tmp_path / "data")
    for number, request in enumerate((grown, single)):
        posted = tmp_path / f"{number}.webp"
        posted.write_bytes(imaging.encode(imaging.decode(source), 1 << 20, request.recipe()).data)
        await render(settings, Order(recipe=posted, out=tmp_path / "out"))
    whole, one = (run.attempt.request for run in executor.runs)
    assert (whole["frame"], whole["height"]) == ([0, 64, 128, 128], 192)
    assert one["seeds"] == whole["seeds"][2:3]
    assert {**one, "seeds": [], "recipe": {}, "count": 4} == {**whole, "seeds": [], "recipe": {}}
    assert [run.attempt.inputs for run in executor.runs] == [{digests[tile]: source}] * 2
    # Elsewhere it has to be named, and lies in the frame as it is.
    elsewhere = replace(settings, data_dir=tmp_path / "other")
    with pytest.raises(Unable, match=r"drawn from another picture.*--init"):
        await render(elsewhere, Order(recipe=tmp_path / "1.webp", out=tmp_path))
    init, mask = covering(tmp_path)
    named = Order(recipe=tmp_path / "0.webp", init=init, out=tmp_path)
    await render(elsewhere, named)
    again = executor.runs[2].attempt
    assert imaging.decode(again.inputs[again.request["source"]]).size == (64, 64)
    assert (again.request["frame"], again.request["strength"]) == (whole["frame"], 0.6)
    with pytest.raises(InvalidPrompt, match="leave out the `--mask`"):
        await render(elsewhere, replace(named, mask=mask))
    smaller = replace(named, choice=Choice(width=64, height=96))
    await render(elsewhere, smaller)
    assert executor.runs[3].attempt.request["frame"] == [0, 32, 64, 64]


async def test_what_was_upscaled_grows_from_the_picture_as_it_was(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    made = requests.imagine(EMBEDDED_CARD, "a fox")
    tile = Tile("ab" * 16, 2)
    larger = requests.pressed(EMBEDDED_CARD, made, Press(Action.UPSCALE_SUBTLE, tile))
    posted, before = tmp_path / "posted.png", tmp_path / "before.png"
    shown = Image.linear_gradient("L").resize(made.size.sides).convert("RGB")
    shown.save(before)
    posted.write_bytes(imaging.encode_png(shown, larger.recipe()).data)
    await render(Settings(), Order(recipe=posted, init=before, out=tmp_path))
    attempt = executor.runs[0].attempt
    assert (attempt.request["width"], attempt.request["height"]) == larger.size.sides
    grown = imaging.decode(attempt.inputs[attempt.request["source"]])
    assert grown.tobytes() == shown.tobytes()


async def test_pictures_that_were_prompts_keep_their_roles_and_weights(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    inputs = Input(IMAGE, "aa" * 32, weight=0.3), Input(STYLE, "bb" * 32, weight=2.0)
    blended = replace(requests.imagine(EMBEDDED_CARD, "a fox"), inputs=inputs)
    posted, (seen, _) = tmp_path / "posted.png", covering(tmp_path)
    posted.write_bytes(imaging.encode_png(Image.new("RGB", (8, 8)), blended.recipe()).data)
    again = Order(recipe=posted, images=[(seen, None), (seen, 0.5)], out=tmp_path)
    await render(Settings(), again)
    recipe = executor.runs[0].attempt.request["recipe"]
    assert [(each["role"], each["weight"]) for each in recipe["inputs"]] == [
        (IMAGE, 0.3), (STYLE, 0.5),
    ]  # fmt: skip
    with pytest.raises(Unable, match="with 2 pictures as prompts: name as many"):
        await render(Settings(), replace(again, images=[(seen, None)]))


async def test_the_file_that_the_bot_gives_is_drawn_by(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    made = requests.imagine(EMBEDDED_CARD, "a fox")
    given = Recipe(made, Origins(picture=3), Drawer(engine="openvino 1 bf16")).file()
    (tmp_path / "recipe.json").write_bytes(given)
    await render(Settings(), Order(recipe=tmp_path / "recipe.json", out=tmp_path / "out"))
    assert executor.runs[0].attempt.request["seeds"] == made.seeds
    assert recipe_in(tmp_path / "out" / "00000.png")["picture"] == 3
    (tmp_path / "recipe.json").write_bytes(given.replace(b"fox", b"dog"))
    with pytest.raises(InvalidRecipe, match="was changed since"):
        await render(Settings(), Order(recipe=tmp_path / "recipe.json", out=tmp_path))


async def test_it_is_said_where_what_is_drawn_again_is_not_the_same_to_the_bit(
    executor: FakeExecutor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = requests.imagine(EMBEDDED_CARD, "a fox")

    async def said(recipe: dict[str, Any], **more: Any) -> str:
        posted = tmp_path / "posted.png"
        posted.write_bytes(imaging.encode_png(Image.new("RGB", (8, 8)), recipe).data)
        await render(Settings(), Order(recipe=posted, out=tmp_path, **more))
        return capsys.readouterr().err

    elsewhere = made.recipe() | {"engine": "openvino 1 bf16"}
    words = f"This was drawn by openvino 1 bf16, and now by {ENGINE}"
    assert words in await said(elsewhere)
    assert words not in await said(elsewhere, choice=Choice(steps=5))
    assert "differ" not in await said(made.recipe() | {"engine": ENGINE})
    taken = made.upscale(Tile("ab" * 16, 2)).recipe()
    assert "drawn in a grid, and now alone" in await said(taken | {"engine": ENGINE})


async def test_the_model_that_drew_a_file_has_to_draw_it_again(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    await render(Settings(), Order("a fox", out=tmp_path))
    recipe, other = tmp_path / "grid-00000.png", Settings(model="some/hub-model")
    with pytest.raises(Unable, match="by the model `embedded`, and MODEL is `some/hub-model`"):
        await render(other, Order(recipe=recipe, out=tmp_path))
    await render(other, Order(recipe=recipe, out=tmp_path, model="embedded"))
    assert executor.runs[1].attempt.request == executor.runs[0].attempt.request


# A picture to start from


async def test_a_picture_is_fitted_upright_before_it_travels(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its left side
    lying = Image.new("RGB", (300, 200), "red")
    lying.paste("blue", (0, 0, 150, 200))
    lying.save(tmp_path / "photo.png", exif=exif)
    await render(Settings(), Order("a fox", init=tmp_path / "photo.png", out=tmp_path / "out"))
    attempt = executor.runs[0].attempt
    [(digest, data)] = attempt.inputs.items()
    assert attempt.request["source"] == digest
    assert attempt.request["strength"] == EMBEDDED_CARD.strength
    start = imaging.decode(data)
    assert start.size == (attempt.request["width"], attempt.request["height"])
    assert start.size == (104, 160)
    assert (start.getpixel((50, 10)), start.getpixel((50, 150))) == ((0, 0, 255), (255, 0, 0))


def covering(folder: Path, shade: str = "white", side: int = 64) -> tuple[Path, Path]:
    """A picture, and a mask over its right half."""
    init, mask = folder / "init.png", folder / "mask.png"
    Image.linear_gradient("L").resize((64, 64)).save(init)
    picture = Image.new("L", (side, side))
    picture.paste(shade, (side // 2, 0, side, side))
    picture.save(mask)
    return init, mask


async def test_a_mask_travels_in_the_size_of_its_picture(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    init, mask = covering(tmp_path)
    order = Order("a fox", init=init, mask=mask, out=tmp_path, choice=Choice(width=128, height=128))
    await render(Settings(), order)
    attempt = executor.runs[0].attempt
    covered = imaging.decode(attempt.inputs[attempt.request["mask"]])
    assert imaging.decode(attempt.inputs[attempt.request["source"]]).size == covered.size
    assert [covered.getpixel((x, 64)) for x in (32, 96)] == [(0, 0, 0), (255, 255, 255)]
    assert attempt.request["strength"] == 1.0
    again = Order(recipe=tmp_path / "grid-00000.png", init=init, out=tmp_path)
    with pytest.raises(Unable, match=r"drawn with a mask.*--mask"):
        await render(Settings(), again)
    await render(Settings(), replace(again, mask=mask))
    assert executor.runs[1].attempt.inputs == attempt.inputs
    assert executor.runs[1].attempt.request == attempt.request


async def test_a_picture_may_be_its_own_mask(executor: FakeExecutor, tmp_path: Path) -> None:
    init, _ = covering(tmp_path)
    await render(Settings(), Order("a fox", init=init, mask=init, out=tmp_path))
    attempt = executor.runs[0].attempt
    assert attempt.inputs.keys() == {attempt.request["mask"]} == {attempt.request["source"]}


async def test_a_mask_may_be_painted_white_or_taken_away(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    init, mask = covering(tmp_path)
    right = Image.open(mask)
    painted = Image.merge("LA", (Image.new("L", right.size, 255), right))
    erased = Image.merge("LA", (Image.open(init), ImageOps.invert(right)))
    for drawn in (painted, erased):
        drawn.save(mask)
        await render(Settings(), Order("a fox", init=init, mask=mask, out=tmp_path))
        attempt = executor.runs[-1].attempt
        covered = imaging.decode(attempt.inputs[attempt.request["mask"]])
        assert [covered.getpixel((x, 64)) for x in (32, 96)] == [(0, 0, 0), (255, 255, 255)]


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        ({"side": 32}, "has 32×32 pixels, and the picture 64×64"),
        ({"shade": "black"}, "is black, or nearly"),
        ({"shade": "#010101"}, "is black, or nearly"),
    ],
)
async def test_a_mask_that_does_not_fit_is_said_before_anything_is_drawn(
    executor: FakeExecutor, tmp_path: Path, mask: dict[str, Any], words: str
) -> None:
    init, path = covering(tmp_path, **mask)
    with pytest.raises(EaselError, match=words):
        await render(Settings(), Order("a fox", init=init, mask=path, out=tmp_path))
    assert executor.runs == []


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order("a fox", init=Path("nowhere.png")), "nowhere.png cannot be read: No such file"),
        (Order("a fox", init=Path(__file__)), "This is no picture that can be read"),
        (Order(recipe=Path("nowhere.png")), "nowhere.png cannot be read: No such file"),
        (Order(recipe=Path(__file__)), "holds no recipe"),
        (Order("a fox", choice=Choice(strength=0.5)), "`--strength` says how far to leave"),
        (Order("a fox --ar 3:2", choice=Choice(width=64)), "Give the shape once"),
        (Order("a fox", choice=Choice(width=65)), "`--W` takes a multiple of 8"),
        (Order("a {red, blue} fox"), "make 2 prompts of this one; at most 1"),
        (Order("a fox --repeat 3"), "`--repeat` is for Discord"),
    ],
)
async def test_what_cannot_be_drawn_is_said_before_anything_is_drawn(
    executor: FakeExecutor, tmp_path: Path, order: Order, words: str
) -> None:
    with pytest.raises(EaselError) as caught:
        await render(Settings(), replace(order, out=tmp_path / "out"))
    assert words in str(caught.value)
    assert executor.runs == []
    assert not (tmp_path / "out").exists()


async def test_links_are_no_files(executor: FakeExecutor, tmp_path: Path) -> None:
    order = Order("https://a.b/cat.png a fox --sref https://a.b/dog.png", out=tmp_path)
    with pytest.raises(Unable, match="Links are followed in Discord only"):
        await render(Settings(), order)
