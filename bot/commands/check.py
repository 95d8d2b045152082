"""`easel check`: what is wrong with settings, token, database, model and device, and the remedy."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from bot.app import card_of, local_executor
from bot.commands.shot import free_worker, request_for
from bot.domain.errors import EaselError, SettingsError
from bot.engine.devices import devices
from bot.engine.seam import Failed
from bot.environment import Environment
from bot.settings import Settings
from bot.storage.database import Database

_API = "https://discord.com/api/v10"
_FREE_DISK = 1 << 30


@dataclass(frozen=True)
class Finding:
    """`ok` None means that it works but deserves a word."""

    part: str
    ok: bool | None
    words: str


async def check(settings: Settings, surroundings: Environment) -> int:
    """Print a line for each part; 0 when nothing is broken."""
    broken = False
    async for finding in findings(settings, surroundings):
        mark = {True: "ok  ", None: "note", False: "FAIL"}[finding.ok]
        sys.stdout.write(f"{mark}  {finding.part:<9} {finding.words}\n")
        sys.stdout.flush()
        broken |= finding.ok is False
    return int(broken)


async def findings(settings: Settings, surroundings: Environment) -> AsyncIterator[Finding]:
    """What each part is like, in the order in which the bot needs them."""
    yield Finding("settings", True, surroundings.sources() or "all at their defaults")
    for notice in surroundings.notices():
        yield Finding("settings", None, notice)
    parts: tuple[tuple[str, Callable[[Settings], Awaitable[Finding]]], ...] = (
        ("data", _data), ("database", _database), ("token", _token), ("model", _model),
    )  # fmt: skip
    for part, look in parts:
        try:
            yield await look(settings)
        except EaselError as error:
            yield Finding(part, False, str(error))


async def _data(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".easel-check"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return Finding(
            "data", False, f"DATA_DIR {folder} cannot be written ({error.strerror}); name another."
        )
    free = shutil.disk_usage(folder).free
    words = f"{folder}, {free / (1 << 30):.1f} GiB free"
    if free < _FREE_DISK:
        return Finding("data", None, f"{words}; pictures will soon not fit: free some space.")
    return Finding("data", True, words)


async def _database(settings: Settings) -> Finding:
    path = settings.data_dir / "easel.sqlite3"
    known = path.exists()
    database = await Database.open(path)
    try:
        verdict, jobs = await database.read(
            lambda c: (
                c.execute("PRAGMA quick_check").fetchone()[0],
                c.execute("SELECT COUNT(*) FROM jobs").fetchone()[0],
            )
        )
    except sqlite3.Error as error:
        return Finding("database", False, f"{path} is damaged ({error}); restore a backup.")
    finally:
        await database.close()
    if verdict != "ok":
        return Finding("database", False, f"{path} is damaged ({verdict}); restore a backup.")
    return Finding("database", True, f"{jobs} jobs" if known else "made anew")


async def _token(settings: Settings) -> Finding:
    if not settings.discord_token:
        return Finding("token", None, "DISCORD_TOKEN is not set, so only the sandbox can start.")
    url = (settings.discord_api_url or _API) + "/users/@me"
    headers = {"Authorization": f"Bot {settings.discord_token.reveal()}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as session,
            session.get(url, headers=headers) as answer,
        ):
            if answer.status == 401:
                return Finding(
                    "token", False, "Discord refuses it; copy it anew from the developer portal."
                )
            answer.raise_for_status()
            user = await answer.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        return Finding("token", False, f"Discord cannot be reached ({error}); see to the network.")
    return Finding("token", True, f"it is {user['username']}'s")


async def _model(settings: Settings) -> Finding:
    """Loads the model and draws one small test picture, as a worker would."""
    card = card_of(settings)
    executor = local_executor(settings, card)
    await executor.start()
    try:
        worker = await free_worker(executor)
        started = time.monotonic()
        await executor.prepare(worker.id, [card.id])
        worker = await _loaded(executor, card.id)
        seconds = time.monotonic() - started
    finally:
        await executor.close()
    request = request_for(card, "a red fox")
    count = len(devices(settings.device, {}))
    words = f"{card.name} on {worker.device}, loaded in {seconds:.1f} s, draws {request.size}"
    return Finding("model", True, words + (f", {count} devices" if count > 1 else ""))


async def _loaded(executor, model: str):
    while True:
        version = executor.version
        for worker in executor.workers():
            state = worker.models.get(model)
            if error := worker.error or (isinstance(state, Failed) and state.text):
                raise SettingsError(f"MODEL: {error}")
            if model in worker.loaded:
                return worker
        await executor.changed(version)
