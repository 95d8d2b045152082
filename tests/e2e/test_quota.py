"""Credits, limits and the admins' commands, as the people concerned meet them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Person, Refused, Sandbox
from tests.e2e import scene
from tests.e2e.conftest import Easel, Gate, running, settings_for

Start = Callable[..., contextlib.AbstractAsyncContextManager[Easel]]


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> Start:
    """A bot with settings of the test's choice."""

    @contextlib.asynccontextmanager
    async def begin(**settings: Any) -> AsyncIterator[Easel]:
        async with running(sandbox, settings_for(sandbox, tmp_path, **settings), quick) as easel:
            yield easel

    return begin


async def ask(sandbox: Sandbox, person: Person, prompt: str, **where: Any) -> str:
    """The private refusal of a prompt."""
    return await scene.refused(
        sandbox, person, await person.slash("imagine", prompt=prompt, **where)
    )


async def admin(person: Person, command: str, **options: Any) -> str:
    """The private answer to an admin's command."""
    press = await person.slash(command, **options)
    await press.ack()
    assert press.original is not None
    assert press.original["flags"] & scene.EPHEMERAL
    return scene.text_of(press.original)


async def balance(person: Person, **where: Any) -> str:
    press = await person.slash("info", **where)
    await press.ack()
    assert press.original is not None
    return next(f["value"] for f in press.original["embeds"][0]["fields"] if f["name"] == "Credits")


def audit(easel: Easel) -> list[tuple[str, str, dict[str, Any]]]:
    """(who, deed, detail), oldest first."""
    return [
        (str(row["actor_id"]), row["deed"], json.loads(row["detail"]))
        for row in scene.rows(easel.settings.data_dir, "SELECT * FROM audit ORDER BY id")
    ]


# Members


async def test_an_empty_account_is_refused_privately_and_nothing_is_stored(start: Start) -> None:
    async with start(credits=1) as easel:
        sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
        grid = await scene.imagine(sandbox, mia, "a fox")
        ledger = scene.rows(easel.settings.data_dir, "SELECT COUNT(*) FROM ledger")[0][0]
        said = await ask(sandbox, mia, "a hare")
        assert "Credits exhausted" in said
        said = await scene.refused(sandbox, mia, await mia.click(grid, "V1"))
        assert "Credits exhausted" in said
        said = await scene.refused(sandbox, mia, await mia.click(grid, "🔄"))
        assert "Credits exhausted" in said
        shown = mia.message(grid)
        assert shown is not None
        assert scene.used(shown) == set()
        assert scene.states(easel.settings.data_dir) == ["succeeded"]
        assert scene.rows(easel.settings.data_dir, "SELECT COUNT(*) FROM ledger")[0][0] == ledger
        assert scene.private(sandbox.person("Noah")) == []
        single = await scene.press(sandbox, mia, grid, "U1")
        assert single["message_reference"]["message_id"] == grid["id"]
        assert scene.spent(easel.settings.data_dir) == 1


async def test_a_failed_job_costs_nothing_and_says_one_calm_sentence(start: Start) -> None:
    async with start(credits=1) as easel:
        sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
        await (await mia.slash("imagine", prompt="an unfit fox")).ack()
        failed = await scene.until_said(sandbox, mia, "⚠️")
        assert "Nothing was charged." in failed["content"]
        assert failed["components"] == []
        assert scene.open_holds(easel.settings.data_dir) == 0
        [job] = scene.rows(easel.settings.data_dir, "SELECT state, reference FROM jobs")
        assert job["state"] == "failed"
        assert job["reference"] in failed["content"]
        await (await mia.slash("imagine", prompt="a fox", channel="lobby")).ack()
        await scene.new_result(sandbox, mia, set(), "lobby")
        assert scene.spent(easel.settings.data_dir) == 1


async def test_the_limit_of_waiting_jobs(start: Start, gate: Gate) -> None:
    async with start(running_limit=1, waiting_limit=1) as easel:
        sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await scene.until_drawing(sandbox, mia)
        await (await mia.slash("imagine", prompt="a hare")).ack()
        assert "Queue full" in await ask(sandbox, mia, "an owl")
        assert len(scene.states(easel.settings.data_dir)) == 2
        gate.open()
        await sandbox.wait_for(lambda: len(scene.results(mia)) == 2 and not scene.notices(mia))
        await scene.imagine(sandbox, mia, "an owl")
        assert scene.spent(easel.settings.data_dir) == 3


async def test_the_limit_of_the_whole_queue(start: Start, gate: Gate) -> None:
    async with start(queue_limit=1) as easel:
        sandbox, mia, noah = easel.sandbox, *map(easel.sandbox.person, ("Mia", "Noah"))
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await scene.until_drawing(sandbox, mia)
        await (await mia.slash("imagine", prompt="a hare")).ack()
        assert "full for everybody" in await ask(sandbox, noah, "an owl")
        gate.open()
        await sandbox.wait_for(lambda: len(scene.results(mia)) == 2 and not scene.notices(mia))


async def test_one_user_does_not_keep_the_other_waiting(easel: Easel, gate: Gate) -> None:
    sandbox, mia, noah = easel.sandbox, *map(easel.sandbox.person, ("Mia", "Noah"))
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await scene.until_drawing(sandbox, mia)
    for animal in ("hare", "owl", "newt"):
        await (await mia.slash("imagine", prompt=f"a {animal}")).ack()
    await (await noah.slash("imagine", prompt="a boat", channel="lobby")).ack()
    gate.open()
    await sandbox.wait_for(lambda: len(scene.results(mia)) == 4 and scene.results(noah, "lobby"))
    order = scene.rows(
        easel.settings.data_dir, "SELECT user_id FROM jobs ORDER BY started_at, rowid"
    )
    assert [str(row["user_id"]) for row in order[:2]] == [mia.id, noah.id]


# Direct messages


async def test_the_road_in_direct_messages(easel: Easel) -> None:
    sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
    grid = await scene.imagine(sandbox, mia, "a fox", dm=True)
    assert grid["channel_id"] == mia.dm
    single = await scene.press(sandbox, mia, grid, "U2")
    varied = await scene.press(sandbox, mia, single, "Vary")
    assert varied["channel_id"] == mia.dm
    assert "**23** grids left" in await balance(mia, dm=True)
    assert "**25** grids left" in await balance(mia)
    assert scene.results(mia) == []


async def test_drawing_in_direct_messages_can_be_switched_off(start: Start) -> None:
    async with start(dm_credits=0) as easel:
        sandbox, mia = easel.sandbox, easel.sandbox.person("Mia")
        assert "switched off" in await ask(sandbox, mia, "a fox", dm=True)
        assert scene.states(easel.settings.data_dir) == []
        await scene.imagine(sandbox, mia, "a fox")


async def test_admin_commands_are_not_offered_in_direct_messages(easel: Easel) -> None:
    ada = easel.sandbox.person("Ada")
    with pytest.raises(Refused):
        await ada.slash("quota show", dm=True)


# Admins


async def test_an_admin_sets_grants_shows_resets_and_counts(easel: Easel) -> None:
    sandbox = easel.sandbox
    ada, mia = sandbox.person("Ada"), sandbox.person("Mia")
    said = await admin(ada, "quota set", credits=1, period="day", running=2, waiting=4)
    assert "Limits of this server" in said
    assert "1 grids a day, 2 at once, 4 waiting" in said
    await scene.imagine(sandbox, mia, "a fox")
    assert "Credits exhausted" in await ask(sandbox, mia, "a hare")
    assert "gets 2 lasting grids" in await admin(
        ada, "quota grant", user=mia.id, amount=2, reason="birthday"
    )
    await scene.imagine(sandbox, mia, "a hare")
    shown = await admin(ada, "quota show", user=mia.id)
    assert "**1** grids left (0 of this period, 1 that stay); new ones <t:" in shown
    assert "loses 1 lasting" in await admin(ada, "quota grant", user=mia.id, amount=-5)
    assert "**1** grids left" in await admin(ada, "quota reset", user=mia.id)
    assert f"1. {mia.mention}: **2** grids" in await admin(ada, "quota usage")
    assert "Everybody: 1 grids a day" in await admin(ada, "quota show")
    assert "Forgotten." in await admin(ada, "quota reset")
    assert "**25** grids" in await admin(ada, "quota reset", user=mia.id)
    deeds = audit(easel)
    assert {who for who, _, _ in deeds} == {ada.id}
    assert [deed for _, deed, _ in deeds] == [
        "quota set", "quota grant", "quota show", "quota grant", "quota reset credits",
        "quota usage", "quota show", "quota reset limits", "quota reset credits",
    ]  # fmt: skip
    assert deeds[1][2] == {
        "user": int(mia.id), "asked": 2, "changed": 2, "reason": "birthday"
    }  # fmt: skip


async def test_own_settings_beat_roles_and_the_most_generous_role_beats_the_server(
    easel: Easel,
) -> None:
    sandbox = easel.sandbox
    ada, mia, noah = map(sandbox.person, ("Ada", "Mia", "Noah"))
    patron = sandbox.world.find_role("Patron").id
    supporter = sandbox.world.add_role("Supporter").id
    await admin(ada, "quota set", credits=1)
    await admin(ada, "quota set", credits=3, role=patron)
    await admin(ada, "quota set", credits=2, role=supporter)
    assert "**1** grids left" in await balance(mia)
    sandbox.world.give_role("Mia", "Supporter")
    assert "**2** grids left" in await balance(mia)
    sandbox.world.give_role("Noah", "Supporter")
    assert "**3** grids left" in await balance(noah)
    await scene.imagine(sandbox, mia, "a fox")
    sandbox.world.give_role("Mia", "Patron")
    assert "2 of 3 today" in await balance(mia)
    await admin(ada, "quota set", credits=7, user=mia.id)
    assert "**6** grids left" in await balance(mia)
    assert "**25** grids" not in await admin(ada, "quota show", user=noah.id)


COMMANDS = [
    ("quota set", {"credits": 100}),
    ("quota grant", {"user": "Mia", "amount": 100}),
    ("quota show", {}),
    ("quota show", {"user": "Ada"}),
    ("quota reset", {"user": "Mia"}),
    ("quota reset", {}),
    ("quota usage", {}),
]


async def test_members_have_no_admin_commands(easel: Easel) -> None:
    mia = easel.sandbox.person("Mia")
    assert {each["name"] for each in mia.commands("imagine")} == {"imagine", "info", "help"}
    with pytest.raises(Refused):
        await mia.slash("quota show")


async def test_members_are_refused_even_where_a_server_lets_them_try(easel: Easel) -> None:
    sandbox = easel.sandbox
    mia = sandbox.person("Mia")
    for command in sandbox.world.commands[None].values():
        command["default_member_permissions"] = None
    for command, options in COMMANDS:
        given = dict(options)
        if "user" in given:
            given["user"] = sandbox.person(given["user"]).id
        press = await mia.slash(command, **given)
        said = await scene.refused(sandbox, mia, press)
        assert "Only members with the Manage Server permission" in said, command
    assert audit(easel) == []
    assert scene.rows(easel.settings.data_dir, "SELECT * FROM quota_settings") == []
    assert scene.rows(easel.settings.data_dir, "SELECT * FROM ledger WHERE actor_id <> 0") == []


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("quota set", {}, "at least one of"),
        ("quota set", {"period": "month"}, "needs `credits`"),
        ("quota grant", {"user": "Mia", "amount": 0}, "changes nothing"),
        ("quota set", {"credits": 1, "user": "Mia", "role": "Patron"}, "not both"),
        ("quota reset", {"what": "credits"}, "give `user`"),
    ],
)
async def test_admins_are_told_what_is_missing(
    easel: Easel, command: str, options: dict[str, Any], words: str
) -> None:
    sandbox = easel.sandbox
    given = dict(options)
    if "user" in given:
        given["user"] = sandbox.person(given["user"]).id
    if "role" in given:
        given["role"] = sandbox.world.find_role(given["role"]).id
    ada = sandbox.person("Ada")
    assert words in await scene.refused(sandbox, ada, await ada.slash(command, **given))
    assert audit(easel) == []
