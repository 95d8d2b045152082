"""What things cost on a server, and how that is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.action import ACTIONS, Action, Kind
from bot.domain.speed import Speed
from bot.domain.tariff import FACTOR_MAX, PRICE_MAX, USUAL, Tariff

FACTORS = st.floats(0, FACTOR_MAX, allow_nan=False)
TARIFFS = st.builds(
    Tariff,
    st.dictionaries(st.sampled_from(Action), st.integers(0, PRICE_MAX), max_size=4),
    st.dictionaries(st.sampled_from(Speed), FACTORS),
    st.dictionaries(st.text(max_size=20), FACTORS, max_size=3),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize("action", Action)
def test_what_is_not_named_costs_as_usual(action: Action) -> None:
    assert USUAL.base(action) == ACTIONS[action].price


def test_speeds_cost_what_they_say_and_else_as_usual() -> None:
    tariff = Tariff(speeds={Speed.RELAX: 0.5})
    assert [tariff.hurry(each) for each in Speed] == [2.0, 1.0, 0.5]


def test_what_draws_nothing_is_free_whatever_is_said() -> None:
    free = [each for each in Action if ACTIONS[each].kind is Kind.EXTRACT]
    assert free == [Action.UPSCALE]
    assert Tariff({Action.UPSCALE: 9}).base(Action.UPSCALE) == 0
    assert Tariff({Action.VARY: 9}).base(Action.VARY) == 9


@given(TARIFFS)
def test_what_is_written_is_read(tariff: Tariff) -> None:
    assert Tariff.read(json.loads(json.dumps(tariff.plain()))) == tariff


def test_only_what_differs_is_written() -> None:
    assert USUAL.plain() == {}
    assert Tariff(size=False).plain() == {"size": False}
    assert Tariff({Action.VARY: 2}, {Speed.TURBO: 3.0}, {"sdxl": 2.0}).plain() == {
        "actions": {"vary": 2}, "speeds": {"turbo": 3.0}, "models": {"sdxl": 2.0},
    }  # fmt: skip


def test_what_another_version_knows_besides_is_left_out() -> None:
    said = {"actions": {"vary": 2, "fly": 9}, "speeds": {"warp": 9, "turbo": 3}, "moon": True}
    assert Tariff.read(said) == Tariff({Action.VARY: 2}, {Speed.TURBO: 3.0})
