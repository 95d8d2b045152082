"""Several models: which one draws, who may use it, and what is said where that cannot be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action, Press, Tile
from bot.domain.errors import NotAllowed, NotFound
from bot.domain.people import Asker, Origin
from bot.models.cards import ModelCard
from bot.models.shelf import Model
from tests.kit.app import ANNA_ASKS, BERT_ASKS, DIRECT, HERE, TINY, House
from tests.kit.values import ANNA, GUILD

WIDE = ModelCard("wide-1", "Wide", "nowhere/wide.ckpt", native=32, steps=7, guidance=2.0)
ARTISTS, STAFF = 501, 502


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True, others=[WIDE]) as opened:
        yield opened


def serve(house: House, **values: object) -> None:
    """The second model gets other values."""
    wide = replace(WIDE, **values)  # type: ignore[arg-type]
    house.catalogue.serve(Model("tiny", TINY, {}), [Model("wide", wide, values)])


async def test_the_model_that_is_asked_for_draws(house: House) -> None:
    serve(house)
    for name in ("wide", "wide-1", "WIDE"):
        plan, job = await house.service.drawing.ask(ANNA_ASKS, HERE, "a fox", model=name)
        (request,) = plan.requests
        assert (request.model, str(request.size), request.sampling.steps) == ("wide-1", "32×32", 7)
        await house.end(job)
    assert {run.attempt.model for run in house.executor.runs} == {"wide-1"}
    assert (await house.imagine()).request.model == "tiny"


async def test_buttons_draw_with_the_model_of_their_grid(house: House) -> None:
    _, grid = await house.service.drawing.ask(ANNA_ASKS, HERE, "a fox", model="wide-1")
    await house.end(grid)
    for press in (Press(Action.VARY, grid.tile(2)), Press(Action.REROLL, Tile(grid.id, 0))):
        plan = await house.service.drawing.plan(BERT_ASKS, HERE, press)
        assert plan.requests[0].model == "wide-1"
    house.catalogue.serve(Model("tiny", TINY, {}))
    plan = await house.service.drawing.plan(BERT_ASKS, HERE, Press(Action.VARY, grid.tile(2)))
    assert plan.requests[0].model == "tiny"


async def test_a_model_that_is_not_there_is_said_with_those_that_are(house: House) -> None:
    serve(house, allowed=(STAFF,))
    ask = house.service.drawing.plan
    with pytest.raises(NotFound) as caught:
        await ask(ANNA_ASKS, HERE, "a fox", model="wid`e @everyone")
    said = "There is no model `wid'e @everyone` here; there are tiny."
    assert str(caught.value) == said
    with pytest.raises(NotFound, match="there are tiny, wide"):
        await ask(Asker(ANNA, frozenset({STAFF})), HERE, "a fox", model="")


@pytest.mark.parametrize(
    ("asker", "origin", "may"),
    [
        (ANNA_ASKS, HERE, False),
        (Asker(ANNA, frozenset({ARTISTS})), HERE, False),
        (Asker(ANNA, frozenset({ARTISTS, STAFF})), HERE, True),
        (Asker(77), HERE, True),
        (Asker(77), DIRECT, True),
        (ANNA_ASKS, Origin(909, 1), True),
        (ANNA_ASKS, DIRECT, False),
        (Asker(99, admin=True, moderator=True), HERE, False),
    ],
    ids=["nobody", "role", "right role", "person", "directly", "server", "direct", "admin"],
)
async def test_who_may_use_a_model(house: House, asker: Asker, origin: Origin, may: bool) -> None:
    serve(house, allowed=[STAFF, 77, 909])
    ask = house.service.drawing.plan
    if may:
        plan = await ask(asker, origin, "a fox", model="wide")
        assert plan.requests[0].model == "wide-1"
        return
    with pytest.raises(NotAllowed) as caught:
        await ask(asker, origin, "a fox", model="wide")
    assert str(caught.value) == "The model `Wide` is kept for those whom my operator chose."
    assert (await ask(asker, origin, "a fox")).requests[0].model == "tiny"


async def test_a_button_does_not_get_around_it_and_taking_out_is_free_for_all(
    house: House,
) -> None:
    serve(house, allowed=[STAFF])
    staff = Asker(ANNA, frozenset({STAFF}))
    _, grid = await house.service.drawing.ask(staff, HERE, "a fox", model="wide")
    await house.end(grid)
    before = await house.credits(BERT_ASKS, GUILD)
    for press in (Press(Action.VARY, grid.tile(2)), Press(Action.REROLL, Tile(grid.id, 0))):
        with pytest.raises(NotAllowed, match="is kept for those"):
            await house.service.drawing.ask(BERT_ASKS, HERE, press)
    assert await house.credits(BERT_ASKS, GUILD) == before
    taken = await house.upscale(grid.tile(1), BERT_ASKS)
    assert taken.job.request.source == grid.tile(1)


async def test_the_default_may_be_kept_for_some_as_well(tmp_path: Path) -> None:
    card = replace(TINY, allowed=(STAFF,))
    async with House(tmp_path, automatic=True, card=card, others=[WIDE]) as house:
        with pytest.raises(NotAllowed, match="`Tiny` is kept"):
            await house.imagine()
        plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox", model="wide-1")
        assert plan.requests[0].model == "wide-1"


async def test_what_was_asked_for_before_is_drawn_after_a_restart(tmp_path: Path) -> None:
    async with House(tmp_path, others=[WIDE]) as house:
        _, job = await house.service.drawing.ask(ANNA_ASKS, HERE, "a fox", model="wide-1")
        await house.restart()
        run = await house.executor.started(1)
        assert run.attempt.model == "wide-1"
        await run.finish()
        assert (await house.end(job)).job.request.model == "wide-1"
