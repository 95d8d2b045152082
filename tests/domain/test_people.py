"""Who asks: ids as they are typed."""

from __future__ import annotations

import pytest

from bot.domain.people import snowflake


@pytest.mark.parametrize("text", ["0", "1", "1200000000000000011", str(2**63 - 1)])
def test_an_id_is_a_whole_number_of_63_bits(text: str) -> None:
    assert snowflake(text) == int(text)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.0", " 1", "a", "²", "٣", str(2**63), "9" * 19, "9" * 21, "1" * 5000]
)
def test_what_is_none_is_none(text: str) -> None:
    assert snowflake(text) is None
