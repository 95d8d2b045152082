"""Credits, limits and the admins' commands, as the people concerned meet them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Refused, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.scene import Scene

Start = Callable[..., contextlib.AbstractAsyncContextManager[Easel]]


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> Start:
    """A bot with settings of the test's choice."""

    @contextlib.asynccontextmanager
    async def begin(**settings: Any) -> AsyncIterator[Easel]:
        async with running(sandbox, settings_for(sandbox, tmp_path, **settings), quick) as easel:
            yield easel

    return begin


async def ask(sandbox: Sandbox, person: Scene, prompt: str, **where: Any) -> str:
    """The private refusal of a prompt."""
    return await person.refused(await person.slash("imagine", prompt=prompt, **where))


async def admin(person: Scene, command: str, **options: Any) -> str:
    """The private answer to an admin's command."""
    press = await person.slash(command, **options)
    await press.ack()
    assert press.original is not None
    assert press.original["flags"] & messages.EPHEMERAL
    return messages.text_of(press.original)


async def balance(person: Scene, **where: Any) -> str:
    press = await person.slash("info", **where)
    await press.ack()
    assert press.original is not None
    return next(f["value"] for f in press.original["embeds"][0]["fields"] if f["name"] == "Credits")


def audit(easel: Easel) -> list[tuple[str, str, dict[str, Any]]]:
    """(who, deed, detail), oldest first."""
    return [
        (str(row["actor_id"]), row["deed"], json.loads(row["detail"]))
        for row in books.rows(easel.settings.data_dir, "SELECT * FROM audit ORDER BY id")
    ]


# Members


async def test_an_empty_account_is_refused_privately_and_nothing_is_stored(start: Start) -> None:
    async with start(credits=1) as easel:
        sandbox, mia = easel.sandbox, Scene(easel.sandbox, "Mia")
        grid = await mia.imagine("a fox")
        ledger = books.rows(easel.settings.data_dir, "SELECT COUNT(*) FROM ledger")[0][0]
        said = await ask(sandbox, mia, "a hare")
        assert "Credits exhausted" in said
        said = await mia.refused(await mia.click(grid, "V1"))
        assert "Credits exhausted" in said
        said = await mia.refused(await mia.click(grid, "🔄"))
        assert "Credits exhausted" in said
        shown = mia.person.message(grid)
        assert shown is not None
        assert messages.used(shown) == set()
        assert books.states(easel.settings.data_dir) == ["succeeded"]
        assert books.rows(easel.settings.data_dir, "SELECT COUNT(*) FROM ledger")[0][0] == ledger
        assert Scene(sandbox, "Noah").private() == []
        single = await mia.press(grid, "U1")
        assert single["message_reference"]["message_id"] == grid["id"]
        assert books.spent(easel.settings.data_dir) == 1


async def test_a_failed_job_costs_nothing_and_says_one_calm_sentence(start: Start) -> None:
    async with start(credits=1) as easel:
        mia = Scene(easel.sandbox, "Mia")
        await (await mia.slash("imagine", prompt="an unfit fox")).ack()
        failed = await mia.until_said("⚠️")
        assert "Nothing was charged." in failed["content"]
        assert failed["components"] == []
        assert books.open_holds(easel.settings.data_dir) == 0
        [job] = books.rows(easel.settings.data_dir, "SELECT state, reference FROM jobs")
        assert job["state"] == "failed"
        assert job["reference"] in failed["content"]
        await (await mia.slash("imagine", prompt="a fox", channel="lobby")).ack()
        await mia.new_result(set(), "lobby")
        assert books.spent(easel.settings.data_dir) == 1


async def test_the_limit_of_waiting_jobs(start: Start, gate: Gate) -> None:
    async with start(running_limit=1, waiting_limit=1) as easel:
        sandbox, mia = easel.sandbox, Scene(easel.sandbox, "Mia")
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await mia.until_drawing()
        await (await mia.slash("imagine", prompt="a hare")).ack()
        assert "Queue full" in await ask(sandbox, mia, "an owl")
        assert len(books.states(easel.settings.data_dir)) == 2
        gate.open()
        await sandbox.wait_for(lambda: len(mia.results()) == 2 and not mia.notices())
        await mia.imagine("an owl")
        assert books.spent(easel.settings.data_dir) == 3


async def test_the_limit_of_the_whole_queue(start: Start, gate: Gate) -> None:
    async with start(queue_limit=1) as easel:
        sandbox = easel.sandbox
        mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await mia.until_drawing()
        await (await mia.slash("imagine", prompt="a hare")).ack()
        assert "full for everybody" in await ask(sandbox, noah, "an owl")
        gate.open()
        await sandbox.wait_for(lambda: len(mia.results()) == 2 and not mia.notices())


async def test_one_user_does_not_keep_the_other_waiting(easel: Easel, gate: Gate) -> None:
    sandbox = easel.sandbox
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await mia.until_drawing()
    for animal in ("hare", "owl", "newt"):
        await (await mia.slash("imagine", prompt=f"a {animal}")).ack()
    await (await noah.slash("imagine", prompt="a boat", channel="lobby")).ack()
    gate.open()
    await sandbox.wait_for(lambda: len(mia.results()) == 4 and noah.results("lobby"))
    order = books.rows(
        easel.settings.data_dir, "SELECT user_id FROM jobs ORDER BY started_at, rowid"
    )
    assert [str(row["user_id"]) for row in order[:2]] == [mia.id, noah.id]


# Direct messages


async def test_the_road_in_direct_messages(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox", dm=True)
    assert grid["channel_id"] == mia.dm
    single = await mia.press(grid, "U2")
    varied = await mia.press(single, "Vary (Subtle)")
    assert varied["channel_id"] == mia.dm
    assert "**23** grids left" in await balance(mia, dm=True)
    assert "**25** grids left" in await balance(mia)
    assert mia.results() == []


async def test_drawing_in_direct_messages_can_be_switched_off(start: Start) -> None:
    async with start(dm_credits=0) as easel:
        sandbox, mia = easel.sandbox, Scene(easel.sandbox, "Mia")
        assert "switched off" in await ask(sandbox, mia, "a fox", dm=True)
        assert books.states(easel.settings.data_dir) == []
        await mia.imagine("a fox")


async def test_admin_commands_are_not_offered_in_direct_messages(easel: Easel) -> None:
    ada = Scene(easel.sandbox, "Ada")
    with pytest.raises(Refused):
        await ada.slash("quota show", dm=True)


# Admins


async def test_an_admin_sets_grants_shows_resets_and_counts(easel: Easel) -> None:
    sandbox = easel.sandbox
    ada, mia = Scene(sandbox, "Ada"), Scene(sandbox, "Mia")
    said = await admin(ada, "quota set", credits=1, period="day", running=2, waiting=4)
    assert "Limits of this server" in said
    assert "1 grid a day, 2 at once, 4 waiting" in said
    await mia.imagine("a fox")
    assert "Credits exhausted" in await ask(sandbox, mia, "a hare")
    assert "gets 2 lasting grids" in await admin(
        ada, "quota grant", user=mia.id, amount=2, reason="birthday"
    )
    await mia.imagine("a hare")
    shown = await admin(ada, "quota show", user=mia.id)
    assert "**1** grid left\n0 of today's 1, 1 besides\nBack to 1 <t:" in shown
    assert "loses 1 lasting" in await admin(ada, "quota grant", user=mia.id, amount=-5)
    assert "**1** grid left" in await admin(ada, "quota reset", user=mia.id)
    assert f"1. {mia.mention}: **2** grids" in await admin(ada, "quota usage")
    assert "Everybody: 1 grid a day" in await admin(ada, "quota show")
    assert "Forgotten." in await admin(ada, "quota reset")
    assert "**25** grids" in await admin(ada, "quota reset", user=mia.id)
    changes = (await admin(ada, "quota log")).splitlines()
    assert [line.partition(f"{ada.mention} ")[2] for line in changes[-6:]] == [
        f"{mia.mention}: allowance refilled (+0)",
        "Everybody: limits forgotten",
        f"{mia.mention}: allowance refilled (+1)",
        f"{mia.mention}: -1 lasting",
        f"{mia.mention}: +2 lasting (birthday)",
        "Everybody: 1 grid a day, 2 at once, 4 waiting",
    ]
    deeds = audit(easel)
    assert {who for who, _, _ in deeds} == {ada.id}
    assert [deed for _, deed, _ in deeds] == [
        "quota set", "quota grant", "quota show", "quota grant", "quota reset credits",
        "quota usage", "quota show", "quota reset limits", "quota reset credits", "quota log",
    ]  # fmt: skip
    assert deeds[1][2] == {
        "user": int(mia.id), "asked": 2, "changed": 2, "reason": "birthday"
    }  # fmt: skip


async def test_own_settings_beat_roles_and_the_most_generous_role_beats_the_server(
    easel: Easel,
) -> None:
    sandbox = easel.sandbox
    ada, mia, noah = (Scene(sandbox, name) for name in ("Ada", "Mia", "Noah"))
    patron = sandbox.world.find_role("Patron").id
    supporter = sandbox.world.add_role("Supporter").id
    await admin(ada, "quota set", credits=1)
    await admin(ada, "quota set", credits=3, role=patron)
    await admin(ada, "quota set", credits=2, role=supporter)
    assert "**1** grid left" in await balance(mia)
    sandbox.world.give_role("Mia", "Supporter")
    assert "**2** grids left" in await balance(mia)
    sandbox.world.give_role("Noah", "Supporter")
    assert "**3** grids left" in await balance(noah)
    await mia.imagine("a fox")
    sandbox.world.give_role("Mia", "Patron")
    assert "2 of today's 3" in await balance(mia)
    await admin(ada, "quota set", credits=7, user=mia.id)
    assert "**6** grids left" in await balance(mia)
    assert "**25** grids" not in await admin(ada, "quota show", user=noah.id)


async def test_roles_count_before_discord_has_described_the_server(start: Start) -> None:
    async with start() as easel:
        patron = easel.sandbox.world.find_role("Patron").id
        await admin(Scene(easel.sandbox, "Ada"), "quota set", credits=300, role=patron)
    held = easel.sandbox.faults.hold_events("GUILD_CREATE")
    async with start() as easel:
        ada, noah = Scene(easel.sandbox, "Ada"), Scene(easel.sandbox, "Noah")
        assert "**300** grids left" in await balance(noah)
        assert "**300** grids left" in await admin(ada, "quota show", user=noah.id)
        assert len(held) > 0
        held.release()


async def test_a_lower_limit_holds_at_once_and_a_reset_gives_nothing_twice(
    easel: Easel, gate: Gate
) -> None:
    sandbox = easel.sandbox
    ada, mia = Scene(sandbox, "Ada"), Scene(sandbox, "Mia")
    await mia.imagine("a fox")
    await admin(ada, "quota set", credits=1, user=mia.id)
    assert "**0** grids left\n0 of today's 1\n" in await balance(mia)
    assert "Credits exhausted" in await ask(sandbox, mia, "a hare")
    await admin(ada, "quota set", credits=2, user=mia.id)
    await (await mia.slash("imagine", prompt="a slow hare")).ack()
    drawn = await mia.until_drawing()
    assert "0 of today's 2, 1 held for jobs under way" in await balance(mia)
    assert "**2** grids left" in await admin(ada, "quota reset", user=mia.id)
    await (await mia.click(drawn, "Cancel")).ack()
    await mia.until_said("(Stopped)")
    assert "**2** grids left\n2 of today's 2\n" in await balance(mia)
    gate.open()


# The operator


async def test_the_operators_caps_stand_above_admins(start: Start) -> None:
    async with start(credits_max=2, running_max=1, waiting_max=4) as easel:
        sandbox = easel.sandbox
        ada, mia = Scene(sandbox, "Ada"), Scene(sandbox, "Mia")
        said = await admin(ada, "quota set", credits=50, running=9, waiting=3)
        assert "50 grids a day, 9 at once, 3 waiting" in said
        assert "what holds is: 2 grids a day, 1 at once, 3 waiting." in said
        said = await admin(ada, "quota set", credits=1)
        assert "what holds is: 1 grid a day, 1 at once, 3 waiting." in said
        said = await admin(ada, "quota show")
        assert "Without a setting: 2 grids a day, 1 at once, 4 waiting" in said
        assert "allows at most 2 grids a period, 1 at once, 4 waiting." in said
        await admin(ada, "quota grant", user=mia.id, amount=100)
        assert "**2** grids left" in await balance(mia)
        for animal in ("fox", "hare"):
            await mia.imagine(f"a {animal}")
        assert "allows 2 a day in all" in await ask(sandbox, mia, "an owl")
        assert "**0** grids left\n0 of today's 1, 99 besides\n" in await balance(mia)
        assert books.spent(easel.settings.data_dir) == 2


async def test_a_server_that_the_operator_did_not_name_is_not_served(
    start: Start, gate: Gate
) -> None:
    async with start() as easel:
        mia = Scene(easel.sandbox, "Mia")
        grid = await mia.imagine("a fox")
        await (await mia.slash("imagine", prompt="a slow hare")).ack()
        drawn = await mia.until_drawing()
        before = everything(easel)
    async with start(guilds=frozenset({1})) as easel:
        ada, mia = Scene(easel.sandbox, "Ada"), Scene(easel.sandbox, "Mia")
        asked = [
            await mia.slash("imagine", prompt="a fox"),
            await mia.slash("info"),
            await mia.slash("help"),
            *[await mia.click(grid, label) for label in ("U1", "V1", "🔄")],
            await mia.click(drawn, "Cancel"),
        ]
        for press in asked:
            assert "not at this server's service" in await mia.refused(press)
        for command, options in (("quota set", {"credits": 9}), ("quota usage", {})):
            press = await ada.slash(command, **options)
            assert "not at this server's service" in await ada.refused(press)
        assert await mia.person.autocomplete("imagine", focused="prompt", prompt="") == []
        after = everything(easel)
        gate.open()
        # In direct messages DM_CREDITS decide.
        await mia.imagine("a fox", dm=True)
    assert after == before


def everything(easel: Easel) -> dict[str, int]:
    """How many rows there are of what people can cause."""
    tables = ("jobs", "ledger", "buckets", "profiles", "quota_settings", "audit")
    folder = easel.settings.data_dir
    return {
        table: books.rows(folder, f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables
    }  # fmt: skip


COMMANDS = [
    ("quota set", {"credits": 100}),
    ("quota grant", {"user": "Mia", "amount": 100}),
    ("quota show", {}),
    ("quota show", {"user": "Ada"}),
    ("quota reset", {"user": "Mia"}),
    ("quota reset", {}),
    ("quota usage", {}),
    ("moderation show", {}),
    ("moderation block", {}),
    ("moderation block", {"word": "scum"}),
    ("moderation allow", {"word": "scum"}),
    ("moderation unblock", {"word": "scum"}),
    ("moderation test", {"text": "scum"}),
    ("moderation ban", {"user": "Mia"}),
    ("moderation unban", {"user": "Mia"}),
    ("moderation channels", {"everywhere": True}),
    ("moderation roles", {"everybody": True}),
    ("moderation timeouts", {"refusals": 0}),
]


async def test_members_have_no_admin_commands(easel: Easel, mia: Scene) -> None:
    assert {each["name"] for each in mia.person.commands("imagine")} == {
        "imagine", "show", "history", "gallery", "info", "settings", "prefer", "styles", "help",
        "turbo", "fast", "relax", "stealth", "public", "shorten", "describe", "blend", "edit",
        "vary", "sheet", "compare", "privacy", "Report picture", "redeem", "statement",
        "Cancel job", "DM results", "Copy prompt", "Use as image prompt",
    }  # fmt: skip
    with pytest.raises(Refused):
        await mia.slash("quota show")


async def test_servers_are_managed_there_and_all_else_works_in_direct_messages(
    easel: Easel,
) -> None:
    commands = easel.sandbox.world.commands[None].values()
    where = {each["name"]: each["contexts"] for each in commands}
    servers = {
        "quota", "plan", "gift", "redeem", "safety", "admin", "style", "gallery", "sheet",
        "reports", "moderation", "setup",
    }  # fmt: skip
    assert {name for name, contexts in where.items() if contexts == [0]} == servers
    assert {name for name, contexts in where.items() if contexts != [0, 1]} == servers
    assert {tuple(each["integration_types"]) for each in commands} == {(0,)}


async def test_members_are_refused_even_where_a_server_lets_them_try(easel: Easel) -> None:
    sandbox = easel.sandbox
    mia = Scene(sandbox, "Mia")
    for command in sandbox.world.commands[None].values():
        command["default_member_permissions"] = None
    for command, options in COMMANDS:
        given = dict(options)
        if "user" in given:
            given["user"] = Scene(sandbox, given["user"]).id
        press = await mia.slash(command, **given)
        said = await mia.refused(press)
        assert "Only members with the Manage Server permission" in said, command
    assert audit(easel) == []
    assert books.rows(easel.settings.data_dir, "SELECT * FROM quota_settings") == []
    assert books.rows(easel.settings.data_dir, "SELECT * FROM ledger WHERE actor_id <> 0") == []


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
        given["user"] = Scene(sandbox, given["user"]).id
    if "role" in given:
        given["role"] = sandbox.world.find_role(given["role"]).id
    ada = Scene(sandbox, "Ada")
    assert words in await ada.refused(await ada.slash(command, **given))
    assert audit(easel) == []
