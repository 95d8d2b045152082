"""What admins decide about words, places and people."""

from __future__ import annotations

import pytest

from bot.domain.erasure import Erasure
from bot.domain.errors import NotAllowed, NotFound, UserError
from bot.domain.moderation import PlaceKind, ServerRules, WordKind
from bot.domain.people import Asker
from bot.service.moderation import FILE_MAX, lines
from bot.storage.personal import HOLDINGS
from tests.kit.app import (
    ADMIN_ASKS,
    ANNA_ASKS,
    BERT_ASKS,
    ELSEWHERE,
    HERE,
    MODERATOR_ASKS,
    House,
)  # fmt: skip
from tests.kit.values import ANNA, BERT, GUILD

BLOCKED, ADULT, ALLOWED = WordKind.BLOCKED, WordKind.ADULT, WordKind.ALLOWED


async def deeds(house: House) -> list[str]:
    return [each.deed for each in await house.parts.audit.newest(GUILD)][::-1]


async def test_only_admins_of_a_server(house: House) -> None:
    moderation = house.service.moderation
    for asker, guild, words in (
        (BERT_ASKS, GUILD, "Manage Server"),
        (MODERATOR_ASKS, GUILD, "Manage Server"),
        (ADMIN_ASKS, 0, "belong to a server"),
    ):
        with pytest.raises(NotAllowed, match=words):
            moderation.require_right(asker, guild)
        there = HERE if guild else HERE.__class__(0, 1)
        for work in (
            moderation.overview(asker, guild),
            moderation.block(asker, guild, BLOCKED, ["scum"]),
            moderation.unblock(asker, guild, ["scum"]),
            moderation.test(asker, there, "scum"),
            moderation.restrict(asker, guild, PlaceKind.ROLE, [1], []),
            moderation.set_timeouts(asker, guild, 1, 1, 1),
            moderation.ban(asker, guild, ANNA, None, ""),
            moderation.unban(asker, guild, ANNA),
        ):
            with pytest.raises(NotAllowed, match=words):
                await work
    assert await moderation.known(BERT_ASKS, GUILD, "") == []
    assert await deeds(house) == []
    assert await house.parts.moderation.rules(GUILD) == ServerRules()


async def test_words_are_taken_as_they_are_compared(house: House) -> None:
    moderation = house.service.moderation
    typed = ["  Scum ", "HELLO\u200b   Kitty", "", "scum", "性交"]
    words, changed = await moderation.block(ADMIN_ASKS, GUILD, BLOCKED, typed)
    assert (words, changed) == (["scum", "hello kitty", "性交"], 3)
    assert await moderation.block(ADMIN_ASKS, GUILD, BLOCKED, ["SCUM"]) == (["scum"], 0)
    assert await moderation.known(ADMIN_ASKS, GUILD, "KIT") == ["hello kitty"]
    assert await moderation.unblock(ADMIN_ASKS, GUILD, [" Hello  kitty"]) == ["hello kitty"]
    overview = await moderation.overview(ADMIN_ASKS, GUILD)
    assert overview.rules.words == (("scum", BLOCKED), ("性交", BLOCKED))
    assert await deeds(house) == ["words", "words"]


async def test_what_makes_no_sense_is_told_and_nothing_is_kept(house: House) -> None:
    moderation = house.service.moderation
    for work, words in (
        (moderation.block(ADMIN_ASKS, GUILD, BLOCKED, []), "Give a `word`"),
        (moderation.block(ADMIN_ASKS, GUILD, BLOCKED, ["ok", "!"]), "at least two letters"),
        (moderation.block(ADMIN_ASKS, GUILD, BLOCKED, ["x" * 61]), "at most 60"),
        (moderation.block(ADMIN_ASKS, GUILD, ADULT, [f"w{n:03}" for n in range(501)]), "are 501"),
        (moderation.unblock(ADMIN_ASKS, GUILD, [" "]), "which `word`"),
        (moderation.unblock(ADMIN_ASKS, GUILD, ["none"]), "`none` is not among"),
        (moderation.restrict(ADMIN_ASKS, GUILD, PlaceKind.CHANNEL, [], []), "`add` or to `remove`"),
        (moderation.ban(ADMIN_ASKS, GUILD, ADMIN_ASKS.user, None, ""), "cannot ban yourself"),
        (moderation.unban(ADMIN_ASKS, GUILD, BERT), "neither banned nor timed out"),
    ):
        with pytest.raises(UserError, match=words):
            await work
    assert await deeds(house) == []
    with pytest.raises(NotFound):
        await moderation.unblock(ADMIN_ASKS, GUILD, ["none"])


async def test_a_text_is_tried_without_any_offence(house: House) -> None:
    moderation = house.service.moderation
    await moderation.block(ADMIN_ASKS, GUILD, BLOCKED, ["scum", "fox"])
    await moderation.block(ADMIN_ASKS, GUILD, ADULT, ["nude"])
    for _ in range(9):
        verdict = await moderation.test(ADMIN_ASKS, HERE, "a N.u.d.e and $cum")
    assert verdict.refused
    assert [(each.word, each.kind, each.said) for each in verdict.findings] == [
        ("nude", ADULT, "N.u.d.e"), ("scum", BLOCKED, "$cum"),
    ]  # fmt: skip
    there = HERE.__class__(GUILD, HERE.channel, age_restricted=True)
    assert not (await moderation.test(ADMIN_ASKS, there, "a nude")).refused
    assert (await moderation.test(ADMIN_ASKS, HERE, "an owl")).findings == []
    assert await house.imagine("an owl", ADMIN_ASKS)


async def test_everything_that_holds_is_shown(house: House) -> None:
    moderation = house.service.moderation
    await moderation.restrict(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [7], [])
    await moderation.ban(ADMIN_ASKS, GUILD, ANNA, 60, "rude")
    await moderation.ban(ADMIN_ASKS, GUILD, BERT, None, "")
    overview = await moderation.overview(ADMIN_ASKS, GUILD)
    assert overview.rules.roles == {7}
    assert {ban.user for ban in overview.bans} == {ANNA, BERT}
    house.clock.now += 61
    assert [ban.user for ban in (await moderation.overview(ADMIN_ASKS, GUILD)).bans] == [BERT]


async def test_a_ban_ends_what_they_wait_for_there_and_nothing_else(house: House) -> None:
    house.executor.automatic = False
    there = [await house.imagine("a fox") for _ in range(2)]
    others = await house.imagine("an owl", BERT_ASKS)
    elsewhere = (await house.service.drawing.imagine(ANNA_ASKS, ELSEWHERE, "a fox")).job
    assert elsewhere is not None
    before = await house.credits(BERT_ASKS)
    done = await house.service.moderation.ban(ADMIN_ASKS, GUILD, ANNA, None, "")
    assert (done.ban.user, done.stopped) == (ANNA, 2)
    states = {job.id: job.status for job in await house.parts.jobs.unfinished()}
    assert states.keys() == {others.id, elsewhere.id}
    assert [(await house.parts.jobs.get(job.id)).status for job in there] == ["cancelled"] * 2
    assert await house.credits() == (25, 0)
    assert await house.credits(BERT_ASKS) == before


async def test_what_holds_is_known_after_a_restart(house: House) -> None:
    moderation = house.service.moderation
    await moderation.block(ADMIN_ASKS, GUILD, BLOCKED, ["scum"])
    await moderation.ban(ADMIN_ASKS, GUILD, ANNA, None, "")
    await house.restart()
    assert (await house.service.moderation.overview(ADMIN_ASKS, GUILD)).rules.words
    with pytest.raises(NotAllowed, match="banned you"):
        await house.imagine()


async def table(house: House, name: str, of: int | None = None) -> list[tuple[object, ...]]:
    """The rows of a table, or those that are somebody's."""
    [holding] = [each for each in HOLDINGS if each.table == name]
    where = f" WHERE {holding.mine}" if of is not None else ""
    rows = await house.database.read(
        lambda c: c.execute(f"SELECT * FROM {name}{where}", {"user": of}).fetchall()
    )
    return [tuple(row) for row in rows]


async def test_who_is_forgotten_stays_banned_without_a_word(house: House) -> None:
    moderation = house.service.moderation
    await moderation.block(ADMIN_ASKS, GUILD, BLOCKED, ["scum"])
    await moderation.ban(ADMIN_ASKS, GUILD, ANNA, None, "rude words")
    assert len(await table(house, "bans", ANNA)) == 1
    assert len(await table(house, "words", ADMIN_ASKS.user)) == 1
    for asker in (ANNA_ASKS, ADMIN_ASKS):
        await house.service.privacy.erasing.forget(asker)
    with pytest.raises(NotAllowed, match=r"banned you from drawing for good\.$"):
        await house.imagine()
    assert (await moderation.overview(ADMIN_ASKS, GUILD)).rules.words
    said = str([entry.detail for entry in await house.parts.audit.newest(GUILD)])
    assert "rude" not in said
    assert "scum" not in said


async def test_a_server_that_was_left_keeps_nothing(house: House) -> None:
    moderation, admin = house.service.moderation, Asker(ADMIN_ASKS.user, admin=True)
    await moderation.block(admin, GUILD, BLOCKED, ["scum"])
    await moderation.restrict(admin, GUILD, PlaceKind.CHANNEL, [HERE.channel], [])
    await moderation.set_timeouts(admin, GUILD, 1, None, None)
    await moderation.ban(admin, GUILD, BERT, None, "")
    with pytest.raises(UserError):
        await house.imagine("scum")
    names = ("words", "places", "bans", "refusals", "timeout_rules")
    assert [len(await table(house, name)) for name in names] == [1] * 5
    await house.service.privacy.erasing.begin(Erasure("server", GUILD, house.clock.now))
    assert [await table(house, name) for name in names] == [[]] * 5
    assert await house.imagine("scum", BERT_ASKS)
    assert await house.imagine("scum")


async def test_servers_with_nothing_but_rules_are_known_to_have_been_left(house: House) -> None:
    await house.service.moderation.restrict(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [7], [])
    await house.database.transaction(lambda c: c.execute("DELETE FROM audit"))
    await house.service.privacy.departures.reconcile(())
    rows = await house.database.read(lambda c: c.execute("SELECT * FROM departures").fetchall())
    assert [row["guild_id"] for row in rows] == [GUILD]


def test_a_file_has_a_word_a_line() -> None:
    assert lines("\ufeff# ours\nscum\r\n\n  hello kitty \n性交".encode()) == [
        "scum", "  hello kitty ", "性交",
    ]  # fmt: skip
    with pytest.raises(UserError, match="UTF-8"):
        lines(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="64 KiB"):
        lines(b"x" * (FILE_MAX + 1))


async def test_places_are_those_chosen_in_a_menu(house: House) -> None:
    choose = house.service.moderation.choose
    with pytest.raises(NotAllowed, match="Manage Server"):
        await choose(BERT_ASKS, GUILD, PlaceKind.ROLE, [1], [])
    assert (await choose(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [], [7])).roles == frozenset()
    assert await deeds(house) == []
    assert (await choose(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [3, 1, 2], [])).roles == {1, 2, 3}
    assert (await choose(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [1, 2], [7])).roles == {1, 2, 3}
    assert await deeds(house) == ["places"]
    # What the menu did not show stays.
    assert (await choose(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [9], [1])).roles == {2, 3, 9}
    assert (await choose(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [], [2, 3])).roles == {9}
    assert (await house.parts.moderation.rules(GUILD)).channels == frozenset()
