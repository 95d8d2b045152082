"""Appeals, bans, purges and rules where things happen at once, late, elsewhere or after a start."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.chat import cards
from bot.domain.delivery import Kind
from bot.domain.desk import Appeal, Settled
from bot.domain.errors import BlockedWords, NotAllowed, NotFound, UserError
from bot.domain.grounds import TimedOut
from bot.domain.job import Job, JobStatus
from bot.domain.moderation import Ban, PlaceKind, WordKind
from bot.domain.people import Account, Asker, Origin
from bot.domain.safety import Reaction, SafetyPolicy, SafetySetting, Stance
from bot.service import conduct, rulebook
from bot.service.clemency import Clemency
from bot.service.conduct import Conduct
from bot.service.rulebook import Rulebook
from bot.service.rules import Rules
from bot.storage.bans import BanRepository, Standing
from bot.storage.moderation import ModerationRepository
from bot.storage.purges import Count
from bot.storage.reports import Report
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
from tests.kit.values import ANNA, BERT, GUILD

SCUM, DESK, DAY_S = "a scum fox", 77, 86_400
BOSS = Asker(97, moderator=True, admin=True)
CHECKED = Rules(stance=Stance(SafetyPolicy(Reaction.BLOCK), checked=True, chosen=False))


@pytest.fixture
async def strict(house: House) -> House:
    """A server with a desk, on which a word is blocked."""
    await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
    await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    return house


async def refused(house: House, text: str = SCUM, asker: Asker = ANNA_ASKS, **more: Any) -> str:
    with pytest.raises(UserError) as told:
        await house.imagine(text, asker, **more)
    return told.value.appeal


async def appeal(house: House, id: str, said: str = "please", asker: Asker = ANNA_ASKS) -> None:
    await house.service.appeals.make(asker, HERE, id, said)


async def answer(house: House, id: str, approved: bool = True, by: Asker = BOSS) -> Appeal:
    return await house.service.appeals.answer(by, HERE, id, approved)


async def rows(house: House, sql: str) -> list[tuple[Any, ...]]:
    found = await house.database.read(lambda c: c.execute(sql).fetchall())
    return [tuple(row) for row in found]


async def deeds(house: House) -> list[str]:
    return [each.deed for each in await house.parts.audit.newest(GUILD)][::-1]


async def ban(house: House, reason: str = "rude", lasts_s: float | None = None) -> None:
    await house.service.moderation.ban(ADMIN_ASKS, GUILD, ANNA, lasts_s, reason)


# Appeals


async def test_of_two_moderators_at_once_one_decides(strict: House) -> None:
    id = await refused(strict)
    await appeal(strict, id)
    both = (answer(strict, id, True), answer(strict, id, False, MODERATOR_ASKS))
    done = await asyncio.gather(*both, return_exceptions=True)
    assert [type(each) for each in done].count(NotFound) == 1
    [(verdict,)] = await rows(strict, "SELECT answer FROM appeals")
    assert verdict == ("approved" if isinstance(done[0], Appeal) else "denied")
    assert (await deeds(strict)).count("appeal answered") == 1


async def test_a_form_that_comes_back_twice_is_one_appeal(strict: House) -> None:
    id = await refused(strict)
    sent = (appeal(strict, id, f"why {n}") for n in range(3))
    done = await asyncio.gather(*sent, return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [UserError, UserError]
    assert await rows(strict, "SELECT said FROM appeals") == [("why 0",)]
    assert await rows(strict, "SELECT subject, revision FROM desk_cards") == [(id, 1)]
    assert (await deeds(strict)).count("appeal") == 1


async def test_it_waits_through_starts_and_so_does_what_was_allowed(strict: House) -> None:
    id = await refused(strict)
    await strict.restart()
    await appeal(strict, id)
    await strict.restart()
    card = await strict.service.desk.due()
    assert card is not None
    assert (card.subject, card.channel, card.message) == (id, DESK, 0)
    await answer(strict, id)
    await strict.restart()
    assert await strict.imagine(SCUM)
    await strict.restart()
    await refused(strict)


async def test_a_desk_that_moves_takes_along_what_waits(strict: House) -> None:
    id = await refused(strict)
    await strict.service.desk.set(ADMIN_ASKS, GUILD, 0)
    await appeal(strict, id)
    assert await strict.service.desk.due() is None
    await strict.service.desk.set(ADMIN_ASKS, GUILD, DESK + 1)
    card = await strict.service.desk.due()
    assert card is not None
    assert (card.subject, card.channel) == (id, DESK + 1)
    await strict.service.desk.begin(card)
    await strict.service.desk.shown(card, 500)
    await strict.service.desk.set(ADMIN_ASKS, GUILD, 0)
    await answer(strict, id, False)
    # What was posted says how it ended, though there is no desk any more.
    card = await strict.service.desk.due()
    assert card is not None
    assert (card.channel, card.message) == (DESK + 1, 500)
    assert await strict.service.desk.content(card) == Settled("denied", BOSS.user)
    await strict.service.desk.done(card)
    assert await rows(strict, "SELECT * FROM desk_cards") == []


async def test_a_report_on_the_desk_says_how_it_ended_until_something_new_is_said(
    strict: House,
) -> None:
    desk, reports = strict.service.desk, strict.service.reports
    job = await strict.draw("a fox")
    await reports.add(BERT_ASKS, HERE, job.id, "rude")
    card = await desk.due()
    assert card is not None
    content = await desk.content(card)
    assert isinstance(content, Report)
    assert content.reasons == ("rude",)
    await reports.dismiss(MODERATOR_ASKS, HERE, job.id)
    assert await desk.content(card) == Settled("dismissed", MODERATOR_ASKS.user)
    await reports.add(ADMIN_ASKS, HERE, job.id, "ugly")
    await desk.done(card)
    again = await desk.due()
    assert again is not None
    content = await desk.content(again)
    assert isinstance(content, Report)
    assert content.reasons == ("ugly",)


async def test_what_needs_no_leave_uses_none(strict: House) -> None:
    id = await refused(strict)
    await appeal(strict, id)
    await answer(strict, id)
    moderation = strict.service.moderation
    await moderation.unblock(ADMIN_ASKS, GUILD, ["scum"])
    assert await strict.imagine(SCUM)
    assert await rows(strict, "SELECT used_by FROM appeals") == [(None,)]
    await moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    assert await strict.imagine(SCUM)
    await refused(strict)


async def test_leave_is_for_one_server(strict: House) -> None:
    far = ELSEWHERE.guild
    await strict.service.moderation.block(ADMIN_ASKS, far, WordKind.BLOCKED, ["scum"])
    await appeal(strict, id := await refused(strict))
    await answer(strict, id)
    with pytest.raises(BlockedWords):
        await strict.imagine(SCUM, origin=ELSEWHERE)
    assert await strict.imagine(SCUM)


async def test_why_is_what_was_said_last_until_somebody_appeals(strict: House) -> None:
    await ban(strict, "rude")
    id = await refused(strict, "a fox")
    await ban(strict, "ruder")
    strict.clock.now += 60
    assert await refused(strict, "a fox") == id
    found = await strict.service.appeals.appealable(ANNA_ASKS, HERE, id)
    assert ("`ruder`" in found.ground.said(), found.refused_at) == (True, strict.clock.now)
    await appeal(strict, id)
    await ban(strict, "rudest")
    assert await refused(strict, "a fox") == id
    kept = await strict.parts.appeals.get(id)
    assert kept is not None
    assert "`ruder`" in kept.ground.said()


async def test_a_ban_that_came_after_the_appeal_stays(strict: House) -> None:
    await ban(strict)
    await appeal(strict, id := await refused(strict, "a fox"))
    strict.clock.now += 1
    await ban(strict, "again")
    await answer(strict, id)
    with pytest.raises(NotAllowed, match="`again`"):
        await strict.imagine("a fox")


async def test_nobody_is_told_that_they_may_draw_while_they_are_banned(strict: House) -> None:
    await ban(strict)
    await appeal(strict, id := await refused(strict, "a fox"))
    strict.clock.now += 1
    await ban(strict, "again")
    await answer(strict, id)
    told = cards.outcomes(await strict.service.appeals.untold(ANNA_ASKS, HERE))
    assert "you may draw there again" not in told


async def test_who_waits_for_days_appeals_no_more(strict: House) -> None:
    id = await refused(strict)
    strict.clock.now += 3 * DAY_S
    with pytest.raises(UserError):
        await appeal(strict, id)


async def test_answers_are_told_where_they_were_given_and_all_in_direct_messages(
    house: House,
) -> None:
    ids = []
    for origin in (HERE, ELSEWHERE):
        await house.service.desk.set(ADMIN_ASKS, origin.guild, DESK)
        await house.service.moderation.block(
            ADMIN_ASKS, origin.guild, WordKind.BLOCKED, ["scum"]
        )  # fmt: skip
        ids.append(id := await refused(house, origin=origin))
        await house.service.appeals.make(ANNA_ASKS, origin, id, "please")
        await house.service.appeals.answer(BOSS, origin, id, False)
    untold = house.service.appeals.untold
    [first] = await untold(ANNA_ASKS, HERE)
    assert (first.id, first.answer) == (ids[0], "denied")
    [second] = await untold(ANNA_ASKS, DIRECT)
    assert second.id == ids[1]
    await house.service.appeals.tell_again([first])
    assert await untold(ANNA_ASKS, ELSEWHERE) == []
    both = await asyncio.gather(*(untold(ANNA_ASKS, HERE) for _ in range(3)))
    assert sorted(map(len, both)) == [0, 0, 1]


async def test_answers_are_kept_for_a_month(strict: House) -> None:
    await appeal(strict, id := await refused(strict))
    await answer(strict, id, False)
    strict.clock.now += 30 * DAY_S - 1
    await refused(strict, "scum")
    assert await strict.parts.appeals.get(id)
    strict.clock.now += 2
    await refused(strict, "scum")
    assert await strict.parts.appeals.get(id) is None


async def test_nobody_hears_of_a_refusal_in_direct_messages(strict: House) -> None:
    clemency = Clemency(strict.parts.appeals, strict.parts.desks, strict.clock)
    assert await clemency.offer(ANNA_ASKS, DIRECT, TimedOut(1.0)) == ""
    assert await rows(strict, "SELECT * FROM appeals") == []


# Pictures that the check stopped


async def stopped(house: House, text: str = "a fox", **more: Any) -> Job:
    house.executor.score = 0.9
    return await house.draw(text, **more)


async def becomes(house: House, job: Job) -> str:
    done = (await house.end(job)).job
    if done.status is JobStatus.FAILED:
        return "stopped"
    return "covered" if await house.service.owned.covered(done) else "shown"


async def test_only_who_could_be_heard_is_offered_an_appeal(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=CHECKED) as house:
        appeals = house.service.appeals
        job = await stopped(house)
        assert await appeals.offered([job]) == ""
        with pytest.raises(NotFound):
            await appeals.appealable(ANNA_ASKS, HERE, job.id)
        await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
        assert await appeals.offered([job]) == job.id
        assert await appeals.offered([await stopped(house, origin=DIRECT)]) == ""
        for asker, origin in ((BERT_ASKS, HERE), (ANNA_ASKS, ELSEWHERE), (ANNA_ASKS, DIRECT)):
            with pytest.raises(NotFound, match="nothing"):
                await appeals.appealable(asker, origin, job.id)
        house.executor.score = 0.0
        fine = await house.draw("an owl")
        assert await appeals.offered([fine]) == ""
        with pytest.raises(NotFound):
            await appeals.appealable(ANNA_ASKS, HERE, fine.id)
        found = await appeals.appealable(ANNA_ASKS, HERE, job.id)
        assert (found.id, found.kind, found.texts) == (job.id, "picture", ("a fox",))
        await appeal(house, job.id)
        with pytest.raises(UserError, match="and are told of it"):
            await appeal(house, job.id)


async def test_the_next_one_of_the_same_is_covered_and_no_further_one(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=CHECKED) as house:
        await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
        await appeal(house, (job := await stopped(house)).id)
        await answer(house, job.id)
        assert await becomes(house, await house.imagine("a fox in snow")) == "stopped"
        assert await becomes(house, await house.imagine("a fox", BERT_ASKS)) == "stopped"
        await house.restart()
        house.executor.score = 0.9
        both = await asyncio.gather(*(house.imagine("a fox") for _ in range(2)))
        ends = [await becomes(house, each) for each in both]
        assert sorted(ends) == ["covered", "stopped"]
        assert await rows(house, "SELECT used_by FROM appeal_jobs") == [
            (both[ends.index("covered")].id,)
        ]


async def test_one_that_was_approved_lets_one_of_several_pass(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=CHECKED) as house:
        await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
        await appeal(house, (job := await stopped(house)).id)
        await answer(house, job.id)
        again = await together(house, "a fox --repeat 3")
        ends = [await becomes(house, each) for each in again]
        assert sorted(ends) == ["covered", "stopped", "stopped"]


async def test_what_was_approved_twice_is_covered_twice(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=CHECKED) as house:
        await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
        for job in [await stopped(house) for _ in range(2)]:
            await appeal(house, job.id)
            await answer(house, job.id)
        ends = [await becomes(house, await house.imagine("a fox")) for _ in range(3)]
        assert ends == ["covered", "covered", "stopped"]


@pytest.mark.parametrize(("approved", "waits_s"), [(False, 0), (True, DAY_S + 1)])
async def test_what_was_denied_or_is_too_long_ago_is_stopped(
    tmp_path: Path, approved: bool, waits_s: float
) -> None:
    async with House(tmp_path, automatic=True, rules=CHECKED) as house:
        await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
        await appeal(house, (job := await stopped(house)).id)
        await answer(house, job.id, approved)
        house.clock.now += waits_s
        assert await becomes(house, await house.imagine("a fox")) == "stopped"
        said = "the moderators approved it" if approved else "the moderators denied it"
        with pytest.raises(UserError, match=said):
            await appeal(house, job.id)


# Several grids at once


async def asked(house: House, text: str, asker: Asker = ANNA_ASKS) -> str:
    """The id of an offer of several grids."""
    made = await house.service.drawing.imagine(asker, HERE, text)
    assert made.job is None
    return made.proposal


async def together(house: House, text: str, asker: Asker = ANNA_ASKS) -> list[Job]:
    """Have several grids drawn to their ends."""
    id = await asked(house, text, asker)
    jobs = await house.service.drawing.accept(asker, HERE, id)
    return [(await house.end(job)).job for job in jobs]


async def offer(house: House, jobs: list[Job]) -> str:
    """What stands under the message of several, once it says how all of them ended."""
    update = await house.service.batches.state(jobs[0].id)
    assert update is not None
    id = await house.service.appeals.offered([each.job for each in update.updates])
    for delivery, _job in await house.service.outbox.due([], 50):
        if delivery.kind is Kind.END:
            await house.service.outbox.ended(delivery)
    assert await house.service.batches.state(jobs[0].id) is None
    return id


async def test_words_of_several_grids_are_one_appeal_and_pass_once(strict: House) -> None:
    text = "a {scum, fine} {fox, owl} --repeat 2"
    id = await refused(strict, text)
    assert len(await rows(strict, "SELECT id FROM appeals")) == 1
    await appeal(strict, id)
    await answer(strict, id)
    offered = await asked(strict, text)
    jobs = await strict.service.drawing.accept(ANNA_ASKS, HERE, offered)
    assert len(jobs) == 8
    assert await rows(strict, "SELECT used_by FROM appeals") == [(jobs[0].id,)]
    assert await refused(strict, text) != id


async def test_words_that_are_blocked_while_they_are_offered_can_be_appealed_against(
    strict: House,
) -> None:
    offered = await asked(strict, "a bad {fox, owl}")
    await strict.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["bad"])
    accept = strict.service.drawing.accept
    with pytest.raises(BlockedWords) as told:
        await accept(ANNA_ASKS, HERE, offered)
    await appeal(strict, told.value.appeal)
    await answer(strict, told.value.appeal)
    assert len(await accept(ANNA_ASKS, HERE, offered)) == 2


async def test_two_offers_with_one_leave_are_drawn_once(strict: House) -> None:
    text = "a {scum, fine} fox"
    await appeal(strict, id := await refused(strict, text))
    await answer(strict, id)
    offers = [await asked(strict, text) for _ in range(2)]
    accept = strict.service.drawing.accept
    done = await asyncio.gather(*(accept(ANNA_ASKS, HERE, each) for each in offers),
                                return_exceptions=True)  # fmt: skip
    assert sorted(type(each) for each in done if not isinstance(each, list)) == [BlockedWords]
    assert len(await strict.jobs.unfinished()) == 2


async def test_what_was_stopped_of_several_is_one_appeal_and_covered_the_next_time(
    tmp_path: Path,
) -> None:
    text = "a {red, blue} fox --repeat 2"
    async with House(tmp_path, automatic=True, rules=CHECKED) as house:
        house.executor.score = 0.9
        unheard = await together(house, text)
        assert await offer(house, unheard) == ""
        await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
        jobs = await together(house, text)
        assert {each.status for each in jobs} == {JobStatus.FAILED}
        id = await offer(house, jobs)
        assert id == jobs[0].id
        with pytest.raises(NotAllowed):
            await house.service.appeals.appealable(BERT_ASKS, HERE, id)
        found = await house.service.appeals.appealable(ANNA_ASKS, HERE, id)
        assert (found.kind, found.texts) == ("picture", ("a red fox", "a blue fox"))
        await appeal(house, id)
        await house.restart()
        await answer(house, id)
        assert len(await rows(house, "SELECT * FROM appeals")) == 1
        house.executor.score = 0.9
        assert await becomes(house, await house.imagine("a green fox")) == "stopped"
        # Each passes once, together or by and by.
        assert await becomes(house, await house.imagine("a red fox")) == "covered"
        again = await together(house, text)
        ends = {str(each.request.prompt): [] for each in again}
        for each in again:
            ends[str(each.request.prompt)].append(await becomes(house, each))
        assert ends == {"a red fox": ["covered", "stopped"], "a blue fox": ["covered"] * 2}
        assert [await becomes(house, each) for each in await together(house, text)] == [
            "stopped"
        ] * 4
        assert await becomes(house, await house.imagine("a red fox")) == "stopped"


async def test_of_several_only_what_was_stopped_is_let_pass(tmp_path: Path) -> None:
    async with House(tmp_path, rules=CHECKED) as house:
        await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
        jobs = await house.service.drawing.accept(
            ANNA_ASKS, HERE, await asked(house, "a {red, blue, green} fox")
        )
        for number, job in enumerate(jobs, 1):
            run = await house.executor.started(number)
            run.score = 0.9 if number == 2 else 0.0
            await run.finish()
            if (await house.end(job)).job.status is JobStatus.SUCCEEDED:
                await house.posted(job, 500 + number)
        id = await offer(house, jobs)
        assert id == jobs[0].id
        found = await house.service.appeals.appealable(ANNA_ASKS, HERE, id)
        assert found.texts == ("a blue fox",)
        await appeal(house, id)
        await answer(house, id)
        house.executor.automatic, house.executor.score = True, 0.9
        # Alone or among others, what was let pass is the one that was asked about.
        again = await together(house, "a {red, blue} fox")
        assert [await becomes(house, each) for each in again] == ["stopped", "covered"]


async def test_a_few_grids_that_the_check_lets_pass_leave_nothing_to_appeal_against(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, automatic=True, rules=CHECKED) as house:
        await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
        jobs = await together(house, "a {red, blue} fox")
        assert await house.service.appeals.offered(jobs) == ""
        with pytest.raises(NotFound):
            await house.service.appeals.appealable(ANNA_ASKS, HERE, jobs[0].id)


# What is remembered of people and servers


def delayed(
    real: Callable[..., Any], gate: asyncio.Event, begun: asyncio.Event
) -> Callable[..., Any]:
    """The same, whose answer is held back once it was read."""

    async def looked(*given: Any) -> Any:
        found = await real(*given)
        begun.set()
        await gate.wait()
        return found

    return looked


async def test_a_ban_that_comes_while_somebody_is_looked_up_counts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bans, account = BanRepository(house.database), Account(GUILD, ANNA)
    gate, begun = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(bans, "standing", delayed(bans.standing, gate, begun))
    known = Conduct(bans, house.clock)
    looking = asyncio.create_task(known.of(account))
    await begun.wait()
    made = Ban(ANNA, "rude", 99, house.clock.now)
    await known.ban(GUILD, made)
    gate.set()
    assert await looking == await known.of(account) == Standing(made, 0.0)


async def test_a_word_that_comes_while_a_server_is_looked_up_counts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ModerationRepository(house.database)
    gate, begun = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(kept, "rules", delayed(kept.rules, gate, begun))
    book = Rulebook(kept)
    looking = asyncio.create_task(book.found(GUILD, [SCUM], False))
    await begun.wait()
    await kept.put_words(GUILD, WordKind.BLOCKED, ["scum"], 99, 1.0)
    book.changed(GUILD)
    gate.set()
    found = await looking
    assert found is not None
    assert (found.word, found.operators) == ("scum", False)


async def test_more_people_and_servers_than_are_remembered_are_known_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conduct, "REMEMBERED", 2)
    monkeypatch.setattr(rulebook, "REMEMBERED", 2)
    await ban(house)
    await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    known = Conduct(house.parts.bans, house.clock)
    book = Rulebook(house.parts.moderation, ["crap"])
    for _ in range(2):
        for other in range(4):
            account = Account(GUILD + other, ANNA)
            assert ((await known.of(account)).ban is not None) == (other == 0)
            own = await book.found(GUILD + other, ["scum"], False)
            assert (own is not None) == (other == 0)
    assert await book.operators(DIRECT.guild, ["crap"])


async def test_a_ban_that_is_over_makes_way_at_its_very_second(house: House) -> None:
    await ban(house, lasts_s=60)
    house.clock.now += 59
    with pytest.raises(NotAllowed):
        await house.imagine()
    house.clock.now += 1
    assert await house.imagine()
    with pytest.raises(NotFound):
        await house.service.moderation.unban(ADMIN_ASKS, GUILD, ANNA)
    assert await deeds(house) == ["ban"]


async def test_bans_at_once_leave_one_and_it_is_the_one_that_is_told(house: House) -> None:
    await asyncio.gather(*(ban(house, f"why {n}") for n in range(4)))
    [(reason,)] = await rows(house, "SELECT reason FROM bans")
    with pytest.raises(NotAllowed, match=f"`{reason}`"):
        await house.imagine()


# What is no change


async def test_what_changes_nothing_is_not_written_down(house: House) -> None:
    moderation = house.service.moderation
    rule = await moderation.set_timeouts(ADMIN_ASKS, GUILD, None, None, None)
    assert await moderation.set_timeouts(ADMIN_ASKS, GUILD, rule.refusals, 0, None) == rule
    await moderation.choose(ADMIN_ASKS, GUILD, PlaceKind.CHANNEL, [], [4])
    await moderation.restrict(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [5], [])
    await moderation.choose(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [5], [4])
    await moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    await moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["SCUM"])
    assert await deeds(house) == ["places", "words"]


async def test_a_word_is_forgotten_as_it_was_typed(house: House) -> None:
    typed = "hel\u200blo kitty"
    await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, [typed])
    assert await house.service.moderation.unblock(ADMIN_ASKS, GUILD, [typed]) == ["hello kitty"]


@pytest.mark.parametrize("threshold", [-0.01, 0.91, math.nan, math.inf])
async def test_a_threshold_that_is_none_is_kept_nowhere(house: House, threshold: float) -> None:
    with pytest.raises(UserError, match="from 0 to 90%"):
        await house.service.safety.set(ADMIN_ASKS, GUILD, SafetySetting(None, threshold))
    assert await house.parts.safety.setting(GUILD) == SafetySetting()
    assert not await house.parts.safety.clear(GUILD, 99, 1.0)
    await house.service.safety.set(ADMIN_ASKS, GUILD, SafetySetting(None, 0.9))
    assert await house.parts.safety.clear(GUILD, 99, 1.0)


async def test_channels_of_staff_are_for_admins_to_choose(house: House) -> None:
    for asker, guild in ((BERT_ASKS, GUILD), (MODERATOR_ASKS, GUILD), (ADMIN_ASKS, 0)):
        for choose in (house.service.desk.set, house.service.chronicle.set):
            with pytest.raises(NotAllowed):
                await choose(asker, guild, DESK)
    assert await rows(house, "SELECT * FROM desks") == []
    assert await rows(house, "SELECT * FROM audit_logs") == []


async def test_a_log_that_moves_while_it_is_written_says_nothing_twice(house: House) -> None:
    log = house.service.chronicle
    await log.set(ADMIN_ASKS, GUILD, DESK)
    first = await log.due()
    assert first is not None
    await log.begin(first)
    await log.set(ADMIN_ASKS, GUILD, DESK + 1)
    await log.postpone(first, 600, arrived=False)
    moved = await log.due()
    assert moved is not None
    assert (moved.channel, moved.tries) == (DESK + 1, 0)
    await log.posted(first, 0)
    left = await log.due()
    assert left is not None
    assert [each.entry.detail for each in left.lines] == [{"channel": DESK + 1}]


# Purges


async def test_two_admins_who_purge_at_once_delete_and_free_all_of_it_once(house: House) -> None:
    before = await house.credits()
    house.executor.automatic = False
    mine = [await house.imagine(f"a fox {n}") for n in range(3)]
    far = await house.imagine("a fox", origin=Origin(GUILD + 1, 1))
    other = await house.imagine("an owl", BERT_ASKS)
    done = await asyncio.gather(*(purged(house, each) for each in (ADMIN_ASKS, BOSS)))
    assert Count(0, 3) in done
    assert [(await house.state(job))[0] for job in mine] == [JobStatus.CANCELLED] * 3
    assert {(await house.state(job))[0] for job in (far, other)}.isdisjoint({JobStatus.CANCELLED})
    assert await house.credits() == before
    assert (await house.credits(BERT_ASKS))[1] == other.cost
    with pytest.raises(NotFound):
        await house.service.purging.count(ADMIN_ASKS, GUILD, ANNA, 0)
    assert await house.service.purging.count(ADMIN_ASKS, GUILD, BERT, 0) == Count(0, 1)


async def purged(house: House, by: Asker) -> Count:
    """How much there was when they asked; none where another admin was quicker."""
    purging = house.service.purging
    try:
        purge = await purging.begin(by, GUILD, ANNA, 0)
    except NotFound:
        return Count(0, 0)
    async with purging.ending(purge) as ended:
        await ended.wait()
    return purge.count
