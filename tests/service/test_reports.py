"""What moderators may make of reports that are about themselves; all else is tried in
`tests/e2e/test_reports.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.errors import NotAllowed
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, House


async def test_a_moderator_deletes_their_own_picture_and_keeps_it_not(house: House) -> None:
    reports, moderator = house.service.reports, replace(ANNA_ASKS, moderator=True)
    job, other = await house.draw(), await house.draw("an owl")
    for each in (job, other):
        await reports.add(BERT_ASKS, HERE, each.id, "rude")
    with pytest.raises(NotAllowed, match="This is about you"):
        await reports.dismiss(moderator, HERE, job.id)
    assert len(await reports.open(moderator, HERE)) == 2
    await reports.delete(moderator, HERE, job.id)
    await reports.dismiss(replace(moderator, admin=True), HERE, other.id)
    assert await reports.open(moderator, HERE) == []
