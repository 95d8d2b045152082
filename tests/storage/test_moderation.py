"""A server's rules, bans and refusals, as they are kept."""

from __future__ import annotations

import pytest

from bot.domain.errors import UserError
from bot.domain.moderation import Ban, PlaceKind, ServerRules, TimeoutRule, WordKind
from bot.domain.people import Account
from bot.storage import bans, moderation
from bot.storage.audit import AuditRepository
from bot.storage.bans import BanRepository, Standing
from bot.storage.database import Database
from bot.storage.moderation import ModerationRepository

ADMIN, MIA = 99, Account(10, 31)
BLOCKED, ADULT, ALLOWED = WordKind.BLOCKED, WordKind.ADULT, WordKind.ALLOWED


async def deeds(database: Database, guild: int = 10) -> list[tuple[str, dict[str, object]]]:
    entries = await AuditRepository(database).newest(guild)
    return [(entry.deed, entry.detail) for entry in reversed(entries)]


async def test_a_server_without_rules_has_the_usual_ones(database: Database) -> None:
    assert await ModerationRepository(database).rules(10) == ServerRules()


async def test_words_have_one_kind_each(database: Database) -> None:
    repository = ModerationRepository(database)
    assert await repository.put_words(10, BLOCKED, ["scum", "crap"], ADMIN, 1.0) == 2
    assert await repository.put_words(10, ADULT, ["crap", "nude"], ADMIN, 2.0) == 2
    assert await repository.put_words(10, ADULT, ["nude"], ADMIN, 3.0) == 0
    assert await repository.put_words(11, ALLOWED, ["nude"], ADMIN, 4.0) == 1
    assert (await repository.rules(10)).words == (
        ("crap", ADULT), ("nude", ADULT), ("scum", BLOCKED),
    )  # fmt: skip
    assert await repository.forget_words(10, ["crap", "none"], ADMIN, 5.0) == ["crap"]
    assert await repository.forget_words(10, ["none"], ADMIN, 6.0) == []
    assert await deeds(database) == [
        ("words", {"kind": "blocked", "words": ["scum", "crap"]}),
        ("words", {"kind": "adult", "words": ["crap", "nude"]}),
        ("words", {"kind": "", "words": ["crap"]}),
    ]
    assert await repository.forget_words(10, [], ADMIN, 7.0) == ["nude", "scum"]
    assert (await repository.rules(11)).words == (("nude", ALLOWED),)


async def test_a_list_that_is_too_long_is_not_kept_at_all(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderation, "WORDS_MAX", 3)
    repository = ModerationRepository(database)
    await repository.put_words(10, BLOCKED, ["a1", "b1"], ADMIN, 1.0)
    with pytest.raises(UserError, match="would have 4 words, and at most 3"):
        await repository.put_words(10, ADULT, ["a1", "c1", "d1"], ADMIN, 2.0)
    assert (await repository.rules(10)).words == (("a1", BLOCKED), ("b1", BLOCKED))
    assert len(await deeds(database)) == 1


async def test_places(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = ModerationRepository(database)

    async def change(kind: PlaceKind, add: list[int], drop: list[int] | None) -> ServerRules:
        return await repository.change_places(10, kind, add, drop, ADMIN, 1.0)

    await change(PlaceKind.CHANNEL, [5], [])
    await change(PlaceKind.ROLE, [5], [])
    rules = await change(PlaceKind.CHANNEL, [6, 6], [5])
    assert (rules.channels, rules.roles) == ({6}, {5})
    monkeypatch.setattr(moderation, "PLACES_MAX", 1)
    with pytest.raises(UserError, match="At most 1"):
        await change(PlaceKind.CHANNEL, [7], [])
    rules = await change(PlaceKind.CHANNEL, [], None)
    assert (rules.channels, rules.roles) == (frozenset(), {5})
    assert await repository.rules(10) == rules
    assert (await deeds(database))[-1] == ("places", {"kind": "channel", "places": []})


async def test_time_outs_are_set(database: Database) -> None:
    repository = ModerationRepository(database)
    for rule in (TimeoutRule(2, 60, 120), TimeoutRule(0, 60, 120)):
        await repository.set_timeouts(10, rule, ADMIN, 1.0)
        assert (await repository.rules(10)).timeout == rule
    assert (await deeds(database))[0] == (
        "timeouts", {"refusals": 2, "within_s": 60, "lasts_s": 120},
    )  # fmt: skip


async def test_a_ban_holds_until_it_ends(database: Database) -> None:
    repository = BanRepository(database)
    await repository.ban(10, Ban(31, "rude", ADMIN, 100.0))
    again = Ban(31, "ruder", ADMIN, 200.0, 300.0)
    await repository.ban(10, again)
    assert (await repository.standing(MIA)).at(299.0) == Standing(again, 0.0)
    assert (await repository.standing(MIA)).at(300.0) == Standing(None, 0.0)
    assert (await repository.standing(Account(11, 31))).at(250.0) == Standing(None, 0.0)
    assert await repository.banned(10, 250.0) == [again]
    assert await repository.banned(10, 300.0) == []
    assert not await repository.unban(MIA, ADMIN, 300.0)
    await repository.ban(10, again)
    assert await repository.unban(MIA, ADMIN, 250.0)
    assert (await repository.standing(MIA)).at(250.0) == Standing(None, 0.0)
    assert [deed for deed, _ in await deeds(database)] == ["ban", "ban", "ban", "unban"]


async def test_bans_that_are_over_make_room(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bans, "BANS_MAX", 1)
    repository = BanRepository(database)
    await repository.ban(10, Ban(1, "", ADMIN, 0.0, 10.0))
    with pytest.raises(UserError, match="1 bans"):
        await repository.ban(10, Ban(2, "", ADMIN, 9.0))
    await repository.ban(10, Ban(2, "", ADMIN, 10.0))
    assert [ban.user for ban in await repository.banned(10, 11.0)] == [2]


async def test_refusals_are_counted_for_each_server(database: Database) -> None:
    repository, rule = BanRepository(database), TimeoutRule(2, 60, 100)
    assert await repository.refused(MIA, rule, 1.0) == 0
    assert await repository.refused(Account(0, 31), rule, 2.0) == 0
    assert await BanRepository(database).refused(MIA, rule, 3.0) == 103.0
    assert (await repository.standing(MIA)).at(102.0) == Standing(None, 103.0)
    assert (await repository.standing(MIA)).at(103.0) == Standing(None, 0.0)
    assert (await repository.standing(Account(0, 31))).at(4.0) == Standing(None, 0.0)
    assert await repository.unban(MIA, ADMIN, 50.0)
    assert await repository.refused(MIA, rule, 51.0) == 0
