"""What people say of a refusal, and what moderators make of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.action import ALL, Action
from bot.domain.desk import Appeal
from bot.domain.errors import BlockedWords, NotAllowed, NotFound, UserError
from bot.domain.moderation import WordKind
from bot.domain.people import Asker, Origin
from bot.domain.style import Style
from bot.service.rules import Rules
from tests.kit.app import (
    ADMIN_ASKS,
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    HERE,
    MODERATOR_ASKS,
    House,
)  # fmt: skip
from tests.kit.values import ANNA, GUILD

SCUM = "a scum fox"
BOSS = Asker(97, moderator=True, admin=True)


@pytest.fixture
async def strict(house: House) -> House:
    """A server with a desk, on which a word is blocked."""
    await house.service.desk.set(ADMIN_ASKS, GUILD, 77)
    await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    return house


async def refused(house: House, text: str = SCUM, asker: Asker = ANNA_ASKS, **more: Any) -> str:
    """The id by which they may appeal; empty where they may not."""
    with pytest.raises(UserError) as told:
        await house.imagine(text, asker, **more)
    return told.value.appeal


async def appeal(house: House, id: str, asker: Asker = ANNA_ASKS, said: str = "please") -> None:
    await house.service.appeals.make(asker, HERE, id, said)


async def approved(house: House, id: str, by: Asker = BOSS) -> Appeal:
    await appeal(house, id)
    return await house.service.appeals.answer(by, HERE, id, True)


async def rows(house: House, sql: str) -> list[tuple[Any, ...]]:
    found = await house.database.read(lambda c: c.execute(sql).fetchall())
    return [tuple(row) for row in found]


async def test_only_where_somebody_would_hear_it(house: House) -> None:
    await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    assert await refused(house) == ""
    await house.service.desk.set(ADMIN_ASKS, GUILD, 77)
    first = await refused(house)
    assert len(first) == 32
    assert await refused(house) == first
    assert await refused(house, "a scum owl") != first
    await house.service.desk.set(ADMIN_ASKS, GUILD, 0)
    assert await refused(house) == ""


async def test_what_the_operator_blocks_no_server_allows(tmp_path: Path) -> None:
    async with House(tmp_path, rules=Rules(blocked_words=("crap",)), automatic=True) as house:
        await house.service.desk.set(ADMIN_ASKS, GUILD, 77)
        await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
        assert await refused(house, "a crap fox") == ""
        assert await refused(house, "scum and crap") == ""
        assert await refused(house, "a crap fox", origin=DIRECT) == ""


async def test_an_approved_prompt_passes_once_within_a_day(strict: House) -> None:
    id = await refused(strict)
    await approved(strict, id, MODERATOR_ASKS)
    for other in ("a scum fox in snow", "a scum", "scum"):
        assert await refused(strict, other) not in ("", id)
    await refused(strict, asker=BERT_ASKS)
    before = await strict.credits()
    job = await strict.imagine(SCUM)
    assert (await strict.credits())[0] == before[0] - job.cost
    assert await rows(strict, "SELECT used_by FROM appeals WHERE answer = 'approved'") == [
        (job.id,)
    ]
    again = await refused(strict)
    assert again not in ("", id)
    strict.clock.now += 60 * 60
    await approved(strict, again)
    strict.clock.now += 86_401
    assert await refused(strict) not in ("", again)


async def test_of_two_at_once_one_passes(strict: House) -> None:
    await approved(strict, await refused(strict))
    asked = [strict.imagine(SCUM) for _ in range(4)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in done) == 1
    assert {type(each) for each in done if isinstance(each, Exception)} == {BlockedWords}


async def test_other_rules_hold_all_the_same(strict: House) -> None:
    await approved(strict, await refused(strict))
    await strict.service.moderation.ban(ADMIN_ASKS, GUILD, ANNA, None, "")
    with pytest.raises(NotAllowed, match="banned"):
        await strict.imagine(SCUM)
    await strict.service.moderation.unban(ADMIN_ASKS, GUILD, ANNA)
    await strict.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["ink"])
    await strict.service.styles.add(ADMIN_ASKS, GUILD, Style("dark", "ink drawing of"))
    with pytest.raises(BlockedWords, match="`ink`"):
        await strict.imagine(f"{SCUM} --style dark")
    assert await strict.imagine(SCUM)


async def test_words_around_a_prompt_do_not_stop_it_and_no_part_of_another_passes(
    strict: House,
) -> None:
    await strict.service.styles.add(ADMIN_ASKS, GUILD, Style("dark", "a drawing of"))
    text = f"{SCUM} --style dark"
    await approved(strict, await refused(strict, text))
    assert await strict.imagine(text)
    await strict.service.moderation.unblock(ADMIN_ASKS, GUILD, ["scum"])
    grid = await strict.draw("a scum hare")
    await strict.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    await approved(strict, await refused(strict, "scum"))
    with pytest.raises(BlockedWords):
        await strict.press(Action.REROLL, grid.tile(ALL))
    assert await strict.imagine("scum")


async def test_bans_and_time_outs_are_lifted(strict: House) -> None:
    await strict.service.moderation.set_timeouts(ADMIN_ASKS, GUILD, 1, None, None)
    await refused(strict)
    id = await refused(strict, "a fox")
    found = await strict.service.appeals.appealable(ANNA_ASKS, HERE, id)
    assert (found.kind, found.texts) == ("timeout", ())
    assert "Too many of your prompts" in found.ground.said()
    await approved(strict, id, MODERATOR_ASKS)
    assert await strict.imagine("a fox")
    await strict.service.moderation.ban(ADMIN_ASKS, GUILD, ANNA, None, "rude")
    id = await refused(strict, "a fox")
    await appeal(strict, id)
    with pytest.raises(NotAllowed, match="Manage Server"):
        await strict.service.appeals.answer(MODERATOR_ASKS, HERE, id, True)
    await strict.service.appeals.answer(BOSS, HERE, id, True)
    assert await strict.imagine("a fox")


async def test_a_later_time_out_is_not_lifted(strict: House) -> None:
    """It was not what they appealed against."""
    await strict.service.moderation.set_timeouts(ADMIN_ASKS, GUILD, 1, None, None)
    await refused(strict)
    id = await refused(strict, "a fox")
    await appeal(strict, id)
    strict.clock.now += 3600
    await refused(strict, "more scum")
    await strict.service.appeals.answer(MODERATOR_ASKS, HERE, id, True)
    later = await refused(strict, "a fox")
    assert later != id
    await approved(strict, later, MODERATOR_ASKS)
    assert await strict.imagine("a fox")


async def test_what_is_denied_stays(strict: House) -> None:
    await strict.service.moderation.ban(ADMIN_ASKS, GUILD, ANNA, None, "rude")
    id = await refused(strict, "a fox")
    await appeal(strict, id)
    await strict.service.appeals.answer(BOSS, HERE, id, False)
    again = await refused(strict, "a fox")
    assert again != id
    with pytest.raises(UserError, match="moderators denied it"):
        await appeal(strict, id)
    with pytest.raises(NotFound, match="answered before"):
        await strict.service.appeals.answer(BOSS, HERE, id, True)


async def test_one_open_appeal_of_each_and_three_a_day(strict: House) -> None:
    ids = [await refused(strict, f"{SCUM} {n}") for n in range(4)]
    await appeal(strict, ids[0])
    assert await refused(strict, f"{SCUM} 0") in (ids[0], "")
    with pytest.raises(UserError, match="before"):
        await appeal(strict, ids[0])
    for id in ids[1:3]:
        await appeal(strict, id)
    with pytest.raises(UserError, match="3 appeals within a day"):
        await appeal(strict, ids[3])
    with pytest.raises(UserError, match="some words"):
        await appeal(strict, ids[3], said="  ")
    strict.clock.now += 86_401
    await appeal(strict, await refused(strict, f"{SCUM} 4"))


async def test_whose_they_are_and_who_answers(strict: House) -> None:
    id = await refused(strict)
    with pytest.raises(NotAllowed, match="Only who was refused"):
        await appeal(strict, id, BERT_ASKS)
    with pytest.raises(NotFound):
        await strict.service.appeals.appealable(ANNA_ASKS, ELSEWHERE, id)
    with pytest.raises(NotFound):
        await strict.service.appeals.answer(BOSS, HERE, id, True)
    await appeal(strict, id)
    for asker, origin in ((BERT_ASKS, HERE), (ADMIN_ASKS, HERE), (BOSS, Origin(0, 1))):
        with pytest.raises(NotAllowed):
            await strict.service.appeals.answer(asker, origin, id, True)
    with pytest.raises(NotFound):
        await strict.service.appeals.answer(BOSS, ELSEWHERE, id, True)
    assert (await strict.parts.appeals.get(id)).answer is None  # type: ignore[union-attr]


async def test_nobody_answers_their_own_but_who_makes_the_rules(strict: House) -> None:
    moderator, boss = (replace(ANNA_ASKS, moderator=True, admin=admin) for admin in (False, True))
    await appeal(strict, id := await refused(strict))
    for approve in (True, False):
        with pytest.raises(NotAllowed, match="This is about you"):
            await strict.service.appeals.answer(moderator, HERE, id, approve)
    assert (await strict.parts.appeals.get(id)).answer is None  # type: ignore[union-attr]
    assert (await strict.service.appeals.answer(boss, HERE, id, True)).id == id


async def test_they_are_told_once_and_by_letter_if_they_want(strict: House) -> None:
    appeals = strict.service.appeals
    await approved(strict, await refused(strict))
    assert await appeals.letter() is None
    assert await appeals.untold(BERT_ASKS, HERE) == []
    assert await appeals.untold(ANNA_ASKS, ELSEWHERE) == []
    told = await appeals.untold(ANNA_ASKS, HERE)
    assert [each.answer for each in told] == ["approved"]
    assert await appeals.untold(ANNA_ASKS, HERE) == []
    await appeals.tell_again(told)
    assert await appeals.untold(ANNA_ASKS, DIRECT) == told
    await strict.service.preferences.switch(ANNA_ASKS, "auto_dm")
    await approved(strict, await refused(strict, "scum"))
    letter = await appeals.letter()
    assert letter is not None
    await appeals.lettered(letter, 60)
    assert await appeals.letter() is None
    strict.clock.now += 61
    assert await appeals.letter() == letter
    await appeals.lettered(letter)
    assert await appeals.letter() is None


async def test_everything_is_in_the_log_and_on_the_desk(strict: House) -> None:
    id = await refused(strict)
    await appeal(strict, id, said="It is a *title*.")
    card = await strict.service.desk.due()
    assert card is not None
    found = await strict.service.desk.content(card)
    assert isinstance(found, Appeal)
    assert (found.texts, found.said, found.user) == ((SCUM,), "It is a *title*.", ANNA)
    await strict.service.appeals.answer(BOSS, HERE, id, True)
    settled = await strict.service.desk.content(card)
    assert (settled.verdict, settled.actor) == ("approved", BOSS.user)  # type: ignore[union-attr]
    deeds = [(each.deed, each.actor) for each in await strict.parts.audit.newest(GUILD)]
    assert deeds[:2] == [("appeal answered", BOSS.user), ("appeal", ANNA)]


async def test_who_is_forgotten_leaves_no_appeal_and_no_card(strict: House) -> None:
    id = await refused(strict)
    await appeal(strict, id)
    await strict.service.privacy.erasing.forget(ANNA_ASKS)
    assert await rows(strict, "SELECT * FROM appeals") == []
    card = await strict.service.desk.due()
    assert card is not None
    assert await strict.service.desk.content(card) is None


async def test_old_offers_go(strict: House) -> None:
    await refused(strict)
    strict.clock.now += 86_401
    await refused(strict, "scum", replace(BERT_ASKS))
    assert await rows(strict, "SELECT texts FROM appeals") == [('["scum"]',)]
