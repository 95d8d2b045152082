"""The looks of a server, and the trail of who made them."""

from __future__ import annotations

import pytest

from bot.domain.errors import UserError
from bot.domain.style import Style
from bot.storage.audit import AuditRepository
from bot.storage.database import Database
from bot.storage.styles import MOST, StyleRepository
from tests.kit.values import GUILD, MORNING

ADMIN = 99
OIL = Style("oil", "oil painting of", "thick paint", "photo", (("brush", 0.5), ("dust", 1.0)))
PEN = Style("pen", "pen drawing of")


@pytest.fixture
def styles(database: Database) -> StyleRepository:
    return StyleRepository(database)


async def trail(database: Database) -> list[tuple[str, str]]:
    entries = await AuditRepository(database).newest(GUILD)
    return [(each.deed, each.detail["name"]) for each in reversed(entries)]


async def test_a_style_is_kept_whole_for_its_server(
    styles: StyleRepository, database: Database
) -> None:
    await styles.put(GUILD, PEN, ADMIN, MORNING)
    await styles.put(GUILD, OIL, ADMIN, MORNING)
    assert await styles.of_guild(GUILD) == {"oil": OIL, "pen": PEN}
    assert [*await styles.of_guild(GUILD)] == ["oil", "pen"]
    assert await styles.of_guild(GUILD + 1) == {}
    [newest, *_] = await AuditRepository(database).newest(GUILD)
    assert (newest.actor, newest.at) == (ADMIN, MORNING)
    assert newest.detail == {
        "name": "oil", "before": "oil painting of", "after": "thick paint",
        "negative": "photo", "loras": "brush:0.5, dust:1",
    }  # fmt: skip


async def test_one_takes_anothers_place_but_no_third_ones(
    styles: StyleRepository, database: Database
) -> None:
    await styles.put(GUILD, OIL, ADMIN, MORNING)
    await styles.put(GUILD, PEN, ADMIN, MORNING)
    for instead_of in (None, "pen"):
        with pytest.raises(UserError, match="a style `oil` here already"):
            await styles.put(GUILD, Style("oil", "x"), ADMIN, MORNING, instead_of)
    assert await styles.of_guild(GUILD) == {"oil": OIL, "pen": PEN}
    ink = Style("ink", "ink drawing of")
    await styles.put(GUILD, ink, ADMIN, MORNING, "pen")
    await styles.put(GUILD, Style("ink", "ink"), ADMIN, MORNING, "ink")
    assert await styles.of_guild(GUILD) == {"oil": OIL, "ink": Style("ink", "ink")}
    assert (await trail(database))[2:] == [("style edit", "ink"), ("style edit", "ink")]


async def test_what_is_not_there_cannot_be_removed(
    styles: StyleRepository, database: Database
) -> None:
    await styles.put(GUILD, OIL, ADMIN, MORNING)
    assert not await styles.remove(GUILD + 1, "oil", ADMIN, MORNING)
    assert await styles.remove(GUILD, "oil", ADMIN, MORNING)
    assert not await styles.remove(GUILD, "oil", ADMIN, MORNING)
    assert await styles.of_guild(GUILD) == {}
    assert await trail(database) == [("style add", "oil"), ("style remove", "oil")]


async def test_a_server_has_so_many_at_most(styles: StyleRepository) -> None:
    for number in range(MOST):
        await styles.put(GUILD, Style(f"s{number}", "x"), ADMIN, MORNING)
    with pytest.raises(UserError, match="which is all it may have"):
        await styles.put(GUILD, OIL, ADMIN, MORNING)
    await styles.put(GUILD, OIL, ADMIN, MORNING, "s7")
    await styles.put(GUILD + 1, OIL, ADMIN, MORNING)
    assert len(await styles.of_guild(GUILD)) == MOST
