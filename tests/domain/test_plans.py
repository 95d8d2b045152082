"""Plans and settings: who decides what of a quota, field by field."""

from __future__ import annotations

import itertools
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.period import Period
from bot.domain.presets import PRESETS
from bot.domain.quota import (
    SILENT,
    SPEEDS,
    Caps,
    Decision,
    Level,
    Quota,
    QuotaSetting,
    decide,
)  # fmt: skip
from bot.domain.speed import Speed

OPERATOR = Quota()
MAYBE = st.none() | st.booleans()
SETTINGS = st.builds(
    lambda paid, **more: QuotaSetting(*paid, **more),
    st.just((None, None)) | st.tuples(st.integers(0, 500), st.sampled_from(Period)),
    running=st.none() | st.integers(1, 20),
    waiting=st.none() | st.integers(1, 50),
    welcome=st.none() | st.integers(0, 50),
    lapse=MAYBE,
    rollover=MAYBE,
    relaxed=MAYBE,
    pool=MAYBE,
    speeds=st.none() | st.frozensets(st.sampled_from(Speed), min_size=1),
    batch=st.none() | st.integers(1, 40),
    side=st.none() | st.integers(0, 4096),
    models=st.none() | st.frozensets(st.sampled_from(("sdxl", "flux", "tiny"))),
)
NAMES = [each.name for each in fields(QuotaSetting)]


def decided(*groups: list[QuotaSetting]) -> Decision:
    return decide(
        OPERATOR,
        [[Level(each, "role", number) for number, each in enumerate(group, 1)] for group in groups],
    )


@given(SETTINGS)
def test_what_is_written_is_read(setting: QuotaSetting) -> None:
    assert QuotaSetting.read(json.loads(json.dumps(setting.plain()))) == setting


def test_what_another_version_knows_besides_is_left_out() -> None:
    said = {"credits": 5, "period": "week", "speeds": ["turbo", "warp"], "moon": 1}
    assert QuotaSetting.read(said) == QuotaSetting(5, Period.WEEK, speeds=frozenset({Speed.TURBO}))


@given(SETTINGS, SETTINGS)
def test_a_setting_lies_over_another_where_it_speaks(
    newer: QuotaSetting, older: QuotaSetting
) -> None:
    merged = newer.over(older)
    for name in NAMES:
        said = getattr(newer, name)
        if name == "period":
            assert merged.period == (
                newer.period or (older.period if newer.credits is None else None)
            )
        else:
            assert getattr(merged, name) == (getattr(older, name) if said is None else said)


@given(SETTINGS, SETTINGS)
def test_besides_leaves_what_the_stronger_does_not_say(
    weaker: QuotaSetting, stronger: QuotaSetting
) -> None:
    left = weaker.besides(stronger)
    for name in NAMES:
        spoken = getattr(stronger, name) is not None
        assert getattr(left, name) == (None if spoken else getattr(weaker, name))
    assert weaker.besides(SILENT) == weaker
    assert weaker.besides(weaker).empty


@given(SETTINGS, SETTINGS)
def test_the_first_group_that_speaks_decides(first: QuotaSetting, second: QuotaSetting) -> None:
    decision = decided([first], [second])
    for name in NAMES:
        wanted = first if getattr(first, name) is not None else second
        if name == "period" or getattr(wanted, name) is None:
            continue
        assert getattr(decision.quota, name) == getattr(wanted, name)
        assert decision.by[name].setting is wanted


@given(st.lists(SETTINGS, min_size=2, max_size=4))
def test_within_a_group_nobody_takes_away(group: list[QuotaSetting]) -> None:
    decision = decided(group)
    quota, levels = decision.quota, decision.levels("speeds")
    named = [each.setting.speeds or frozenset() for each in levels if each]
    assert not named or frozenset[Speed]().union(*named) == quota.speeds
    for each in group:
        assert quota.running >= (each.running or 0) or quota.running == OPERATOR.running
        assert quota.speeds >= (each.speeds or frozenset())
        assert not each.rollover or quota.rollover
        assert not each.relaxed or quota.relaxed
        if each.side is not None:
            assert quota.side == 0 or 0 < each.side <= quota.side
        if each.models is not None:
            assert not quota.models or quota.models >= each.models
            assert each.models or not quota.models
        if each.credits is not None and each.period is not None:
            assert quota.credits / quota.period.days >= each.credits / each.period.days


def test_silence_leaves_everything_to_the_operator() -> None:
    assert decided([], [SILENT]) == Decision(OPERATOR)
    assert decide(OPERATOR, [], Caps(10, 2, 0)) == Decision(
        replace(OPERATOR, credits=10, running=2, most=10), {}, frozenset({"credits", "running"})
    )


def test_a_cap_is_named_where_it_lowers_what_was_set() -> None:
    level = Level(QuotaSetting(100, Period.DAY, running=2), "role", 1)
    decision = decide(OPERATOR, [[level]], Caps(credits=50, running=5))
    assert (decision.quota.credits, decision.quota.running) == (50, 2)
    assert decision.capped == {"credits"}
    assert decision.by["credits"] is level


def test_of_two_plans_with_models_all_that_any_allows() -> None:
    group = [QuotaSetting(models=frozenset({name})) for name in ("sdxl", "flux")]
    assert decided(group).quota.models == {"sdxl", "flux"}
    assert decided([*group, QuotaSetting(models=frozenset())]).quota.models == frozenset()
    # A plan that is silent about models does not open them: another one has spoken.
    assert decided([*group, QuotaSetting(1, Period.DAY)]).quota.models == {"sdxl", "flux"}


@pytest.mark.parametrize("key", PRESETS)
def test_presets_are_whole_and_fit_what_can_be_stored(key: str) -> None:
    preset = PRESETS[key]
    assert 1 <= len(preset.plans) <= 25
    assert len(preset.title) <= 100
    for name, gives in preset.plans.items():
        assert 1 <= len(name) <= 32
        assert gives.credits is not None
        assert gives.period is not None
        assert gives.speeds is None or gives.speeds <= SPEEDS
        assert (gives.batch or 0) <= (gives.running or 0) + (gives.waiting or 0)
        assert QuotaSetting.read(gives.plain()) == gives


def test_dalle_2_had_50_then_15_a_month() -> None:
    [plan] = PRESETS["dalle"].plans.values()
    assert (plan.credits, plan.period, plan.welcome, plan.lapse) == (15, Period.MONTH, 35, True)
    assert not plan.rollover
    assert not plan.relaxed


def test_midjourneys_plans_grow() -> None:
    plans = list(PRESETS["midjourney"].plans.values())
    assert [each.credits for each in plans] == [0, 200, 900, 1800]
    assert [bool(each.relaxed) for each in plans] == [False, False, True, True]
    assert plans[0].welcome == 25
    for smaller, larger in itertools.pairwise(plans):
        assert smaller.running is not None
        assert larger.running is not None
        assert smaller.running <= larger.running
