"""Pages of results in a real database: who has which, in which order, and what search finds."""

from __future__ import annotations

import itertools
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action, Tile
from bot.domain.browsing import PAGE, Browse, Order, Page, Place
from bot.domain.errors import NotFound
from bot.domain.job import Failure, Job
from bot.domain.quota import Claim, Quota
from bot.domain.request import GenerationRequest
from bot.domain.usual import HIDDEN
from bot.storage.database import Database
from bot.storage.pictures import StoredImage
from bot.storage.repositories import Repositories
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD, MORNING, a_job, a_request

PLENTY = Claim(Quota(credits=1000, running=100, waiting=100))
_messages = itertools.count(501)
OWN, NEWEST, LIKED = Browse(Order.OWN), Browse(Order.NEWEST), Browse(Order.LIKED)


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> Repositories:
    return Repositories.of(database, tmp_path)


def images(count: int) -> list[StoredImage]:
    return [StoredImage(index, f"{index:064x}", 100, False) for index in range(1, count + 1)]


async def drawn(
    parts: Repositories, text: str = "a red fox", request: GenerationRequest | None = None,
    hidden: bool = False, **more: object,
) -> Job:  # fmt: skip
    """A job that was asked for, drawn and posted."""
    request = request or a_request(text)
    if hidden:
        request = replace(request, extra=((HIDDEN, True),))
    job = a_job(request, **more)  # type: ignore[arg-type]
    await parts.jobs.submit([job], PLENTY, 1000)
    started = await parts.jobs.start(job.id, MORNING)
    assert started is not None
    made = images(job.request.count)
    ended = await parts.jobs.succeed(job.id, started.attempt, 1.0, "torch", MORNING, made)
    assert ended is not None
    await posted(parts, job)
    return ended


async def posted(parts: Repositories, job: Job) -> None:
    delivery = await parts.outbox.of_job(job.id)
    assert delivery is not None
    await parts.outbox.delivered(delivery, next(_messages))


async def taken_out(parts: Repositories, grid: Job, index: int = 1) -> Job:
    """One picture of a grid alone."""
    single = a_job(grid.request.upscale(grid.tile(index)), cost=0)
    job = replace(single, status=grid.status, parent=grid.id, finished_at=MORNING)
    await parts.jobs.extract(job, images(1)[0])
    await posted(parts, job)
    return job


async def take_down(parts: Repositories, job: Job) -> None:
    """Its message was deleted."""
    found = await parts.history.of_job(job.id)
    assert found is not None
    await parts.history.take_down([found[0]])


def ids(page: Page) -> list[str]:
    return [result.job.id for result in page.results]


async def own(parts: Repositories, search: str = "", **more: object) -> list[str]:
    user, guild = more.pop("user", ANNA), more.pop("guild", None)
    browse = replace(OWN, search=search, **more)  # type: ignore[arg-type]
    return ids(await parts.history.own(browse, user, guild))  # type: ignore[arg-type]


async def public(
    parts: Repositories, browse: Browse = NEWEST, guild: int = GUILD, channels: tuple = (CHANNEL,)
) -> list[str]:
    return ids(await parts.history.public(browse, guild, channels))


async def test_only_what_was_drawn_is_there_newest_first(parts: Repositories) -> None:
    first, second = await drawn(parts), await drawn(parts, "a cat")
    waiting = a_job()
    await parts.jobs.submit([waiting], PLENTY, 1000)
    failed = a_job()
    await parts.jobs.submit([failed], PLENTY, 1000)
    await parts.jobs.refuse(failed.id, Failure("No.", "ABC"), MORNING)
    single = await taken_out(parts, first, 2)
    assert await own(parts) == [single.id, second.id, first.id]
    assert await own(parts, user=BERT) == []
    page = await parts.history.own(OWN, ANNA, None)
    assert page.results[0].job == await parts.jobs.get(single.id)
    assert page.results[0].message > 500


async def test_a_server_has_its_own_and_direct_messages_have_all(parts: Repositories) -> None:
    here, there = await drawn(parts), await drawn(parts, guild=GUILD + 1, channel=9)
    direct = await drawn(parts, guild=0, channel=700)
    assert await own(parts) == [direct.id, there.id, here.id]
    assert await own(parts, guild=GUILD) == [here.id]
    assert await own(parts, guild=0) == [direct.id]
    assert await public(parts) == [here.id]
    assert await public(parts, guild=GUILD + 1, channels=(9,)) == [there.id]


async def test_the_gallery_has_what_was_posted_for_everybody(parts: Repositories) -> None:
    shown = await drawn(parts)
    hidden = await drawn(parts, hidden=True)
    elsewhere = await drawn(parts, channel=CHANNEL + 1)
    not_posted = await drawn(parts, user=BERT)
    delivery = await parts.outbox.of_job(not_posted.id)
    assert delivery is not None
    await parts.outbox.deliver_again(not_posted.id, delivery.message)
    deleted = await drawn(parts)
    await take_down(parts, deleted)
    for browse in (NEWEST, LIKED, replace(NEWEST, search="fox"), replace(LIKED, search="fox")):
        assert await public(parts, browse) == [shown.id]
        assert await public(parts, browse, channels=()) == []
    assert await public(parts, channels=(CHANNEL, CHANNEL + 1)) == [elsewhere.id, shown.id]
    assert {hidden.id, deleted.id} < {*await own(parts)}
    there = {job: await parts.history.of_job(job.id) for job in (shown, deleted, not_posted)}
    assert [found and found[1] for found in there.values()] == [True, False, False]
    assert await parts.history.of_job("0" * 32) is None


async def test_what_is_posted_again_is_in_the_gallery_again(parts: Repositories) -> None:
    job = await drawn(parts)
    await take_down(parts, job)
    assert await public(parts) == []
    delivery = await parts.outbox.of_job(job.id)
    assert delivery is not None
    await parts.outbox.deliver_again(job.id, delivery.message)
    await posted(parts, job)
    assert await public(parts) == [job.id]


async def test_actions_are_told_apart(parts: Repositories) -> None:
    grid = await drawn(parts)
    single = await taken_out(parts, grid)
    varied = await drawn(parts, request=grid.request.vary(grid.tile(1), 1, 0.5))
    for action, job in ((Action.IMAGINE, grid), (Action.UPSCALE, single), (Action.VARY, varied)):
        assert await own(parts, action=action.value) == [job.id]
        assert await own(parts, "fox", action=action.value) == [job.id]
    assert await own(parts, action="of_a_later_version") == []


FOUND = [
    ("a red fox in the forest", "FOX", True),
    ("a red fox in the forest", "forest red", True),
    ("a red fox in the forest", "fo", True),  # the beginning of a word
    ("a red fox in the forest", "f", False),
    ("a red fox in the forest", "red cat", False),
    ("a café", "cafe", True),
    ("赤い狐、森の中で", "狐", True),
    ("赤い狐、森の中で", "森の中", True),
    ("赤い狐、森の中で", "狐赤", False),
    ("ทุ่งหญ้าสีเขียว", "หญ้า", True),
    ("빨간 여우", "여우", True),
    ("लाल लोमड़ी", "लोमड़ी", True),
    ("الثعلب الأحمر", "الأحمر", True),
    ("🦊 in snow", "🦊", True),
    ("a fox", f"u{ANNA}", False),  # labels are not said
    ("a fox", "avary", False),
]


@pytest.mark.parametrize(("prompt", "search", "found"), FOUND)
async def test_search_in_any_script(
    parts: Repositories, prompt: str, search: str, found: bool
) -> None:
    job = await drawn(parts, prompt)
    assert await own(parts, search) == ([job.id] if found else [])
    for browse in (NEWEST, LIKED):
        seen = await public(parts, replace(browse, search=search))
        assert seen == ([job.id] if found else [])


HOSTILE = (
    '"', "'", "fox*", 'fox" OR "cat', "fox AND", "OR NOT NEAR", "NEAR(fox cat)", "said: fox",
    "{said labels}: fox", "labels : u32", "^fox", "fox +", "-fox", "(fox", "*", "--", "%",
    "fox\x00", "'; DROP TABLE jobs; --", "\ud800", "a" * 45, "*\"'" * 15,
)  # fmt: skip


@pytest.mark.parametrize("search", HOSTILE)
async def test_hostile_searches_are_words_like_others(parts: Repositories, search: str) -> None:
    await drawn(parts, user=BERT)
    mine = await drawn(parts, "a red fox")
    found = await own(parts, search)
    assert found in ([], [mine.id])
    assert (await public(parts, replace(LIKED, search=search))) is not None
    assert await own(parts, "fox") == [mine.id]


async def pages(parts: Repositories, browse: Browse) -> list[list[str]]:
    """All pages forth, after which all of them back are the same."""
    shown, page = [], await look(parts, browse)
    assert not page.before
    while True:
        shown.append(page)
        if not page.behind:
            break
        page = await look(parts, browse.beyond(page.results[-1].place))
        assert page.before
    for earlier in reversed(shown[:-1]):
        page = await look(parts, browse.beyond(page.results[0].place, back=True))
        assert ids(page) == ids(earlier)
        assert page.behind
        assert page.before == earlier.before
    return [ids(each) for each in shown]


async def look(parts: Repositories, browse: Browse) -> Page:
    if browse.order is Order.OWN:
        return await parts.history.own(browse, ANNA, None)
    return await parts.history.public(browse, GUILD, (CHANNEL,))


@pytest.mark.parametrize("search", ["", "fox"])
@pytest.mark.parametrize("order", Order)
async def test_pages_hold_everything_once(parts: Repositories, order: Order, search: str) -> None:
    jobs, browse = [], Browse(order, search)
    for number in range(2 * browse.size + 1):
        jobs.append((await drawn(parts, f"fox {number}")).id)
        await drawn(parts, "a cat", user=BERT, hidden=True)
    assert await parts.likes.turn(Tile(jobs[3], 1), BERT, MORNING)
    for user in (ANNA, BERT):
        assert await parts.likes.turn(Tile(jobs[5], 2), user, MORNING)
    expected = jobs[::-1]
    if order is Order.LIKED:
        expected = [jobs[5], jobs[3]] + [job for job in expected if job not in (jobs[3], jobs[5])]
    found = await pages(parts, browse)
    assert [len(page) for page in found] == [browse.size, browse.size, 1]
    assert [*itertools.chain(*found)] == expected


async def test_a_page_stays_while_others_come(parts: Repositories) -> None:
    for number in range(PAGE + 2):
        await drawn(parts, f"fox {number}")
    first = await look(parts, OWN)
    second = OWN.beyond(first.results[-1].place)
    before = ids(await look(parts, second))
    await drawn(parts)
    assert ids(await look(parts, second)) == before


async def test_a_like_is_one_of_each_person_and_can_be_taken_back(parts: Repositories) -> None:
    grid = await drawn(parts)
    single = await taken_out(parts, grid)
    tile = single.tile(1)
    assert await parts.likes.turn(tile, ANNA, MORNING)
    assert await parts.likes.turn(tile, BERT, MORNING)
    assert await parts.likes.count(single.id) == 2
    assert await public(parts, LIKED) == [single.id, grid.id]
    assert not await parts.likes.turn(tile, ANNA, MORNING)
    assert await parts.likes.count(single.id) == 1
    for nothing in (single.tile(2), Tile("0" * 32, 1)):
        with pytest.raises(NotFound, match="no such picture"):
            await parts.likes.turn(nothing, ANNA, MORNING)
    assert await parts.likes.count("0" * 32) == 0


async def test_what_cannot_be_read_is_there_all_the_same(
    parts: Repositories, database: Database
) -> None:
    job = await drawn(parts, "a strange fox")
    await database.transaction(
        lambda c: c.execute("UPDATE jobs SET request = '{}' WHERE id = ?", (job.id,))
    )
    [found] = (await parts.history.own(OWN, ANNA, None)).results
    assert (found.job.id, found.job.request.model) == (job.id, "")


async def test_nothing_is_left_of_a_result_whose_job_goes(
    parts: Repositories, database: Database
) -> None:
    job = await drawn(parts)
    await parts.likes.turn(job.tile(1), BERT, MORNING)

    def left(connection: sqlite3.Connection) -> list[int]:
        connection.execute("DELETE FROM images")
        connection.execute("DELETE FROM results")
        tables = ("results", "likes", "prompts")
        return [connection.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in tables]

    assert await database.transaction(left) == [0, 0, 0]


def plan(connection: sqlite3.Connection, sql: str, *values: object) -> str:
    return " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values))


async def test_no_page_sorts_or_looks_at_all_jobs(parts: Repositories, database: Database) -> None:
    asked: list[str] = []
    plans: list[str] = []
    await database.report(lambda c: c.set_trace_callback(asked.append))
    for browse in (OWN, replace(OWN, search="fox", place=Place(0, 9)), NEWEST,
                   replace(NEWEST, search="fox", place=Place(0, 9), back=True), LIKED,
                   replace(LIKED, place=Place(1, 9)), replace(LIKED, search="fox")):  # fmt: skip
        await look(parts, browse)
    selects = [sql for sql in asked if sql.lstrip().startswith("SELECT j.*")]
    assert len(selects) == 7
    await database.report(lambda c: plans.extend(plan(c, sql) for sql in selects))
    for each in plans:
        assert "TEMP B-TREE FOR ORDER BY" not in each
        assert not re.search(r"SCAN [jrd]\b", each), each
    liked = "SEARCH r USING INDEX results_liked (guild_id=?"
    assert [liked in each for each in plans] == [False] * 4 + [True] * 3
