"""Presses with another prompt: what is drawn of them, at what price and for whose eyes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.action import ALL, Action, Press, Tile
from bot.domain.errors import InvalidPrompt, NotAllowed, NotFound, QueueFull, Unable
from bot.domain.inputs import IMAGE, SOURCE, Input
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker
from bot.domain.prompt import Prompt
from bot.domain.request import PALETTE, GenerationRequest
from bot.domain.size import Size
from bot.domain.style import Style
from bot.models.cards import ModelCard
from bot.service import remixing, requests
from bot.service.plan import Plan
from tests.kit.app import (
    ADMIN_ASKS,
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    HERE,
    TINY,
    House,
)

OTHER = replace(TINY, id="other", name="The Other", native=24)
KEPT = replace(TINY, id="kept", name="Kept", allowed=(BERT_ASKS.user,))
FIXED = replace(TINY, id="fixed", name="Fixed", variations=False)
SEEING = ModelCard("tiny", "Tiny", "nowhere", native=64, steps=10, image_prompts=True)
CAT = "https://cdn.discordapp.com/cat.png"


def vary(job: Job, text: str | None = None, index: int = 2) -> Press:
    return Press(Action.VARY, job.tile(index), prompt=text)


def reroll(job: Job, text: str | None = None) -> Press:
    return Press(Action.REROLL, job.tile(ALL), prompt=text)


async def plan(house: House, press: Press, asker: Asker = ANNA_ASKS) -> Plan:
    return await house.service.drawing.plan(asker, HERE, press)


async def planned(house: House, press: Press, asker: Asker = ANNA_ASKS) -> GenerationRequest:
    (request,) = (await plan(house, press, asker)).requests
    return request


async def offered(house: House, press: Press, asker: Asker = ANNA_ASKS) -> str:
    _, text = await house.service.drawing.offered(asker, HERE, press)
    return text


def but_noise(request: GenerationRequest) -> GenerationRequest:
    return replace(request, seed=0)


# What is drawn


async def test_the_new_prompt_is_drawn_from_the_old_picture(house: House) -> None:
    grid = await house.draw("a red fox --ar 3:2 --seed 7")
    made = await planned(house, vary(grid, "a blue owl --ar 3:2"))
    assert (str(made.prompt), made.action) == ("a blue owl --ar 3:2", Action.VARY)
    assert made.source == grid.tile(2)
    assert made.inputs[0].digest is not None
    assert (made.size, made.sampling.strength) == (grid.request.size, TINY.strength)
    assert made.seed != grid.request.seed
    again = await planned(house, reroll(grid, "a blue owl --ar 3:2"))
    assert (again.source, again.sampling.strength) == (None, None)
    assert (str(again.prompt), again.action) == ("a blue owl --ar 3:2", Action.REROLL)


@pytest.mark.parametrize(
    "text",
    ["a red fox --ar 3:2 --seed 7", "a::2 b --no c --chaos 9 --style photo", "a fox --hd --turbo"],
)
@pytest.mark.parametrize("make", [vary, reroll])
async def test_what_is_left_as_it_is_draws_what_a_press_alone_draws(
    house: House, text: str, make: Any
) -> None:
    grid = await house.draw(text)
    for asker in (ANNA_ASKS, BERT_ASKS):
        bare, remixed = make(grid), make(grid, await offered(house, make(grid), asker))
        plain, same = await plan(house, bare, asker), await plan(house, remixed, asker)
        assert but_noise(same.requests[0]) == but_noise(plain.requests[0])
        assert replace(same, requests=()) == replace(plain, requests=())


async def test_parameters_act_anew_and_those_that_were_taken_out_do_not(house: House) -> None:
    grid = await house.draw("a fox --chaos 50 --quality 0.5 --stop 50")
    made = await planned(house, vary(grid, "a fox --weird 300"))
    assert made.meant == {"weird": 0.1}
    assert (made.sampling.steps, made.sampling.stop) == (TINY.steps, 1.0)
    wide = await planned(house, vary(grid, "a fox --ar 2:1"))
    assert (wide.size, wide.source) == (requests.size_of(TINY, wide.prompt), grid.tile(2))


async def test_noise_is_new_unless_a_seed_is_typed(house: House) -> None:
    grid = await house.draw("a fox --seed 7")
    assert "--seed" not in await offered(house, vary(grid))
    made = await planned(house, vary(grid, "an owl --seed 9"))
    assert (made.seed, made.prompt.seed) == (9, 9)
    assert made.source == grid.tile(2)


async def test_other_variations_of_the_same_picture(house: House) -> None:
    grid = await house.draw("a fox")
    varied = await house.end(await house.press(Action.VARY, grid.tile(3)))
    made = await planned(house, reroll(varied.job, "an owl"))
    assert made.source == grid.tile(3)
    assert made.sampling.strength == varied.job.request.sampling.strength


async def test_other_words_around_the_same_picture(house: House) -> None:
    grid = await house.draw("a fox")
    grown = await house.end(await house.press(Action.PAN_LEFT, grid.tile(3)))
    before = grown.job.request
    made = await planned(house, reroll(grown.job, "an owl --ar 3:2"))
    assert (made.frame, made.size, made.inputs) == (before.frame, before.size, before.inputs)
    assert str(made.prompt) == "an owl --ar 3:2"
    # Of another shape it lies where it lay, as far as that goes.
    square = await planned(house, reroll(grown.job, "an owl"))
    assert before.frame is not None
    assert square.frame == before.frame.scaled(before.size, square.size)
    whole = await planned(house, vary(grown.job, "an owl --ar 3:2"))
    assert (whole.frame, whole.size) == (None, before.size)


async def test_a_single_picture_is_varied_with_new_words(house: House) -> None:
    grid = await house.draw("a fox")
    single = await house.press(Action.UPSCALE, grid.tile(4))
    made = await planned(house, vary(single, "an owl", 1))
    assert (made.source, made.count, str(made.prompt)) == (single.tile(1), 4, "an owl")
    assert made.kind.value == "draw"


async def test_own_options_act_but_nothing_is_put_behind_the_text(house: House) -> None:
    habits = house.service.preferences
    await habits.set_suffix(ANNA_ASKS, "--chaos 30")
    await habits.set_option(ANNA_ASKS, "ink", "ink wash --ar 3:2")
    grid = await house.draw("a fox")
    assert await offered(house, vary(grid)) == "a fox --chaos 30"
    assert str((await planned(house, vary(grid, "a fox"))).prompt) == "a fox"
    assert (
        str((await planned(house, vary(grid, "an owl --ink"))).prompt) == "an owl ink wash --ar 3:2"
    )
    with pytest.raises(InvalidPrompt, match="no parameter `--ink`"):
        await plan(house, vary(grid, "an owl --ink"), BERT_ASKS)


async def test_whoever_presses_decides_how_far_and_in_what_file(house: House) -> None:
    grid = await house.draw("a fox")
    await house.service.preferences.set_variation(BERT_ASKS, "strong")
    await house.service.preferences.press(BERT_ASKS, HERE, "user", "file", "png")
    made = await planned(house, vary(grid, "an owl"), BERT_ASKS)
    assert (made.sampling.strength, made.wire()["file"]) == (0.75, "png")
    assert (await planned(house, vary(grid, "an owl"))).sampling.strength == TINY.strength


async def test_a_size_that_fitted_stays_until_another_shape_is_asked_for(house: House) -> None:
    grid = await house.draw("a fox")
    small = replace(grid, request=replace(grid.request, size=Size(8, 8)))
    card = house.card
    kept = remixing.reworded(card, small.request, Prompt.parse("an owl --chaos 9"), None)
    assert kept.size == Size(8, 8)
    for other in ("an owl --ar 2:1", "an owl --hd"):
        made = remixing.reworded(card, small.request, Prompt.parse(other), None)
        assert made.size == requests.imagine(card, other).size


# Models, looks, pictures


async def test_another_model_draws_where_the_text_says_so(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, others=[OTHER, KEPT, FIXED]) as house:
        grid = await house.draw("a fox --model other")
        assert (await planned(house, vary(grid, "an owl --model other"))).model == "other"
        moved = await planned(house, vary(grid, "an owl --model tiny"))
        assert (moved.model, moved.size, moved.source) == ("tiny", Size(16, 16), grid.tile(2))
        await house.service.preferences.press(ANNA_ASKS, HERE, "user", "model", "other")
        assert (await planned(house, vary(grid, "an owl"))).model == "other"
        with pytest.raises(NotAllowed, match="`Kept`"):
            await plan(house, vary(grid, "an owl --model kept"))
        with pytest.raises(NotFound, match="no model `nope`"):
            await plan(house, vary(grid, "an owl --model nope"))
        with pytest.raises(Unable, match="`Fixed` cannot do this"):
            await plan(house, vary(grid, "an owl --model fixed"))


async def test_a_look_stays_as_it_was_until_another_is_asked_for(house: House) -> None:
    styles = house.service.styles
    await styles.add(ADMIN_ASKS, HERE.guild, Style.typed("ink", before="ink drawing of"))
    grid = await house.draw("a fox --style ink")
    await styles.edit(ADMIN_ASKS, HERE.guild, "ink", Style.typed("ink", before="photo of"))
    kept = await planned(house, vary(grid, "an owl --style ink"))
    assert kept.drawn.wanted == "ink drawing of an owl"
    assert (await planned(house, vary(grid, "an owl"))).drawn.wanted == "an owl"
    other = await planned(house, vary(grid, "an owl --style photo"))
    assert other.drawn.wanted == "photo of an owl"
    with pytest.raises(InvalidPrompt, match="no style `inkk`"):
        await plan(house, vary(grid, "an owl --style inkk"))


def test_pictures_that_stay_are_not_looked_at_again() -> None:
    fox = Prompt.parse(f"{CAT} a fox --iw 2 --sref 7")
    for same in ("an owl --iw 2 --sref 7", "an owl --iw 2 --sref 9", "an owl --iw 2 --chaos 3"):
        assert remixing.same_pictures(Prompt.parse(f"{CAT} {same}"), fox)
    for other in (f"{CAT} an owl --iw 1", "an owl --iw 2", f"{CAT}::2 an owl --iw 2",
                  f"{CAT} an owl --iw 2 --sref {CAT}"):  # fmt: skip
        assert not remixing.same_pictures(Prompt.parse(other), fox)
    assert remixing.same_pictures(Prompt.parse("an owl --iw 2"), Prompt.parse("a fox"))


def test_a_rewording_keeps_what_a_model_sees_by() -> None:
    inputs = (Input(IMAGE, "c" * 64), Input(SOURCE, tile=Tile("a" * 32, 1)))
    before = replace(
        requests.imagine(SEEING, f"{CAT} a fox --chaos 20"), inputs=inputs,
        extra=((PALETTE, (0.5,) * 10), ("stealth", True), ("chaos", 0.2)),
    )  # fmt: skip
    made = remixing.reworded(SEEING, before, Prompt.parse(f"{CAT} an owl"), None)
    assert made.inputs == inputs
    assert dict(made.extra) == {PALETTE: (0.5,) * 10, "stealth": True}
    blind = replace(SEEING, image_prompts=False)
    assert remixing.reworded(blind, before, Prompt.parse("an owl"), None).inputs == inputs[1:]
    fresh = requests.imagine(SEEING, "an owl")
    moved = remixing.repictured(replace(fresh, inputs=(Input(IMAGE, "d" * 64),)), before)
    assert moved.inputs == (inputs[1], Input(IMAGE, "d" * 64))
    assert dict(moved.extra) == {"stealth": True}


async def test_pictures_of_another_prompt_are_fetched(tmp_path: Path) -> None:
    asked: list[str] = []

    async def fetch(link: str) -> bytes:
        asked.append(link)
        raise NotFound("gone")

    async with House(tmp_path, automatic=True, fetch=fetch) as house:
        grid = await house.draw("a fox")
        with pytest.raises(NotFound, match="gone"):
            await plan(house, vary(grid, f"{CAT} a fox"))
        assert asked == [CAT]


# Who pays, who sees


async def test_who_presses_pays_once_and_nothing_for_what_is_refused(house: House) -> None:
    grid = await house.draw("a fox")
    before = await house.credits(BERT_ASKS)
    for text, why in (
        ("  ", "empty"),
        ("an owl --arr 3:2", "--ar"),
        ("an owl --ar 9:0", "between"),
    ):
        with pytest.raises(InvalidPrompt, match=why):
            await house.service.drawing.imagine(BERT_ASKS, HERE, vary(grid, text))
    assert await house.credits(BERT_ASKS) == before
    asked = await house.service.drawing.imagine(BERT_ASKS, HERE, vary(grid, "an owl"))
    assert asked.job is not None
    assert (asked.job.user, asked.job.parent) == (BERT_ASKS.user, grid.id)
    assert (await house.end(asked.job)).job.status is JobStatus.SUCCEEDED
    assert await house.credits(BERT_ASKS) == (before[0] - 1, 0)
    assert await house.credits() == (24, 0)


async def test_nobody_takes_over_the_hurry_of_somebody_else(house: House) -> None:
    grid = await house.draw("a fox --turbo")
    assert await offered(house, vary(grid)) == "a fox --turbo"
    assert await offered(house, vary(grid), BERT_ASKS) == "a fox"
    assert (await plan(house, vary(grid, "an owl --turbo"))).price == 2
    assert (await plan(house, vary(grid, "an owl"), BERT_ASKS)).price == 1
    assert (await plan(house, vary(grid, "an owl --turbo"), BERT_ASKS)).price == 2


async def test_what_was_hidden_stays_hidden(house: House) -> None:
    secret = await house.draw("a fox --stealth")
    for press in (vary(secret, "an owl"), reroll(secret, "an owl --public")):
        (job,) = (await plan(house, press)).jobs(0.0, JobStatus.WAITING)
        assert job.hidden
    with pytest.raises(NotFound):
        await offered(house, vary(secret), BERT_ASKS)
    with pytest.raises(NotFound):
        await plan(house, vary(secret, "an owl"), BERT_ASKS)
    shown = await house.draw("a fox")
    (job,) = (await plan(house, vary(shown, "an owl --stealth"), BERT_ASKS)).jobs(
        0.0, JobStatus.WAITING
    )
    assert job.hidden
    for origin in (ELSEWHERE, DIRECT):
        with pytest.raises(NotFound):
            await house.service.drawing.plan(ANNA_ASKS, origin, vary(shown, "an owl"))


async def test_what_makes_more_is_told_first_and_remembers_where_it_belongs(house: House) -> None:
    grid = await house.draw("a fox")
    here = replace(HERE, parent_message=555)
    press = vary(grid, "a {red, blue} owl --repeat 2")
    asked = await house.service.drawing.imagine(BERT_ASKS, here, press)
    assert (asked.job, asked.plan.price, len(asked.plan.requests)) == (None, 4, 4)
    await house.restart()
    jobs = await house.service.drawing.accept(BERT_ASKS, HERE, asked.proposal)
    assert [str(job.request.prompt) for job in jobs] == ["a red owl"] * 2 + ["a blue owl"] * 2
    assert len({job.request.seed for job in jobs}) == 4
    assert {(job.parent, job.origin.parent_message) for job in jobs} == {(grid.id, 555)}
    assert {job.request.source for job in jobs} == {grid.tile(2)}
    with pytest.raises(InvalidPrompt, match="more than 40"):
        await plan(house, vary(grid, "a {red, blue} owl --repeat 40"))
    with pytest.raises(QueueFull):
        await house.service.drawing.imagine(BERT_ASKS, here, vary(grid, "an owl --repeat 40"))
