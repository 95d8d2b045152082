"""What the operator may do, and who that is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import NotAllowed, UserError
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker
from bot.domain.quota import Caps
from bot.service.operating import NOTICE_MAX, Operating
from bot.service.rules import Rules
from bot.storage.jobs import JobRepository
from tests.kit import books
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, ELSEWHERE, HERE, MODERATOR_ASKS, House
from tests.kit.values import GUILD

BOSS, OWNER = Asker(77), Asker(78)
ALL: dict[str, Callable[[Operating, Asker], Awaitable[object]]] = {
    "servers": lambda operating, asker: operating.servers(asker, {}),
    "block": lambda operating, asker: operating.block(asker, GUILD),
    "unblock": lambda operating, asker: operating.unblock(asker, GUILD),
    "announce": lambda operating, asker: operating.announce(asker, "x"),
    "drain": lambda operating, asker: operating.drain(asker, True),
    "drained": lambda operating, asker: operating.drained(asker),
}


async def test_nobody_else_may_do_anything(house: House) -> None:
    operating = house.service.operating
    operating.know_owners([OWNER.user])
    for asker in (ANNA_ASKS, MODERATOR_ASKS, ADMIN_ASKS):
        for deed in ALL.values():
            with pytest.raises(NotAllowed, match="operates this bot"):
                await deed(operating, asker)
        with pytest.raises(NotAllowed):
            operating.caps(asker)
    assert await house.parts.audit.newest(0) == []
    assert (house.service.levers.notice, house.service.levers.draining) == ("", False)
    public = {name for name in vars(Operating) if not name.startswith("_")}
    assert public - {*ALL, "caps", "know_owners", "require_operator"} == set()


async def test_who_the_settings_name_is_operator_in_the_owners_place(tmp_path: Path) -> None:
    async with House(tmp_path / "1") as house:
        with pytest.raises(NotAllowed):
            house.service.operating.caps(OWNER)  # before Discord said who that is
        house.service.operating.know_owners([OWNER.user])
        house.service.operating.caps(OWNER)
    rules = Rules(operators=frozenset({BOSS.user}), caps=Caps(credits=9))
    async with House(tmp_path / "2", rules=rules) as house:
        house.service.operating.know_owners([OWNER.user])
        assert house.service.operating.caps(BOSS) == Caps(credits=9)
        with pytest.raises(NotAllowed):
            house.service.operating.caps(OWNER)


async def test_servers_are_told_with_their_use_and_what_is_blocked(house: House) -> None:
    operating = house.service.operating
    operating.know_owners([BOSS.user])
    for _ in range(2):
        await house.draw(origin=ELSEWHERE)
    await house.draw()
    await operating.block(BOSS, 555)
    found = await operating.servers(BOSS, {GUILD: "Home", ELSEWHERE.guild: "Away", 999: "New"})
    assert [(each.use.guild, each.name, each.use.jobs, each.blocked) for each in found] == [
        (ELSEWHERE.guild, "Away", 2, False), (GUILD, "Home", 1, False),
        (555, "", 0, True), (999, "New", 0, False),
    ]  # fmt: skip
    with pytest.raises(UserError, match="id of a server"):
        await operating.block(BOSS, 0)


async def test_a_notice_stays_until_it_is_cleared(house: House) -> None:
    operating = house.service.operating
    operating.know_owners([BOSS.user])
    assert await operating.announce(BOSS, "  Back\nat noon ") == "Back at noon"
    await house.restart()
    assert house.service.levers.notice == "Back at noon"
    operating = house.service.operating
    operating.know_owners([BOSS.user])
    with pytest.raises(UserError, match=f"{NOTICE_MAX} characters and this has {NOTICE_MAX + 1}"):
        await operating.announce(BOSS, "x" * (NOTICE_MAX + 1))
    assert await operating.announce(BOSS, "") == ""
    assert house.service.levers.notice == ""
    await house.restart()
    assert house.service.levers.notice == ""
    deeds = [(each.deed, each.detail) for each in await house.parts.audit.newest(0)]
    assert deeds == [
        ("operator notice", {"reason": ""}), ("operator notice", {"reason": "Back at noon"})
    ]  # fmt: skip


@pytest.mark.parametrize("banned", [False, True])
async def test_what_was_being_stored_when_its_server_was_blocked_is_not_drawn(
    house: House, monkeypatch: pytest.MonkeyPatch, banned: bool
) -> None:
    """Nor where its asker was banned."""
    service = house.service
    service.operating.know_owners([OWNER.user])
    submit = JobRepository.submit

    async def late(*given: Any) -> list[Job]:
        """The writer is busy: it is stored behind the ban or block."""
        if banned:
            ban = service.moderation.ban(ADMIN_ASKS, GUILD, ANNA_ASKS.user, None, "")
            assert (await ban).stopped == 0
        else:
            assert await service.operating.block(OWNER, GUILD) == 0
        return await submit(*given)

    monkeypatch.setattr(JobRepository, "submit", late)
    with pytest.raises(NotAllowed, match="banned you" if banned else "blocked this server"):
        await service.drawing.imagine(ANNA_ASKS, HERE, "a fox")
    assert books.states(house.folder) == [JobStatus.CANCELLED]
    assert await house.credits() == (25, 0)
    assert house.executor.runs == []
