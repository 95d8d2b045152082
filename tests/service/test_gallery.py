"""Samples on sheets: drawn once, by today's model, while nobody waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from PIL import Image

from bot.dispatch.spare import Spare
from bot.domain.errors import RenderFailed, StoreUnavailable
from bot.domain.style import Style
from bot.models.shelf import Model
from bot.service.gallery import SHOWN, Cell, Gallery, Sheets, sample
from bot.service.samples import Samples
from tests.kit.app import TINY, House
from tests.kit.beside import ERRANDS
from tests.kit.executor import PATIENCE_S

STYLES = [Style(f"s{number}", f"kind {number} of") for number in range(9)]


class Studio:
    """A gallery of a house, whose samples are drawn."""

    def __init__(self, house: House) -> None:
        parts, spare = house.parts, Spare(house.executor, house.dispatcher)
        self.house = house
        self.samples = Samples(parts.samples, spare, house.catalogue, rest_s=0.01)
        self.gallery = Gallery(self.samples, house.catalogue, parts.samples.folder, ERRANDS)
        house.supervisor.start("samples", self.gallery.keep)

    async def whole(self, cells: list[Cell]) -> Sheets:
        """The sheets once everything is drawn."""
        await self.gallery.sheets(cells)
        await self.gallery.until_drawn(cells, PATIENCE_S)
        return await self.gallery.sheets(cells)


@pytest.fixture
async def studio(house: House) -> Studio:
    return Studio(house)


async def test_samples_are_drawn_once_and_put_on_sheets(studio: Studio) -> None:
    cells = studio.gallery.styles(STYLES)
    first = await studio.gallery.sheets(cells)
    assert (first.sheets, first.missing) == ((), 9)
    await studio.gallery.until_drawn(cells, PATIENCE_S)
    whole = await studio.gallery.sheets(cells)
    assert whole.missing == 0
    assert [sheet.description for sheet in whole.sheets] == ["s0, s1, s2, s3, s4, s5, s6, s7", "s8"]
    runs = [run.attempt.request for run in studio.house.executor.runs]
    assert [run["text"] for run in runs] == [
        f"kind {number} of a fox in the forest" for number in range(9)
    ]
    assert {(*run["seeds"],) for run in runs} == {(*runs[0]["seeds"],)}
    with Image.open(whole.sheets[0].path) as one, Image.open(whole.sheets[1].path) as other:
        assert one.size == (4 * 208 + 16, 2 * 236 + 16)
        assert other.size == (208 + 16, 236 + 16)
    await studio.house.restart()
    whole.sheets[0].path.write_bytes(b"of an earlier version")
    assert await Studio(studio.house).gallery.sheets(cells) == whole
    with Image.open(whole.sheets[0].path) as one:
        assert one.format == "WEBP"
    assert studio.house.executor.runs == []


async def test_another_model_revision_or_wording_has_samples_of_its_own(studio: Studio) -> None:
    card = studio.house.catalogue.default
    assert (await studio.whole(studio.gallery.styles(STYLES[:1]))).missing == 0
    newer = replace(STYLES[0], after="on paper")
    assert (await studio.gallery.sheets(studio.gallery.styles([newer]))).missing == 1
    catalogue = studio.house.catalogue
    catalogue.serve(Model(card.id, replace(card, revision="2"), {}))
    assert (await studio.gallery.sheets(studio.gallery.styles(STYLES[:1]))).missing == 1


async def test_a_missing_one_leaves_its_place_empty(studio: Studio) -> None:
    cells = studio.gallery.styles(STYLES[:2])
    await studio.whole(cells[:1])
    made = await studio.gallery.sheets(cells)
    assert made.missing == 1
    with Image.open(made.sheets[0].path) as sheet:
        assert sheet.convert("RGB").getpixel((300, 100)) == pytest.approx((58, 60, 66), abs=3)


async def test_what_cannot_be_drawn_is_tried_once(house: House) -> None:
    studio = Studio(house)
    house.executor.automatic = False
    one = studio.gallery.styles(STYLES[:1])
    waiting = asyncio.create_task(studio.whole(one))
    await (await house.executor.started(1)).fail(RenderFailed("bad_input", "There is no LoRA."))
    made = await waiting
    assert (len(made.sheets), made.missing) == (1, 0)
    assert len(house.executor.runs) == 1


async def test_who_comes_meanwhile_goes_first(house: House) -> None:
    house.executor.automatic = False
    studio = Studio(house)
    job = await house.imagine()
    run = await house.executor.started(1)
    cells = studio.gallery.styles(STYLES[:1])
    await studio.gallery.sheets(cells)
    await studio.gallery.until_drawn(cells, 0.05)
    assert len(house.executor.runs) == 1
    await run.finish()
    await house.end(job)
    await (await house.executor.started(2)).finish()
    await studio.gallery.until_drawn(cells, PATIENCE_S)
    assert (await studio.gallery.sheets(cells)).missing == 0


async def test_a_sheet_that_cannot_be_made_is_trouble_of_the_disk(studio: Studio) -> None:
    cells = studio.gallery.styles(STYLES[:1])
    await studio.whole(cells)
    for path in studio.house.parts.samples.folder.iterdir():
        path.write_bytes(b"damaged")
    for sheet in studio.house.parts.samples.folder.glob("sheet-*"):
        sheet.unlink()
    with pytest.raises(StoreUnavailable, match="no picture"):
        await studio.gallery.sheets(cells)


def test_a_sample_is_one_picture_in_the_models_own_way() -> None:
    made = sample(TINY, "--stop 50", STYLES[0])
    assert (made.count, made.seed, made.sampling.stop) == (1, 7, 0.5)
    assert made.drawn.text == "kind 0 of a fox in the forest"


async def test_parameters_are_shown_in_pairs_that_share_what_is_alike(studio: Studio) -> None:
    cells = studio.gallery.parameters()
    assert [cell.caption for cell in cells] == [one.typed for one in SHOWN]
    whole = await studio.whole(cells)
    assert (len(whole.sheets), whole.missing) == (3, 0)
    runs = [run.attempt.request for run in studio.house.executor.runs]
    assert len(runs) == len(cells) + 2  # each with it, one picture and one grid without
    assert {run["count"] for run in runs} == {1, 4}
    with Image.open(whole.sheets[0].path) as sheet:
        assert sheet.size == (2 * (2 * 192 + 20) + 16, 2 * 236 + 16)


async def test_what_does_nothing_on_this_model_is_not_shown(house: House) -> None:
    house.catalogue.serve(Model("tiny", replace(TINY, steers=False, tiles=False), {}))
    shown = [cell.caption for cell in Studio(house).gallery.parameters()]
    assert "--stop 50" in shown
    assert not {"--tile", "--chaos 100", "--sref 7", "--raw"} & {*shown}
