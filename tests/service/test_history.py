"""Who finds whose results, by the rules; and sheets of them."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.action import Action
from bot.domain.browsing import Browse, Order, Page
from bot.domain.errors import NotAllowed, NotFound, StoreUnavailable
from bot.domain.job import Job
from bot.domain.people import Asker, Origin
from bot.service import history
from bot.service.rules import Rules, in_gallery, may_look
from tests.kit.app import (
    ADMIN_ASKS,
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    HERE,
    MODERATOR_ASKS,
    House,
)
from tests.kit.beside import ERRANDS
from tests.kit.values import CHANNEL, GUILD

OWN, NEWEST, LIKED = map(Browse, (Order.OWN, Order.NEWEST, Order.LIKED))
ALL = frozenset({HERE.channel, ELSEWHERE.channel, DIRECT.channel})
ANYBODY = (ANNA_ASKS, BERT_ASKS, MODERATOR_ASKS, ADMIN_ASKS)


async def page(house: House, browse: Browse, asker: Asker, origin: Origin) -> Page:
    return await house.service.history.page(asker, origin, browse, ALL)


async def found(house: House, browse: Browse, asker: Asker, origin: Origin) -> list[str]:
    return [each.job.id for each in (await page(house, browse, asker, origin)).results]


async def drawn(house: House, text: str = "a red fox", **more: object) -> Job:
    job = await house.draw(text, **more)  # type: ignore[arg-type]
    await house.posted(job, 900 + len(house.executor.runs))
    return job


async def test_one_finds_ones_own_and_nobody_elses(house: House) -> None:
    here = await drawn(house)
    there = await drawn(house, origin=ELSEWHERE)
    direct = await drawn(house, origin=DIRECT)
    hidden = await drawn(house, "a fox --stealth")
    theirs = await drawn(house, asker=BERT_ASKS)
    assert await found(house, OWN, ANNA_ASKS, HERE) == [hidden.id, here.id]
    assert await found(house, OWN, ANNA_ASKS, ELSEWHERE) == [there.id]
    everything = [hidden.id, direct.id, there.id, here.id]
    assert await found(house, OWN, ANNA_ASKS, DIRECT) == everything
    assert await found(house, OWN, BERT_ASKS, DIRECT) == [theirs.id]
    assert await found(house, OWN, ADMIN_ASKS, HERE) == []


async def test_a_gallery_has_what_the_rules_say(house: House) -> None:
    here, _ = await drawn(house), await drawn(house, origin=ELSEWHERE)
    await drawn(house, origin=DIRECT)
    await drawn(house, "a fox --stealth")
    for browse in (NEWEST, LIKED, replace(NEWEST, search="fox"), replace(LIKED, search="fox")):
        for asker in ANYBODY:
            assert await found(house, browse, asker, HERE) == [here.id]
            nowhere = await house.service.history.page(asker, HERE, browse, ())
            assert nowhere.results == ()
            with pytest.raises(NotAllowed, match="A gallery is a server's"):
                await page(house, browse, asker, DIRECT)


async def test_a_result_is_given_to_whom_a_page_shows_it(house: House) -> None:
    public, hidden = await drawn(house), await drawn(house, "a fox --stealth")
    direct = await drawn(house, origin=DIRECT)
    unposted = await house.draw()
    given = {
        (job.id, asker.user, origin.guild)
        for job in (public, hidden, direct, unposted)
        for asker in (ANNA_ASKS, BERT_ASKS, MODERATOR_ASKS)
        for origin in (HERE, ELSEWHERE, DIRECT)
        if await gives(house, asker, origin, job)
    }
    anna, others = ANNA_ASKS.user, (BERT_ASKS.user, MODERATOR_ASKS.user)
    assert given == {
        *((public.id, user, GUILD) for user in (anna, *others)),
        (public.id, anna, 0), (hidden.id, anna, GUILD), (hidden.id, anna, 0), (direct.id, anna, 0),
        (unposted.id, anna, GUILD), (unposted.id, anna, 0),
    }  # fmt: skip
    result = await house.service.history.result(ANNA_ASKS, HERE, public.id)
    await house.service.history.take_down([result])
    assert not await gives(house, BERT_ASKS, HERE, public)
    assert await gives(house, ANNA_ASKS, HERE, public)
    with pytest.raises(NotFound, match="not here"):
        await house.service.history.result(ANNA_ASKS, HERE, "0" * 32, ALL)


async def gives(house: House, asker: Asker, origin: Origin, job: Job) -> bool:
    try:
        result = await house.service.history.result(asker, origin, job.id, ALL)
    except NotFound:
        return False
    assert result.job.id == job.id
    return True


async def test_the_rules_agree_with_what_is_found(house: House) -> None:
    job = await drawn(house)
    assert in_gallery(HERE, job, {CHANNEL})
    assert not in_gallery(HERE, job, {CHANNEL + 1})
    assert not in_gallery(ELSEWHERE, job, {CHANNEL})
    assert may_look(ANNA_ASKS, DIRECT, job)
    assert not may_look(BERT_ASKS, DIRECT, job)
    assert not may_look(ANNA_ASKS, ELSEWHERE, job)


async def test_who_sees_a_picture_may_like_it(house: House) -> None:
    grid = await drawn(house)
    single = await house.press(Action.UPSCALE, grid.tile(2))
    hidden = await house.press(
        Action.UPSCALE, (await drawn(house, "a fox --stealth")).tile(1)
    )  # fmt: skip
    likes = house.service.likes
    for asker in ANYBODY:
        assert (await likes.turn(asker, HERE, single.tile(1))).id == single.id
    assert await likes.count(single) == len(ANYBODY)
    await likes.turn(BERT_ASKS, HERE, single.tile(1))
    assert await likes.count(single) == len(ANYBODY) - 1
    for origin in (ELSEWHERE, DIRECT):
        with pytest.raises(NotFound, match="do not know this job"):
            await likes.turn(ANNA_ASKS, origin, single.tile(1))
    with pytest.raises(NotFound, match="do not know this job"):
        await likes.turn(BERT_ASKS, HERE, hidden.tile(1))
    await likes.turn(ANNA_ASKS, HERE, hidden.tile(1))
    with pytest.raises(NotFound, match="no such picture"):
        await likes.turn(ANNA_ASKS, HERE, single.tile(2))
    assert await house.credits() == (23, 0)  # of 25, two grids and no like


async def test_a_sheet_has_a_place_for_each_result(house: House) -> None:
    whole, gone = await drawn(house), await drawn(house)
    shown = await page(house, OWN, ANNA_ASKS, HERE)
    assert (await house.service.history.sheet(shown)).cleared == frozenset()
    house.parts.files.path(gone.tile(3)).unlink()
    made = await house.service.history.sheet(shown)
    assert made.cleared == {gone.id}
    assert made.picture is not None
    with Image.open(io.BytesIO(made.picture)) as sheet:
        assert (sheet.format, sheet.size) == ("WEBP", (2 * 208 + 16, 236 + 16))
        pixels = sheet.convert("RGB")
    assert pixels.getpixel((20, 20)) == pytest.approx((58, 60, 66), abs=3)
    tile = house.parts.files.path(whole.tile(1))
    with Image.open(tile) as first:
        colour = first.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert pixels.getpixel((208 + 16 + 40, 56)) == pytest.approx(colour, abs=40)


async def test_what_retention_cleared_away_is_known(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=Rules(images_max_bytes=0)) as house:
        job = await drawn(house)
        shown = await page(house, OWN, ANNA_ASKS, HERE)
        assert await house.service.pictures.housekeeping() == 4
        made = await house.service.history.sheet(shown)
        assert made.cleared == {job.id}
        assert made.picture is not None
        with pytest.raises(NotFound, match="cleared away to save space"):
            await house.service.pictures.picture(job, 10**7)


async def test_a_page_without_a_sheet_is_a_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drawn(house)
    shown = await page(house, OWN, ANNA_ASKS, HERE)

    async def failing(module: str, order: object, patience_s: float) -> object:
        raise StoreUnavailable("io", "no room for a process")

    monkeypatch.setattr(ERRANDS, "run", failing)
    assert await house.service.history.sheet(shown) == history.Sheet(None, frozenset())
    assert await house.service.history.sheet(Page(OWN, ())) == history.Sheet(None, frozenset())


async def test_searches_without_words_find_nothing(house: House) -> None:
    await drawn(house)
    for search in ("***", '"', "--"):
        for browse in (OWN, NEWEST, LIKED):
            assert await found(house, replace(browse, search=search), ANNA_ASKS, HERE) == []


async def test_many_look_at_once(house: House) -> None:
    jobs = [await drawn(house, f"fox {number}") for number in range(3)]
    pages = await asyncio.gather(
        *(page(house, browse, BERT_ASKS, HERE) for browse in (NEWEST, LIKED) * 5)
    )
    for each in pages:
        assert [result.job.id for result in each.results] == [job.id for job in jobs[::-1]]
