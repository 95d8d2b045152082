"""What a server's admins see, and do with what is under way."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from bot.chat import charts
from bot.domain.errors import BlockedWords, NotAllowed, NotFound, StoreUnavailable, UserError
from bot.domain.job import JobStatus
from bot.domain.moderation import WordKind
from bot.domain.overview import Spender
from bot.service import overview
from bot.service.errand import Errands
from bot.service.overview import AT_ONCE, Overviews
from tests.kit.app import ADMIN_ASKS, BERT_ASKS, ELSEWHERE, MODERATOR_ASKS, House
from tests.kit.values import ANNA, BERT, GUILD


async def test_only_admins_of_a_server(house: House) -> None:
    job = await house.draw()
    service = house.service.overview
    for asker, guild, words in (
        (BERT_ASKS, GUILD, "Manage Server"),
        (MODERATOR_ASKS, GUILD, "Manage Server"),
        (ADMIN_ASKS, 0, "belong to a server"),
    ):
        for ask in (
            service.overview(asker, guild, 30),
            service.pause(asker, guild, True),
            service.unfinished(asker, guild),
            service.cancel(asker, guild, job.id),
        ):
            with pytest.raises(NotAllowed, match=words):
                await ask
    assert await house.parts.audit.newest(GUILD) == []
    public = {name for name in vars(Overviews) if not name.startswith("_")}
    known = {"overview", "pause", "unfinished", "cancel", "charts", "model_name", "paused"}
    assert public == known


async def test_the_numbers_of_what_was_drawn(house: House) -> None:
    for asker in (BERT_ASKS, None):
        await (house.draw(asker=asker) if asker else house.draw())
    await house.draw(origin=ELSEWHERE)
    shown = await house.service.overview.overview(ADMIN_ASKS, GUILD, 7)
    assert shown.daily("ended", "succeeded")[-1] == 2
    assert shown.total("credits", "spent") == 2
    assert shown.named("model") == {"tiny": 2}
    assert sum(shown.waits()[-1].values()) == 2
    assert set(shown.spenders) == {Spender(ANNA, 1), Spender(BERT, 1)}
    assert house.service.overview.model_name("tiny") == "Tiny"
    assert house.service.overview.model_name("/somewhere/else/old.safetensors") == "old.safetensors"
    with pytest.raises(UserError, match="7, 30, 90 or 365 days"):
        await house.service.overview.overview(ADMIN_ASKS, GUILD, 8)
    [entry] = await house.parts.audit.newest(GUILD)
    assert (entry.deed, entry.detail) == ("admin overview", {"days": 7})
    assert await house.service.quotas.changes(ADMIN_ASKS, GUILD) == []


async def test_refused_prompts_are_among_the_numbers(house: House) -> None:
    """Also where nobody is timed out for them."""
    moderation = house.service.moderation
    await moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    for refusals in (3, 0):
        await moderation.set_timeouts(ADMIN_ASKS, GUILD, refusals, None, None)
        with pytest.raises(BlockedWords):
            await house.imagine("scum")
    shown = await house.service.overview.overview(ADMIN_ASKS, GUILD, 7)
    assert shown.named("refused") == {"word": 2}
    assert shown.daily("refused", "word")[-1] == 2


async def test_charts_are_drawn_by_another_process_meanwhile(house: House) -> None:
    await house.draw()
    shown = await house.service.overview.overview(ADMIN_ASKS, GUILD, 30)
    made = charts.charts(shown, {ANNA: "Anna"})
    drawing = asyncio.create_task(house.service.overview.charts([each.order for each in made]))
    beside = await house.draw()  # the loop is free
    assert beside.status is JobStatus.SUCCEEDED
    pictures = await drawing
    assert len(pictures) == len(made) == 5
    for png in pictures:
        with Image.open(io.BytesIO(png)) as picture:
            assert (picture.format, picture.size) == ("PNG", (1200, 675))
            assert len(png) < 200_000


async def test_charts_that_cannot_be_drawn_are_trouble_of_the_store(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreUnavailable, match="KeyError"):
        await house.service.overview.charts([{"title": "no kind"}])
    monkeypatch.setattr(overview, "PATIENCE_S", 0)
    async with Errands() as own:  # the one for all tests stays warm
        monkeypatch.setattr(house.service.overview, "_errands", own)
        with pytest.raises(StoreUnavailable, match="too long"):
            await house.service.overview.charts([])


async def test_jobs_of_a_server_are_listed_and_cancelled(tmp_path: Path) -> None:
    async with House(tmp_path, workers=0) as house:
        service = house.service.overview
        asked = [await house.imagine() for _ in range(AT_ONCE)]
        last = await house.imagine(asker=BERT_ASKS)
        other = await house.imagine(origin=ELSEWHERE)
        page = await service.unfinished(ADMIN_ASKS, GUILD)
        assert [job.id for job in page.jobs] == [job.id for job in asked]
        assert (page.first, page.count) == (0, AT_ONCE + 1)
        page = await service.unfinished(ADMIN_ASKS, GUILD, AT_ONCE)
        assert [job.id for job in page.jobs] == [last.id]
        cancelled = await service.cancel(ADMIN_ASKS, GUILD, last.id)
        assert cancelled is not None
        assert await service.cancel(ADMIN_ASKS, GUILD, last.id) is None
        assert (await house.end(last)).job.status is JobStatus.CANCELLED
        assert await house.credits(BERT_ASKS) == (25, 0)
        # The page that was looked at is gone: the last one is shown.
        page = await service.unfinished(ADMIN_ASKS, GUILD, AT_ONCE)
        assert ([job.id for job in page.jobs], page.first) == ([job.id for job in asked], 0)
        hidden = await house.imagine("an owl --stealth", BERT_ASKS)
        for unknown in (other.id, hidden.id, "0" * 32):
            with pytest.raises(NotFound, match="do not know this job"):
                await service.cancel(ADMIN_ASKS, GUILD, unknown)
        assert (await house.state(other))[0] is JobStatus.WAITING
        [entry] = await house.parts.audit.newest(GUILD, without=("admin jobs",))
        assert (entry.deed, entry.detail) == ("admin cancel", {"user": BERT, "job": last.id})
