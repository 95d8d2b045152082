"""What a server that removed the bot leaves behind."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from bot.settings import Settings
from tests.kit import books
from tests.kit.easel import Easel, running, settings_for
from tests.kit.scene import Scene

DAY_S = 86_400
HERE = "SELECT guild_id FROM departures"


@pytest.fixture
def mia(sandbox: Sandbox) -> Scene:
    return Scene(sandbox, "Mia")


@pytest.fixture
def ada(sandbox: Sandbox) -> Scene:
    return Scene(sandbox, "Ada")


async def until(folder: Path, sql: str, count: int) -> None:
    """Returns when so many rows are found."""
    while len(await asyncio.to_thread(books.rows, folder, sql)) != count:
        await books.rest()


def pictures(folder: Path) -> int:
    return len([*(folder / "images").glob("*/*/*/[0-9]*.webp")])


def long_ago(folder: Path, days: float = 31) -> None:
    """Every departure was so many days before."""
    with sqlite3.connect(folder / "easel.sqlite3") as database:
        moved = database.execute("UPDATE departures SET left_at = left_at - ?", (days * DAY_S,))
        database.execute("UPDATE jobs SET created_at = created_at - ?", ((days + 1) * DAY_S,))
    database.close()
    assert moved.rowcount == 1


async def styled(ada: Scene) -> None:
    """The server has a look of its own, a limit and a setting."""
    form = await ada.slash("style add")
    await form.ack()
    filled = {"name": "zebra", "before": "", "after": "zebra stripes", "negative": "", "loras": ""}
    await (await ada.person.submit(form, filled)).ack()
    await (await ada.slash("quota set", credits=50)).ack()


async def test_nothing_is_lost_on_return(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia: Scene
) -> None:
    async with running(sandbox, settings_for(sandbox, tmp_path), quick) as easel:
        grid = await mia.imagine("a fox")
        await easel.bot.wait_until_ready()
        sandbox.world.remove_bot(sandbox.world.guild)
        await until(tmp_path, HERE, 1)
        sandbox.world.return_bot(sandbox.world.guild)
        await until(tmp_path, HERE, 0)
        assert pictures(tmp_path) == 4
        assert (await mia.press(grid, "U1"))["content"].startswith("**a fox**")


async def test_nothing_is_lost_on_return_during_an_outage(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia: Scene
) -> None:
    """Discord names the server at once, and tells of it when it can be reached again."""
    async with running(sandbox, settings_for(sandbox, tmp_path), quick) as easel:
        await mia.imagine("a fox")
        await easel.bot.wait_until_ready()
        sandbox.world.remove_bot(sandbox.world.guild)
        await until(tmp_path, HERE, 1)
        sandbox.world.guild.reachable = False
        sandbox.world.return_bot(sandbox.world.guild)
        sandbox.world.found(sandbox.world.guild)
        await until(tmp_path, HERE, 0)


async def test_a_server_that_discord_cannot_reach_is_not_left(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia: Scene
) -> None:
    """Neither while the bot runs nor when it starts then."""
    other = sandbox.world.add_guild("Elsewhere", members=("Mia",))
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        await mia.imagine("a fox")
        await mia.imagine("an owl", channel="elsewhere")
        sandbox.world.lose(sandbox.world.guild)
        await (await mia.slash("info", channel="elsewhere")).ack()
        assert books.rows(tmp_path, HERE) == []
    async with running(sandbox, settings, quick) as easel:
        # One that was left marks the moment at which the servers were looked through.
        await reconciled(easel)
        assert books.rows(tmp_path, HERE) == []
        sandbox.world.remove_bot(other)
        await until(tmp_path, HERE, 1)
        sandbox.world.found(sandbox.world.guild)
        await (await mia.slash("info")).ack()
        assert [row["guild_id"] for row in books.rows(tmp_path, HERE)] == [int(other.id)]


async def reconciled(easel: Easel) -> None:
    """The bot has seen on which servers it is."""
    while not easel.core.service.privacy.departures._seen:
        await asyncio.to_thread(lambda: None)


async def test_what_was_left_for_long_is_deleted_and_the_books_stay(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia: Scene, ada: Scene
) -> None:
    """The bot is away when it is removed, as it is when the time is over."""
    sandbox.world.add_guild("Elsewhere", members=("Mia",))
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        await styled(ada)
        await (await mia.slash("prefer remix")).ack()
        await mia.press(await mia.imagine("a zebra"), "U1")
        await mia.imagine("an owl", channel="elsewhere")
        await mia.imagine("a hare", dm=True)
    sandbox.world.remove_bot(sandbox.world.guild)
    async with running(sandbox, settings, quick):
        await until(tmp_path, HERE, 1)
        assert pictures(tmp_path) == 13
    long_ago(tmp_path)
    async with running(sandbox, settings, quick):
        await until(tmp_path, HERE, 0)
        await until(tmp_path, "SELECT 1 FROM erasures", 0)
    assert pictures(tmp_path) == 8
    assert "zebra" not in all_of(tmp_path)
    for table in ("styles", "quota_settings", "audit"):
        assert books.rows(tmp_path, f"SELECT * FROM {table}") == []
    assert [row["scope"] for row in books.rows(tmp_path, "SELECT * FROM preferences")] == ["user"]
    assert books.states(tmp_path) == ["succeeded"] * 4
    assert books.spent(tmp_path) == 3
    assert len(mia.results()) == 2  # of a server that the bot is not on


async def brought(mia: Scene) -> None:
    """A copy, a hidden result and letters of the server lie in direct messages, and one result that
    was asked for there."""
    await (await mia.slash("prefer auto_dm")).ack()
    grid = await mia.imagine("a zebra")
    await mia.sandbox.wait_for(lambda: len(mia.results(mia.dm)) == 1)
    await (await mia.slash("imagine", prompt="a zebra hidden --stealth")).ack()
    await mia.sandbox.wait_for(lambda: len(mia.results(mia.dm)) == 2)
    await (await mia.person.context("DM results", grid["id"])).ack()
    await mia.sandbox.wait_for(lambda: len(mia.results(mia.dm)) == 6)
    await mia.imagine("a hare", dm=True)


async def brought_and_left_long_ago(
    sandbox: Sandbox, settings: Settings, quick: Executor, mia: Scene
) -> None:
    """Everything that comes by direct message came, and the bot was removed."""
    async with running(sandbox, settings, quick) as easel:
        await brought(mia)
        await easel.settled()
        sandbox.world.remove_bot(sandbox.world.guild)
        await until(settings.data_dir, HERE, 1)
    long_ago(settings.data_dir)


async def forgotten(folder: Path) -> None:
    """Returns when nothing is left to be done about the server."""
    for sql in (HERE, "SELECT 1 FROM erasures", "SELECT 1 FROM removals"):
        await until(folder, sql, 0)


async def test_what_was_left_for_long_goes_from_direct_messages(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia: Scene
) -> None:
    sandbox.world.add_guild("Elsewhere", members=("Mia",))
    settings = settings_for(sandbox, tmp_path)
    await brought_and_left_long_ago(sandbox, settings, quick, mia)
    async with running(sandbox, settings, quick):
        await forgotten(tmp_path)
    assert [each["content"][:10] for each in mia.results(mia.dm)] == ["**a hare**"]
    assert len(mia.results()) == 1  # of a server that the bot is not on


@pytest.mark.parametrize("code", [50007, 50278])
async def test_direct_messages_that_are_out_of_reach_are_no_trouble(
    sandbox: Sandbox,
    tmp_path: Path,
    quick: Executor,
    mia: Scene,
    caplog: pytest.LogCaptureFixture,
    code: int,
) -> None:
    """Closed, or of somebody who shares no server with the bot any more."""
    settings = settings_for(sandbox, tmp_path)
    await brought_and_left_long_ago(sandbox, settings, quick, mia)
    sandbox.faults.fail("POST", r"^/users/@me/channels", 403, code=code, times=6)
    caplog.set_level(logging.INFO, "bot.chat.removing")
    async with running(sandbox, settings, quick):
        await forgotten(tmp_path)
    assert caplog.text.count("is out of reach") == 6
    assert len(mia.results(mia.dm)) == 7
    assert "zebra" not in all_of(tmp_path)


def all_of(folder: Path) -> str:
    tables = ("jobs", "results", "deliveries", "proposals", "prompts", "ledger", "styles")
    found = [books.rows(folder, f"SELECT * FROM {name}") for name in tables]
    return str([[tuple(row) for row in rows] for rows in found])


@pytest.mark.parametrize("why", ["switched off", "too soon", "back meanwhile"])
async def test_nothing_is_deleted_else(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia: Scene, why: str
) -> None:
    more: dict[str, Any] = {"guild_left_days": 0} if why == "switched off" else {}
    settings = settings_for(sandbox, tmp_path, **more)
    async with running(sandbox, settings, quick):
        await mia.imagine("a fox")
        sandbox.world.remove_bot(sandbox.world.guild)
        await until(tmp_path, HERE, 1)
    long_ago(tmp_path, 29 if why == "too soon" else 400)
    if why == "back meanwhile":
        sandbox.world.return_bot(sandbox.world.guild)
    async with running(sandbox, settings, quick) as easel:
        await reconciled(easel)
        await easel.core.service.privacy.departures.housekeeping()
        assert books.rows(tmp_path, "SELECT 1 FROM erasures") == []
    assert pictures(tmp_path) == 4
    assert len(books.rows(tmp_path, HERE)) == (why != "back meanwhile")
