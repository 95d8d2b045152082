"""What is done about unsafe pictures: by whom, from which score on, and where."""

from __future__ import annotations

import pytest

from bot.domain.safety import (
    ANYTHING,
    Reaction,
    SafetyPolicy,
    SafetySetting,
    Stance,
    Verdict,
)

SPOILER, BLOCK, OFF = Reaction
CHECKED = Stance(SafetyPolicy(SPOILER), checked=True, chosen=False)
BROKEN = Stance(SafetyPolicy(SPOILER), checked=False, chosen=False)


@pytest.mark.parametrize(
    ("reaction", "scores", "verdict"),
    [
        (SPOILER, [0.1, 0.49], Verdict.FINE),
        (SPOILER, [0.1, 0.5], Verdict.COVERED),
        (SPOILER, [0.1, None], Verdict.COVERED),
        (BLOCK, [0.1, 0.49], Verdict.FINE),
        (BLOCK, [0.1, 0.1, 0.1, 0.5], Verdict.BLOCKED),
        (BLOCK, [None, 0.9], Verdict.BLOCKED),
        (BLOCK, [0.1, None], Verdict.UNSEEN),
        (OFF, [1.0, None], Verdict.FINE),
    ],
)
def test_one_picture_is_enough_and_an_unknown_one_may_be_unsafe(
    reaction: Reaction, scores: list[float | None], verdict: Verdict
) -> None:
    assert SafetyPolicy(reaction, 0.5).verdict(scores) is verdict
    assert verdict.refused == (verdict in (Verdict.BLOCKED, Verdict.UNSEEN))


def test_a_threshold_of_nothing_finds_every_picture() -> None:
    assert SafetyPolicy(BLOCK, 0.0).verdict([0.0]) is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("stance", "own", "holds"),
    [
        (CHECKED, SafetySetting(), SafetyPolicy(SPOILER)),
        (CHECKED, SafetySetting(BLOCK, 0.2), SafetyPolicy(BLOCK, 0.2)),
        (CHECKED, SafetySetting(spares_adults=False), SafetyPolicy(SPOILER, spares_adults=False)),
        # Off is the operator's to allow.
        (CHECKED, SafetySetting(OFF), SafetyPolicy(SPOILER)),
        (Stance(SafetyPolicy(BLOCK), checked=True), SafetySetting(OFF), SafetyPolicy(BLOCK)),
        (Stance(SafetyPolicy(BLOCK), True, True), SafetySetting(OFF), SafetyPolicy(OFF)),
        (Stance(SafetyPolicy(OFF), checked=True), SafetySetting(), SafetyPolicy(OFF)),
        (Stance(SafetyPolicy(OFF), checked=True), SafetySetting(BLOCK), SafetyPolicy(BLOCK)),
        # Where it does not work, who blocks still gets nothing unchecked.
        (BROKEN, SafetySetting(), SafetyPolicy(OFF)),
        (BROKEN, SafetySetting(BLOCK), SafetyPolicy(BLOCK)),
        (Stance(SafetyPolicy(BLOCK), chosen=False), SafetySetting(), SafetyPolicy(BLOCK)),
        # Unless the operator wants it so.
        (ANYTHING, SafetySetting(BLOCK), SafetyPolicy(OFF)),
    ],
)
def test_servers_decide_within_what_the_operator_wants(
    stance: Stance, own: SafetySetting, holds: SafetyPolicy
) -> None:
    assert stance.effective(own) == holds


def test_channels_with_an_age_limit_are_spared_unless_a_server_wants_it_otherwise() -> None:
    spared, strict = SafetyPolicy(BLOCK), SafetyPolicy(BLOCK, spares_adults=False)
    assert not spared.at(age_limited=True).looks
    assert spared.at(age_limited=False) == spared
    assert strict.at(age_limited=True) == strict


def test_what_is_said_is_laid_over_what_was_said_before() -> None:
    before = SafetySetting(BLOCK, 0.0, False)
    assert SafetySetting().over(before) == before
    assert SafetySetting(SPOILER).over(before) == SafetySetting(SPOILER, 0.0, False)
    assert SafetySetting(threshold=0.7, spares_adults=True).over(before) == SafetySetting(
        BLOCK, 0.7, True
    )
