"""Looks: which a prompt means, what is drawn then and ever after, and who may change them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action, Tile
from bot.domain.errors import (
    InvalidPrompt,
    NotAllowed,
    NotFound,
    StoreUnavailable,
    UserError,
)
from bot.domain.style import Style, in_extra, of_extra
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.service.choice import Choice
from bot.service.styles import Styles, chosen, taught
from bot.service.words import Words
from bot.storage.styles import StyleRepository
from tests.kit.app import (
    ADMIN_ASKS,
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    HERE,
    MODERATOR_ASKS,
    TINY,
    House,
)
from tests.kit.values import GUILD

INK = Style("ink", "ink drawing of", "wet paper", "colour", (("brush", 0.5),))
FLUX = replace(TINY, steers=False, negatives_above=None)


@pytest.fixture
async def inked(house: House) -> House:
    """With a style of that server's own."""
    await house.service.styles.add(ADMIN_ASKS, GUILD, INK)
    return house


def drawn_text(house: House, run: int = -1) -> str:
    return house.executor.runs[run].attempt.request["text"]


async def test_what_is_drawn_stays_so_though_the_style_changes(inked: House) -> None:
    job = await inked.draw("a red fox --style INK")
    assert str(job.request.prompt) == "a red fox --style ink"
    assert drawn_text(inked) == "ink drawing of a red fox, wet paper"
    assert inked.executor.runs[-1].attempt.request["loras"] == {"brush": 0.5}
    edited = Style("ink", "crayon drawing of")
    await inked.service.styles.edit(ADMIN_ASKS, GUILD, "ink", edited)
    again = await inked.press(Action.REROLL, Tile(job.id, 0))
    await inked.end(again)
    assert drawn_text(inked) == "ink drawing of a red fox, wet paper"
    await inked.service.styles.remove(ADMIN_ASKS, GUILD, "ink")
    varied = await inked.press(Action.VARY, Tile(again.id, 1))
    await inked.end(varied)
    assert drawn_text(inked) == "ink drawing of a red fox, wet paper"
    with pytest.raises(InvalidPrompt, match="There is no style `ink`"):
        await inked.imagine("a red fox --style ink")


async def test_a_servers_own_is_no_other_servers(inked: House) -> None:
    for origin in (ELSEWHERE, DIRECT):
        with pytest.raises(InvalidPrompt, match="There is no style `ink`"):
            await inked.imagine("a fox --style ink", origin=origin)
        job = await inked.imagine("a fox --style neon", origin=origin)
        assert of_extra(job.request.extra) == Style("neon", "neon art of")
    with pytest.raises(InvalidPrompt, match="did you mean `--style ink`"):
        await inked.imagine("a fox --style inkk")


async def test_own_words_win_over_the_built_in_ones(house: House) -> None:
    styles = house.service.styles
    photo = await styles.find(ADMIN_ASKS, GUILD, "Photo")
    await styles.edit(ADMIN_ASKS, GUILD, "photo", replace(photo, after="on film"))
    await styles.add(ADMIN_ASKS, GUILD, Style("cute", "cute drawing of"))
    assert [*await styles.offered(GUILD)][:2] == ["cute", "photo"]
    await house.draw("a fox --style photo")
    assert drawn_text(house) == "photo of a fox, on film"
    await house.draw("a fox --style cute")
    assert drawn_text(house) == "cute drawing of a fox"
    assert await styles.remove(ADMIN_ASKS, GUILD, "photo")
    assert not await styles.remove(ADMIN_ASKS, GUILD, "cute")
    assert (await styles.offered(GUILD))["photo"].after == ""


async def test_midjourneys_own_do_nothing_and_that_is_said(house: House) -> None:
    for name in ("cute", "4b", "raw-ab12cd34ef"):
        plan = await house.service.drawing.plan(ANNA_ASKS, HERE, f"a fox --style {name}")
        assert plan.requests[0].wire()["text"] == "a fox"
        [said] = plan.warnings
        assert said.startswith(f"`--style {name}` has no effect here: it belongs to Midjourney's")
    raw = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox --style raw")
    assert raw.warnings == ()
    assert raw.requests[0].meant == {"stylize": -1.0}


async def test_a_small_model_has_the_styles_whose_words_it_knows(tmp_path: Path) -> None:
    async with House(tmp_path, card=EMBEDDED_CARD) as house:
        offered = await house.service.styles.offered(GUILD)
        assert {"photo", "oil-painting", "pixel-art", "watercolour", "neon"} <= {*offered}
        assert not {"anime", "line-art"} & {*offered}
        plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox --style anime")
        assert plan.requests[0].wire()["text"] == "a fox"
        assert plan.warnings == (
            "`--style anime` has no effect here: the model `Easel embedded` was not taught its"
            " words.",
        )


def test_words_act_on_models_that_are_not_steered_and_raw_does_not() -> None:
    made = requests.imagine(FLUX, "a fox --style ink", INK)
    assert made.wire()["text"] == "ink drawing of a fox, wet paper"
    assert made.loras == {"brush": 0.5}
    assert requests.warnings(FLUX, made) == []
    raw = requests.imagine(FLUX, "a fox --style raw")
    assert raw.meant == {}
    assert "`--style` has no effect" in requests.warnings(FLUX, raw)[0]


def test_loras_add_up_and_those_asked_for_by_name_keep_their_weight() -> None:
    card = replace(TINY, loras={"base": 0.3})
    made = requests.imagine(card, "a fox --style ink --lora brush:0.9 --lora dust", INK)
    assert made.loras == {"base": 0.3, "brush": 0.9, "dust": 1.0}
    moved = requests.current(replace(card, id="other", loras={}), made)
    assert moved.loras == {"brush": 0.9, "dust": 1.0}
    assert moved.wire()["text"] == made.wire()["text"]
    assert Choice(steps=3).applied(card, made).extra == made.extra
    many = " ".join(f"--lora l{number}" for number in range(8))
    with pytest.raises(InvalidPrompt, match="At most 8 LoRAs"):
        requests.imagine(TINY, f"a fox --style ink {many}", INK)


def test_without_a_server_the_built_in_ones_are_there() -> None:
    prompt = requests.imagine(TINY, "a fox --style neon").prompt
    assert chosen(prompt, TINY, {}) == taught(TINY)["neon"]
    assert chosen(prompt.without("style"), TINY, {}) is None
    assert of_extra(in_extra((), None)) is None


async def test_only_admins_of_a_server(inked: House) -> None:
    styles = inked.service.styles
    for asker, guild, words in (
        (BERT_ASKS, GUILD, "Manage Server"),
        (MODERATOR_ASKS, GUILD, "Manage Server"),
        (ADMIN_ASKS, 0, "belong to a server"),
    ):
        with pytest.raises(NotAllowed, match=words):
            styles.require_right(asker, guild)
        for work in (
            styles.find(asker, guild, "ink"),
            styles.add(asker, guild, Style("x", "x")),
            styles.edit(asker, guild, "ink", Style("x", "x")),
            styles.remove(asker, guild, "ink"),
        ):
            with pytest.raises(NotAllowed, match=words):
                await work
    assert await styles.own(GUILD) == {"ink": INK}
    assert [one.deed for one in await inked.parts.audit.newest(GUILD)] == ["style add"]


async def test_an_admin_is_told_what_is_not_there(inked: House) -> None:
    styles = inked.service.styles
    with pytest.raises(NotFound, match="`/style add` makes one"):
        await styles.find(ADMIN_ASKS, GUILD, "nope")
    with pytest.raises(NotFound, match="it is built in"):
        await styles.remove(ADMIN_ASKS, GUILD, "photo")
    with pytest.raises(NotFound, match="there is none"):
        await styles.remove(ADMIN_ASKS, GUILD, "nope")
    with pytest.raises(UserError, match="already"):
        await styles.add(ADMIN_ASKS, GUILD, INK)


async def test_names_are_completed_though_the_database_is_in_trouble(inked: House) -> None:
    words = inked.service.words
    assert await words.completions(ANNA_ASKS, HERE, "a fox --style i") == [
        "a fox --style ink", "a fox --style illustration",
    ]  # fmt: skip
    assert "a fox --style ink" in await words.completions(ANNA_ASKS, HERE, "a fox --style ")
    assert await words.completions(ANNA_ASKS, ELSEWHERE, "a fox --style in") == []
    assert await words.completions(ANNA_ASKS, HERE, "a fox --style ra") == ["a fox --style raw"]
    lost = Styles(Lost(inked.database), inked.catalogue, inked.clock)
    words = Words(
        inked.catalogue,
        inked.parts.profiles,
        inked.parts.recent,
        lost,
        inked.service.preferences,
        inked.clock,
    )
    found = await words.completions(ANNA_ASKS, HERE, "a fox --style i")
    assert found == ["a fox --style illustration"]


class Lost(StyleRepository):
    """Its disk does not answer."""

    async def of_guild(self, guild: int) -> dict[str, Style]:
        raise StoreUnavailable("io", "gone")
