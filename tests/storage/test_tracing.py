"""What was made of somebody's pictures: whose pixels, and whose words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import erasure as left
from bot.domain.action import Action, Kind, Tile
from bot.domain.erasure import Doomed, Erasure
from bot.domain.job import Job, JobStatus
from bot.domain.people import Account, Origin
from bot.domain.prompt import Prompt
from bot.domain.proposal import Proposal
from bot.domain.quota import Claim
from bot.storage import rows
from bot.storage.database import Database
from bot.storage.repositories import Repositories
from bot.storage.tracing import Grew, copies, taken_down
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD, MORNING, a_job, a_request, from_file, wish


@pytest.fixture
def parts(database: Database, tmp_path) -> Repositories:
    return Repositories.of(database, tmp_path)


async def made(database: Database, user: int, parent: Job | None = None, action=Action.IMAGINE,
               text: str = "", **more) -> Job:  # fmt: skip
    """A finished job, by default with the words of its parent."""
    said = text or (parent.request.prompt.text if parent else "a fox in the deep snow")
    source = Tile(parent.id, 1) if parent else None
    request = replace(a_request(source=source, action=action), prompt=Prompt(said))
    if source is None and "digest" in more:
        request = from_file(request, more.pop("digest"))
    job = a_job(request, user=user, status=JobStatus.SUCCEEDED, parent=parent and parent.id, **more)
    await database.transaction(lambda c: rows.insert(c, job))
    return job


async def doomed(parts: Repositories, user: int = ANNA) -> Doomed:
    return await parts.erasures.doomed(wish(user))


def ids(*jobs: Job) -> tuple[str, ...]:
    return tuple(job.id for job in jobs)


async def test_pixels_go_as_far_as_they_are_kept_as_they_are(
    database: Database, parts: Repositories
) -> None:
    grid = await made(database, ANNA)
    taken = await made(database, BERT, grid, Action.UPSCALE)
    zoomed = await made(database, BERT, taken, Action.ZOOM_OUT_2X)
    panned = await made(database, BERT, zoomed, Action.PAN_LEFT, "other words")
    varied = await made(database, BERT, taken, Action.VARY_STRONG)
    of_varied = await made(database, BERT, varied, Action.UPSCALE)
    again = await made(database, BERT, grid, Action.REROLL)
    found = await doomed(parts)
    assert {*found.jobs} == {*ids(grid, taken, zoomed, panned)}
    assert {*found.reworded} == {*ids(varied, of_varied, again)}
    assert await database.read(lambda c: {*copies(c, taken.id)}) == {*ids(taken, zoomed, panned)}
    await parts.reports.add(taken, BERT, "", MORNING, 1)
    assert not await database.read(lambda c: taken_down(c, taken.id))
    with pytest.raises(Grew):
        await parts.reports.take_down(taken, [taken], 99, MORNING)
    await parts.reports.take_down(taken, [taken, zoomed, panned], 99, MORNING)
    of_all = (grid, taken, zoomed, panned, varied, of_varied, again)
    down = {
        each.id for each in of_all if await database.read(lambda c, e=each: taken_down(c, e.id))
    }
    assert down == {*ids(taken, zoomed, panned)}


async def test_words_are_theirs_who_wrote_them(database: Database, parts: Repositories) -> None:
    berts = await made(database, BERT, text="an owl on a branch at night")
    annas = await made(database, ANNA, berts, Action.VARY)
    below = await made(database, BERT, annas, Action.VARY)
    own = await made(database, ANNA, below, Action.VARY, "an owl of Anna's in the morning sun")
    remixed = await made(database, BERT, own, Action.VARY, "a cat")
    holding = await made(
        database, BERT, own, Action.VARY, "oh: an owl of Anna's in the morning sun, wet"
    )
    found = await doomed(parts)
    assert {*found.jobs} == {*ids(annas, own)}
    assert {*found.reworded} == {holding.id}
    assert remixed.id not in found.reworded
    of_bert = await doomed(parts, BERT)
    assert {*of_bert.reworded} == {annas.id}


async def test_short_words_within_others_are_a_coincidence(
    database: Database, parts: Repositories
) -> None:
    grid = await made(database, ANNA, text="a fox")
    more = await made(database, BERT, grid, Action.VARY, "a fox with a hat")
    same = await made(database, BERT, more, Action.VARY, "a fox")
    assert (await doomed(parts)).reworded == (same.id,)


async def test_what_was_made_later_or_elsewhere_stays(
    database: Database, parts: Repositories
) -> None:
    before = await made(database, ANNA)
    after = await made(database, ANNA, now=MORNING + 10)
    elsewhere = await made(database, ANNA, guild=GUILD + 1)
    found = await parts.erasures.doomed(Erasure("user", ANNA, MORNING + 5))
    assert {*found.jobs} == {*ids(before, elsewhere)}
    of_server = await parts.erasures.doomed(Erasure("server", GUILD, MORNING + 5))
    assert of_server.jobs == (before.id,)
    assert after.id not in found.jobs


async def test_what_is_empty_already_is_not_emptied_again(
    database: Database, parts: Repositories
) -> None:
    """But what was made of it is still found, as after a crash."""
    grid = await made(database, ANNA)
    taken = await made(database, BERT, grid, Action.UPSCALE)
    await parts.erasures.blank([grid.id])
    assert (await doomed(parts)).jobs == (taken.id,)
    husk = await parts.jobs.get(grid.id)
    assert husk is not None
    assert (husk.request.kind, husk.request.prompt.text) == (Kind.LOST, "…")
    assert (husk.user, husk.cost, husk.created_at) == (ANNA, 1, MORNING)
    assert left.erased(husk.request)
    await parts.erasures.blank([taken.id])
    assert (await doomed(parts)).jobs == ()


async def test_offers_go_that_came_of_the_words(database: Database, parts: Repositories) -> None:
    grid = await made(database, ANNA)
    varied = await made(database, BERT, grid, Action.VARY)
    remixed = await made(database, BERT, varied, Action.VARY, "an owl")
    other = await made(database, BERT)
    changed, own = "a wet fox", "an owl with a hat"
    under = {
        "under hers": await offer(parts, grid, own),
        "under what loses its words": await offer(parts, varied, changed),
        "says them again": await offer(parts, remixed, own, "a fox in the deep snow, wet"),
    }
    for parent in (remixed, other, None):
        await offer(parts, parent, own)
    assert {*(await doomed(parts)).offers} == {*under.values()}
    await parts.erasures.withdraw([*under.values()])
    assert (await doomed(parts)).offers == ()
    assert len(await database.read(lambda c: c.execute("SELECT 1 FROM proposals").fetchall())) == 3


async def offer(parts: Repositories, parent: Job | None, *texts: str) -> str:
    """Bert may have these drawn; returns the id."""
    requests = tuple(a_request(text) for text in texts)
    under = parent and parent.id
    id = f"under {under} {texts}"
    proposal = Proposal(id, Origin(GUILD, CHANNEL), BERT, requests, (1,), MORNING, parent=under)
    await parts.proposals.add(proposal, [a_job(user=BERT)], Claim(), 1000)
    return id


async def test_a_husk_frees_the_place_of_what_was_taken_out(
    database: Database, parts: Repositories
) -> None:
    grid = await made(database, BERT)
    taken = await made(database, ANNA, grid, Action.UPSCALE)
    assert await parts.jobs.upscale_of(Tile(grid.id, 1)) == taken
    await parts.erasures.blank([taken.id])
    assert await parts.jobs.upscale_of(Tile(grid.id, 1)) is None
    await made(database, BERT, grid, Action.UPSCALE)


async def test_uploads_go_with_what_others_made_of_them(
    database: Database, parts: Repositories
) -> None:
    put = parts.blobs.put
    annas, both, untouched = [
        await put(data, Account(GUILD, ANNA), MORNING) for data in (b"Anna's", b"both", b"alone")
    ]
    await put(b"both", Account(GUILD, BERT), MORNING)
    await put(b"Bert's", Account(GUILD, BERT), MORNING)
    grid = await made(database, ANNA, digest=annas)
    request = from_file(a_request("a fox in the deep snow"), annas)
    again = a_job(request, user=BERT, status=JobStatus.SUCCEEDED, parent=grid.id)
    await database.transaction(lambda c: rows.insert(c, again))
    alone = await parts.erasures.uploads(wish(ANNA))
    assert alone == {annas, untouched}
    assert await parts.blobs.forget(wish(ANNA), alone) == 2
    assert await parts.blobs.read(both) == b"both"
    assert await parts.blobs.read(annas) is None


def test_what_a_request_loses() -> None:
    request = replace(
        a_request("a fox --no snow").meaning("palette", (0.1,)), extra=(("stealth", True),)
    )
    husk, reworded = left.husk(request), left.reworded(request)
    for each in (husk, reworded):
        assert "fox" not in str(each.to_json())
        assert "snow" not in str(each.to_json())
        assert dict(each.extra)["stealth"] is True
        assert type(each).from_json(each.to_json()) == each
    assert reworded.size == request.size
    assert reworded.inputs == request.inputs
