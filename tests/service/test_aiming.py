"""What forms ask besides a prompt, and drawing on uploads: what reaches models, and what a request
becomes."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.action import Action, Press, Tile
from bot.domain.errors import InvalidLink, InvalidPrompt, NotAllowed, NotFound, Unable
from bot.domain.inputs import IMAGE, MASK, SOURCE
from bot.domain.job import Job
from bot.domain.preferences import Variation
from bot.domain.region import Region
from bot.domain.size import Size
from bot.engine.seam import PLACE, Answer, Question
from bot.models.catalogue import Catalogue
from bot.service import editing, requests
from bot.service.plan import Plan
from bot.service.references import Attached, Canvas
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, TINY, House

LOCATING = replace(TINY, locates=True)
CAT, OTHER = "https://cdn.discordapp.com/a/1/cat.png", "https://cdn.discordapp.com/a/2/mask.png"
LEFT = Region(fields=(1, 4, 7))


def png(colour: object, size: tuple[int, int] = (16, 16), white: int = 0) -> bytes:
    """Of one colour, with so many white columns."""
    picture, made = Image.new("RGB", size, colour), io.BytesIO()  # type: ignore[arg-type]
    picture.paste((255, 255, 255), (0, 0, white, size[1]))
    picture.save(made, "PNG")
    return made.getvalue()


async def fetch(link: str) -> bytes:
    files = {CAT: png("red"), OTHER: png("black", white=8)}
    if link not in files:
        raise InvalidLink("nothing is there.")
    return files[link]


async def at_the_left(question: Question) -> Answer:
    return {"place": [[1.0, 0.0, 0.0, 0.0]] * 4}


async def single(house: House, text: str = "a red fox") -> Tile:
    grid = await house.draw(text)
    return (await house.upscale(grid.tile(1))).job.tile(1)


def press(tile: Tile, region: Region | None = LEFT, text: str = "a red owl") -> Press:
    return Press(Action.VARY_REGION, tile, prompt=text, region=region)


async def planned(house: House, asked: str | Press, attached: Attached | None = None) -> Plan:
    return await house.service.drawing.plan(
        ANNA_ASKS, HERE, asked, attached=attached or Attached()
    )  # fmt: skip


async def test_a_model_is_asked_for_a_thing_in_the_picture_that_it_drew(tmp_path: Path) -> None:
    async with House(tmp_path, card=LOCATING) as house:
        house.executor.on_ask = at_the_left
        tile = await single(house)
        plan = await planned(house, press(tile, Region(word="the fox")))
        [question] = house.executor.questions
        assert (question.kind, question.model) == (PLACE, LOCATING.id)
        assert question.asked == {"text": "a red fox", "thing": "fox"}
        assert question.pictures == (await house.disk.read(tile),)
        [made] = plan.requests
        assert [each.role for each in made.inputs] == [SOURCE, MASK]
        assert (made.size, made.prompt.text) == (Size(16, 16), "a red owl")
        mask = await house.parts.blobs.read(made.inputs[1].digest or "")
        assert mask is not None
        grey = Image.open(io.BytesIO(mask)).convert("L")
        assert (grey.getpixel((0, 8)), grey.getpixel((15, 8))) == (255, 0)


async def test_who_cannot_be_asked_is_said(tmp_path: Path) -> None:
    async with House(tmp_path, card=LOCATING) as house:
        tile, named = await single(house), Region(word="fox")
        for worker in house.executor.workers():
            await house.executor.lose(worker.id)
        with pytest.raises(Unable, match="No worker is there"):
            await planned(house, press(tile, named))
        await house.disk.delete([tile])
        with pytest.raises(NotFound, match="cleared away"):
            await planned(house, press(tile, named))
    async with House(tmp_path, card=replace(LOCATING, allowed=(77,))) as house:
        with pytest.raises(NotAllowed, match="kept for those"):
            await planned(house, press(tile, named))
        assert house.executor.questions == []
    async with House(tmp_path / "other") as house:
        tile = await single(house)
        with pytest.raises(Unable, match="cannot find things by a word; choose fields"):
            await planned(house, press(tile, Region(word="fox")))
        for nothing in (None, Region(), Region(word="the")):
            with pytest.raises(InvalidPrompt, match="Say which part"):
                await planned(house, press(tile, nothing))


async def test_a_part_whose_mask_is_gone_is_drawn_from_its_words(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        tile = await single(house)
        [grid] = await house.service.drawing.submit(await planned(house, press(tile)))
        digest = grid.request.inputs[1].digest or ""
        house.parts.blobs.path(digest).unlink()
        again = requests.pressed(TINY, grid.request, Press(Action.REROLL, Tile(grid.id, 0)))
        made = await house.service.drawing._planner._inputs.held(TINY, again)
        assert made.inputs == ()
        assert made.sampling.strength is None


async def test_an_unfinished_part_needs_a_model_that_can_draw_one(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        [made] = (await planned(house, press(await single(house)))).requests
    gone = replace(made, model="gone")
    assert requests.resumed(Catalogue(TINY), gone).partly
    with pytest.raises(Unable, match="has no variations"):
        requests.resumed(Catalogue(replace(TINY, inpaints=False)), gone)


async def test_variations_of_an_upload_go_as_far_as_is_said_or_preferred(tmp_path: Path) -> None:
    async with House(tmp_path, fetch=fetch) as house:

        async def varied(variation: Variation | None) -> tuple[Action, float | None]:
            canvas = Canvas(CAT, varied=True, variation=variation)
            [made] = (await planned(house, "", Attached((CAT,), canvas=canvas))).requests
            assert [each.role for each in made.inputs] == [SOURCE]
            return made.action, made.sampling.strength

        subtle, strong = (Action.VARY_SUBTLE, 0.3), (Action.VARY_STRONG, 0.75)
        assert await varied(Variation.SUBTLE) == subtle
        assert await varied(Variation.STRONG) == strong
        assert await varied(None) == subtle
        await house.service.preferences.set_variation(ANNA_ASKS, "strong")
        assert await varied(None) == strong


async def test_pictures_in_the_prompt_of_an_edit_act_only_by_an_adapter(tmp_path: Path) -> None:
    attached = Attached(canvas=Canvas(CAT, OTHER))
    async with House(tmp_path, fetch=fetch) as house:
        plan = await planned(house, f"{CAT} an owl", attached)
        assert editing.IGNORED in plan.warnings
        assert [each.role for each in plan.requests[0].inputs] == [SOURCE, MASK]
        assert plan.requests[0].action is Action.EDIT
        assert plan.requests[0].sampling.strength == 1.0
    seeing = replace(TINY, image_prompts=True)
    async with House(tmp_path / "seeing", card=seeing, fetch=fetch) as house:
        plan = await planned(house, f"{CAT} an owl", attached)
        assert [each.role for each in plan.requests[0].inputs] == [SOURCE, MASK, IMAGE]
        assert editing.IGNORED not in plan.warnings


@pytest.mark.parametrize(("varied", "said"), [(True, "vary pictures"), (False, "draw a part")])
async def test_a_model_that_cannot_says_so_and_fetches_nothing(
    tmp_path: Path, varied: bool, said: str
) -> None:
    flat = replace(TINY, variations=False)
    async with House(tmp_path, card=flat, fetch=fetch) as house:
        with pytest.raises(Unable, match=f"The model `Tiny` cannot {said}"):
            await planned(house, "an owl", Attached(canvas=Canvas("nowhere", varied=varied)))


async def test_only_a_single_picture_that_is_there_is_edited(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        grid = await house.draw()
        with pytest.raises(NotFound, match="take one out of its grid by U"):
            await house.service.pictures.single(grid)
        one: Job = (await house.upscale(grid.tile(2), BERT_ASKS)).job
        assert await house.service.pictures.single(one) == await house.disk.read(grid.tile(2))
        await house.disk.delete([one.tile(1)])
        with pytest.raises(NotFound, match="cleared away"):
            await house.service.pictures.single(one)
