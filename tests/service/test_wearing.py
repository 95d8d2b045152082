"""LoRAs that are asked for by name: what is there is known before anybody waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.action import Action, Press, Tile
from bot.domain.errors import NotFound, Unable
from bot.domain.request import GenerationRequest
from bot.models.addons import LORA, named
from bot.models.shelf import Shelf
from bot.models.watch import Watch
from bot.service.serving import Serving
from tests.kit.app import ANNA_ASKS, HERE, House
from tests.kit.sources import FIRST, SD, weights

DETAIL = "lora_unet_x_transformer_blocks_0_attn2_to_k.lora_down.weight"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "models"
    place.mkdir()
    weights(place / "dream.safetensors", {FIRST: [320, 4, 3, 3], SD: [320, 768]}, 100)
    weights(place / "detail.safetensors", {DETAIL: [8, 768]})
    weights(place / "wide look (v2).safetensors", {DETAIL: [8, 2048]})
    return place


async def served(house: House, folder: Path, text: str = "") -> House:
    await Serving(Watch(Shelf(folder), text, {}), house.catalogue).begin()
    return house


@pytest.fixture
async def shop(tmp_path: Path, folder: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as house:
        yield await served(house, folder)


async def asked(house: House, text: str) -> GenerationRequest:
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, f"a fox --model dream {text}")
    (request,) = plan.requests
    return request


async def test_one_that_is_there_is_drawn_with(shop: House) -> None:
    assert (await asked(shop, "--lora detail:0.7")).loras == {"detail": 0.7}
    assert (await asked(shop, "--lora wide_look_v2")).loras == {"wide_look_v2": 1.0}


async def test_one_that_is_not_there_is_named_with_those_that_are(shop: House) -> None:
    with pytest.raises(NotFound) as caught:
        await asked(shop, "--lora detail:0.7 --lora deatil:0.7")
    assert str(caught.value) == ("There is no LoRA `deatil` here; there are detail, wide_look_v2.")
    assert (await asked(shop, "--lora deatil:0")).loras == {"deatil": 0.0}
    assert await shop.service.drawing.unfinished() == []


async def test_one_for_other_models_is_refused_once_a_worker_has_read_the_model(
    shop: House,
) -> None:
    card = shop.catalogue.named("dream")
    assert card
    assert (await asked(shop, "--lora wide_look_v2")).loras
    shop.catalogue.confirm(card.id, {"family": "sd"})
    with pytest.raises(Unable) as caught:
        await asked(shop, "--lora wide_look_v2")
    assert str(caught.value) == (
        "The LoRA `wide_look_v2` is made for Stable Diffusion XL, so the model `dream` cannot draw "
        "with it."
    )
    with pytest.raises(NotFound, match=r"there are detail\.$"):
        await asked(shop, "--lora other")


async def test_a_button_says_that_its_lora_is_gone(tmp_path: Path, folder: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        await served(house, folder)
        job = await house.draw("a fox --model dream --lora detail")
        (folder / "detail.safetensors").unlink()
        (folder / "wide look (v2).safetensors").unlink()
        await served(house, folder)
        with pytest.raises(NotFound, match=r"^There is no LoRA `detail` here\.$"):
            await house.service.drawing.plan(ANNA_ASKS, HERE, Press(Action.REROLL, Tile(job.id, 1)))


async def test_they_are_offered_to_who_types(shop: House) -> None:
    words = shop.service.words
    found = await words.completions(ANNA_ASKS, HERE, "a fox --lora ")
    assert found == ["a fox --lora detail", "a fox --lora wide_look_v2"]


@pytest.mark.parametrize("there", [True, False], ids=["a shelf", "no shelf"])
async def test_what_lies_beside_a_model_elsewhere_is_for_that_alone(
    tmp_path: Path, folder: Path, there: bool
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    own = weights(elsewhere / "own.safetensors", {FIRST: [320, 4, 3, 3], SD: [320, 768]}, 100)
    weights(elsewhere / "mine.safetensors", {DETAIL: [8, 768]})
    watch = Watch(Shelf(folder if there else tmp_path / "nowhere"), str(own), {})
    known = "mine, detail, wide_look_v2" if there else "mine"

    async def drawn(house: House, text: str) -> GenerationRequest:
        return (await house.service.drawing.plan(ANNA_ASKS, HERE, f"a fox {text}")).requests[0]

    async with House(tmp_path) as house:
        await Serving(watch, house.catalogue).begin()
        assert (await drawn(house, "--lora mine:0.5")).loras == {"mine": 0.5}
        with pytest.raises(NotFound) as caught:
            await drawn(house, "--lora late")
        assert str(caught.value) == f"There is no LoRA `late` here; there are {known}."
        if there:
            with pytest.raises(NotFound, match=r"there are detail, wide_look_v2\.$"):
                await asked(house, "--lora mine")
        weights(elsewhere / "late.safetensors", {DETAIL: [8, 768]})
        await Serving(watch, house.catalogue).begin()
        assert (await drawn(house, "--lora late")).loras == {"late": 1.0}
        assert watch.look() is None


def test_two_files_that_are_said_alike(folder: Path) -> None:
    exact = weights(folder / "wide_look_v2.safetensors", {DETAIL: [8, 768]})
    for text in ("wide_look_v2", "wide_look_v2.safetensors"):
        one = named([folder], LORA, text)
        assert one
        assert one.path == exact
    other = named([folder], LORA, "wide look (v2)")
    assert other
    assert other.fits == ("sdxl",)


async def test_of_two_that_are_said_alike_the_one_of_that_name_is_meant(
    shop: House, folder: Path
) -> None:
    """As a worker chooses."""
    weights(folder / "det ail.safetensors", {DETAIL: [8, 2048]})
    weights(folder / "det_ail.safetensors", {DETAIL: [8, 768]})
    await served(shop, folder)
    card = shop.catalogue.named("dream")
    assert card
    shop.catalogue.confirm(card.id, {"family": "sd"})
    assert (await asked(shop, "--lora det_ail")).loras == {"det_ail": 1.0}
    found = named([folder], LORA, "det_ail")
    assert found
    assert found.path.name == "det_ail.safetensors"
