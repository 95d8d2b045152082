"""Words: who uses some that a small model does not know is told so once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.models.cards import EMBEDDED_CARD
from tests.kit.app import House
from tests.kit.faults import CODES


@pytest.mark.parametrize("code", CODES)
async def test_trouble_of_the_database_leaves_it_for_the_next_time(
    tmp_path: Path, code: str
) -> None:
    async with House(tmp_path, card=EMBEDDED_CARD) as house:
        job = await house.imagine("a red zeppelin")
        house.database.refuse(code, "ProfileRepository.note_hint", 1)
        assert await house.service.words.hint(job) == []
        assert await house.service.words.hint(job) == ["zeppelin"]
        assert await house.service.words.hint(job) == []
