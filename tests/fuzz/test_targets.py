"""Every target with a few inputs: its seeds, and what hypothesis makes up. `make fuzz` has more."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import custom_ids, dispatches, forms, options, prompts, uploads
from tests.fuzz.living import Living

INPUTS = st.binary(max_size=60)
SOME = settings(
    max_examples=25, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def some(seeds: Sequence[bytes], count: int) -> Sequence[bytes]:
    """From all over them."""
    return seeds[:: max(1, len(seeds) // count)]


@pytest.mark.parametrize("target", [dispatches, options, custom_ids, forms])
def test_whatever_comes_is_answered_by_a_sentence(target: ModuleType, living: Living) -> None:
    @SOME
    @given(INPUTS)
    def tried(data: bytes) -> None:
        living.do(lambda house: target.one(house, data))

    for seed in some(target.SEEDS, 15):
        living.do(lambda house, seed=seed: target.one(house, seed))
    tried()


@pytest.mark.parametrize("target", [prompts, uploads])
def test_whatever_is_sent_is_read_or_refused(target: ModuleType) -> None:
    @SOME
    @given(INPUTS)
    def tried(data: bytes) -> None:
        target.one(data)

    for seed in some(target.SEEDS, 30):
        target.one(seed)
    tried()
