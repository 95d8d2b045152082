"""What admins see in their panel of deeds and models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import NotAllowed
from bot.domain.moderation import WordKind
from bot.engine.seam import Failed, Loaded, Loading
from bot.service.administration import LOGGED, Administration
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, MODERATOR_ASKS, TINY, House
from tests.kit.values import GUILD

OTHER = replace(TINY, id="other", name="Other")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True, others=[OTHER], workers=2) as opened:
        yield opened


async def blocked(house: House, *words: str) -> None:
    for word in words:
        await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, [word])


async def test_only_admins_of_a_server(house: House) -> None:
    administration = house.service.administration
    for asker, guild, words in (
        (ANNA_ASKS, GUILD, "Manage Server"),
        (MODERATOR_ASKS, GUILD, "Manage Server"),
        (ADMIN_ASKS, 0, "belong to a server"),
    ):
        for work in (administration.deeds(asker, guild), administration.models(asker, guild)):
            with pytest.raises(NotAllowed, match=words):
                await work


async def test_deeds_come_in_pages_newest_first(house: House) -> None:
    administration = house.service.administration
    assert (await administration.deeds(ADMIN_ASKS, GUILD)).entries == []
    names = [f"word {chr(97 + number)}x" for number in range(LOGGED + 3)]
    await blocked(house, *names)
    await house.service.overview.unfinished(ADMIN_ASKS, GUILD)  # a look, which is left out
    first = await administration.deeds(ADMIN_ASKS, GUILD)
    assert [each.detail["words"][0] for each in first.entries] == names[::-1][:LOGGED]
    assert (first.first, first.more) == (0, True)
    rest = await administration.deeds(ADMIN_ASKS, GUILD, LOGGED)
    assert [each.detail["words"][0] for each in rest.entries] == names[2::-1]
    assert (rest.first, rest.more) == (LOGGED, False)
    assert (await administration.deeds(ADMIN_ASKS, GUILD, 10**6)).entries == []
    assert (await administration.deeds(ADMIN_ASKS, GUILD + 1)).entries == []


async def test_a_full_page_has_none_after_it(house: House) -> None:
    await blocked(house, *[f"word {chr(97 + number)}x" for number in range(LOGGED)])
    page = await house.service.administration.deeds(ADMIN_ASKS, GUILD)
    assert (len(page.entries), page.more) == (LOGGED, False)


async def test_how_models_stand_in_the_workers(house: House) -> None:
    found = await house.service.administration.models(ADMIN_ASKS, GUILD)
    assert [each.card.id for each in found.models] == ["tiny", "other"]
    assert [each.default for each in found.models] == [True, False]
    assert [each.kept for each in found.models] == [True, False]
    assert len(found.workers) == 2


@pytest.mark.parametrize(
    ("states", "loaded", "loading", "trouble"),
    [
        ([{}, {}], 0, False, ""),
        ([{"tiny": Loaded()}, {"tiny": Loading("half")}], 1, True, ""),
        ([{"tiny": Loaded()}, {"tiny": Loaded()}], 2, False, ""),
        ([{"tiny": Failed("It is too large.")}, {"tiny": Loaded()}], 1, False, "It is too large."),
        ([{"other": Loaded()}], 0, False, ""),
    ],
)
async def test_each_state_counts(
    house: House, states: list[dict[str, object]], loaded: int, loading: bool, trouble: str
) -> None:
    [worker, *_] = house.executor.workers()

    class Standing:
        """Stands where the executor does, with workers whose models stand so."""

        def workers(self) -> list[object]:
            return [replace(worker, models=each) for each in states]

    made = house.service.administration
    there = Administration(made._audit, Standing(), made._catalogue)  # type: ignore[arg-type]
    [tiny, _] = (await there.models(ADMIN_ASKS, GUILD)).models
    assert (tiny.loaded, tiny.loading, tiny.trouble) == (loaded, loading, trouble)
