"""Ids of jobs."""

from __future__ import annotations

import re
from collections import Counter

from bot.domain.job import new_id

NOW = 1_780_300_800.0
MINUTE_S = 65.536


def test_an_id_is_as_buttons_and_files_want_it_and_nobodys_else() -> None:
    ids = [new_id(NOW) for _ in range(2000)]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert len({each[8:] for each in ids}) == len(ids)


def test_those_of_a_minute_lie_together_in_their_order() -> None:
    begun = NOW // MINUTE_S * MINUTE_S + 0.001
    ids = [new_id(begun + ms / 1000) for ms in range(0, 65_000, 7)]
    assert ids == sorted(ids)
    assert len({each[:4] for each in ids}) == 1


def test_folders_fill_alike() -> None:
    firsts = [new_id(NOW + number * MINUTE_S)[:4] for number in range(1 << 16)]
    assert len(set(firsts)) == 1 << 16
    filled = Counter(first[:2] for first in firsts[:1024])
    assert len(filled) == 256
    assert max(filled.values()) <= 6
