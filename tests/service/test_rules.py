"""Whose jobs: who sees, presses and cancels what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action, Press, Tile
from bot.domain.errors import (
    NotAllowed,
    NotFound,
)
from bot.domain.job import JobStatus
from bot.domain.people import Asker, Origin
from bot.service.rules import visible
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
from tests.kit.values import ANNA, GUILD, a_job


async def test_another_servers_job_does_not_exist_here(house: House) -> None:
    grid = await house.draw()
    running = await house.imagine()
    admin_there = Asker(ANNA, moderator=True, admin=True)
    for origin in (ELSEWHERE, DIRECT):
        for action in (Action.UPSCALE, Action.VARY, Action.REROLL):
            with pytest.raises(NotFound, match="do not know this job here"):
                await house.press(action, grid.tile(1), admin_there, origin)
        with pytest.raises(NotFound, match="do not know this job here"):
            await house.service.drawing.cancel(admin_there, origin, running.id)
    with pytest.raises(NotFound, match="do not know this job here"):
        await house.press(Action.UPSCALE, Tile("../../etc/passwd", 1))


async def test_one_direct_conversation_does_not_see_another(house: House) -> None:
    grid = await house.draw(origin=DIRECT)
    with pytest.raises(NotFound):
        await house.upscale(grid.tile(1), BERT_ASKS, Origin(0, 701))
    single = await house.upscale(grid.tile(1), ANNA_ASKS, DIRECT)
    assert single.job.origin == DIRECT


async def test_cancel_is_for_owner_and_moderators(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        mine, other = await house.imagine(), await house.imagine()
        for asker in (BERT_ASKS, ADMIN_ASKS):
            with pytest.raises(NotAllowed, match="Manage Messages"):
                await house.service.drawing.cancel(asker, HERE, mine.id)
        assert (await house.service.drawing.cancel(ANNA_ASKS, HERE, mine.id)).now
        stopped = await house.service.drawing.cancel(MODERATOR_ASKS, HERE, other.id)
        assert (stopped.now, stopped.job.status) == (True, JobStatus.CANCELLED)
        assert await house.credits() == (25, 0)


async def test_what_moderators_took_away_only_moderators_bring_back(house: House) -> None:
    grid = await house.draw()
    job = (await house.upscale(grid.tile(1))).job
    await house.posted(job, 555)
    for asker in (ANNA_ASKS, BERT_ASKS, ADMIN_ASKS):
        with pytest.raises(NotAllowed, match="Manage Messages can bring it back"):
            await house.service.outbox.deliver_again(asker, job, 555)
    assert job.id not in await house.owed()
    await house.service.outbox.deliver_again(MODERATOR_ASKS, job, 555)
    assert job.id in await house.owed()


async def test_nobody_moderates_direct_messages(house: House) -> None:
    grid = await house.draw(origin=DIRECT)
    job = (await house.upscale(grid.tile(1), ANNA_ASKS, DIRECT)).job
    await house.posted(job, 555)
    await house.service.outbox.deliver_again(ANNA_ASKS, job, 555)
    assert job.id in await house.owed()


@pytest.mark.parametrize(
    ("job_at", "asked_at", "seen"),
    [
        (HERE, HERE, True),
        (HERE, ELSEWHERE, False),
        (HERE, Origin(0, HERE.channel), False),
        (Origin(0, 7), Origin(0, 7), True),
        (Origin(0, 7), Origin(0, 8), False),
        (Origin(0, 7), HERE, False),
    ],
)
def test_who_may_see_a_job(job_at: Origin, asked_at: Origin, seen: bool) -> None:
    job = a_job(guild=job_at.guild, channel=job_at.channel)
    for asker in (ANNA_ASKS, BERT_ASKS, Asker(9, moderator=True, admin=True)):
        assert visible(asker, asked_at, job) is seen


def test_in_another_channel_of_a_server_a_job_is_for_its_owner_and_who_reads_its_own() -> None:
    job, there = a_job(guild=GUILD, channel=HERE.channel), Origin(GUILD, HERE.channel + 1)
    assert visible(ANNA_ASKS, there, job)
    for asker in (BERT_ASKS, MODERATOR_ASKS, ADMIN_ASKS):
        for reads in (HERE.channel, HERE.channel + 2):
            known = replace(asker, reads=lambda channel, reads=reads: channel == reads)
            assert visible(known, there, job) is (reads == HERE.channel)
            assert not visible(known, Origin(GUILD + 1, there.channel), job)
            assert not visible(known, Origin(0, there.channel), job)


@pytest.mark.parametrize("reads", [False, True])
async def test_what_one_cannot_read_any_more_is_not_pressed(house: House, reads: bool) -> None:
    grid, there = await house.draw(), Origin(GUILD, HERE.channel + 1)
    bert = replace(BERT_ASKS, reads=lambda channel: reads)
    house.executor.automatic = False
    running = await house.imagine("a fox")
    press = Press(Action.VARY, grid.tile(1), prompt="{a, an} owl")
    offer = await house.service.drawing.imagine(bert, HERE, press)
    deeds = [
        house.press(Action.UPSCALE, grid.tile(2), bert, there),
        house.press(Action.VARY, grid.tile(1), bert, there),
        house.service.drawing.offered(bert, there, Press(Action.VARY, grid.tile(1))),
        house.service.likes.turn(bert, there, grid.tile(1)),
        house.service.drawing.accept(bert, there, offer.proposal),
    ]
    for deed in deeds:
        if reads:
            assert await deed
        else:
            with pytest.raises(NotFound, match="do not know this job here"):
                await deed
    moderator = replace(MODERATOR_ASKS, reads=lambda channel: reads)
    cancel = house.service.drawing.cancel(moderator, there, running.id)
    if reads:
        assert (await cancel).now
    else:
        with pytest.raises(NotFound):
            await cancel


async def test_what_is_hidden_is_its_owners_alone(house: House) -> None:
    hidden = await house.draw("a fox --stealth")
    for asker in (BERT_ASKS, ADMIN_ASKS, MODERATOR_ASKS):
        for origin in (HERE, DIRECT):
            for action in (Action.UPSCALE, Action.VARY):
                with pytest.raises(NotFound, match="do not know this job here"):
                    await house.press(action, hidden.tile(1), asker, origin)
    with pytest.raises(NotFound):
        await house.press(Action.VARY, hidden.tile(1), origin=ELSEWHERE)
    there = await house.press(Action.VARY, hidden.tile(1))
    single = await house.press(Action.UPSCALE, hidden.tile(1))
    assert (there.hidden, single.hidden) == (True, True)
    await house.service.outbox.deliver_again(ANNA_ASKS, single, 555)
    in_direct = await house.press(Action.REROLL, hidden.tile(0), origin=DIRECT)
    assert (in_direct.hidden, in_direct.account.guild) == (True, 0)
    await house.end(in_direct)
    assert await house.press(Action.REROLL, in_direct.tile(0), origin=DIRECT)
    with pytest.raises(NotFound):
        await house.press(Action.VARY, in_direct.tile(1), BERT_ASKS, DIRECT)
    assert not (await house.imagine("a fox --stealth", origin=DIRECT)).hidden


async def test_nobody_stops_what_is_hidden_but_its_owner(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        hidden = await house.imagine("a fox --stealth")
        with pytest.raises(NotFound):
            await house.service.drawing.cancel(MODERATOR_ASKS, HERE, hidden.id)
        assert (await house.service.drawing.cancel(ANNA_ASKS, HERE, hidden.id)).now
