"""`easel check`: what is wrong with the installation, part by part, and the remedy."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import aiohttp

from bot.app import database_of, model_of
from bot.commands import classifier, clustered, describer, fronted
from bot.commands.finding import Finding
from bot.commands.health import health_of
from bot.commands.shot import Shot, Wish, shoot, small
from bot.domain.errors import EaselError, EngineError
from bot.engine.devices import devices
from bot.environment import Environment
from bot.executors import compiled_folder, converted_folder, local_executor
from bot.models.addons import UPSCALER, Addon
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.models.shelf import Model, Shelf, Unused
from bot.ops.lock import is_held
from bot.service.errand import Errands
from bot.settings import Settings
from bot.storage.database import newest
from bot.worker.converted import runtime
from bot.worker.converted.store import Store

_API = "https://discord.com/api/v10"
_FREE_DISK = 1 << 30
_GIB = 1 << 30
_PATIENCE_S = 120.0
_REMEDY = "put it aside, and `easel restore` takes a copy"


Look = Callable[[Settings], AsyncIterator[Finding]]


async def check(settings: Settings, surroundings: Environment) -> int:
    """Print a line for each finding; 0 when nothing is broken."""
    broken = False
    for finding in _settings(surroundings):
        say("settings", finding)
    for part, look in _PARTS.items():
        try:
            async for finding in look(settings):
                say(part, finding)
                broken |= finding.ok is False
        except EaselError as error:
            say(part, Finding(False, str(error)))
            broken = True
    return int(broken)


def say(part: str, finding: Finding) -> None:
    """Print the line of a finding."""
    mark = {True: "ok  ", None: "note", False: "FAIL"}[finding.ok]
    sys.stdout.write(f"{mark}  {part:<9} {finding.words}\n")
    sys.stdout.flush()


def _settings(surroundings: Environment) -> list[Finding]:
    said = Finding(True, surroundings.sources() or "all at their defaults")
    return [said, *(Finding(None, notice) for notice in surroundings.notices())]


async def _data(settings: Settings) -> AsyncIterator[Finding]:
    yield _folder("DATA_DIR", settings.data_dir)
    for name in ("pictures_dir", "backup_dir"):
        if folder := getattr(settings, name):
            yield _folder(name.upper(), Path(folder))


def _folder(name: str, folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".easel-check"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return Finding(
            False, f"{name} {folder} cannot be written ({error.strerror}); name another."
        )
    free = shutil.disk_usage(folder).free
    words = f"{folder.resolve()}, {free / _GIB:.1f} GiB free"
    if free < _FREE_DISK:
        return Finding(None, f"{words}; what is kept will soon not fit: free some space.")
    return Finding(True, words)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    path = database_of(settings)
    if not path.exists():
        yield Finding(True, "made at the first start")
        return
    try:
        yield await asyncio.to_thread(_inspect, path)
    except sqlite3.Error as error:
        yield Finding(False, f"{path} cannot be read ({error}); {_REMEDY}.")


def _inspect(path: Path) -> Finding:
    """Only reads, so that a bot that runs meanwhile keeps its schema."""
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as one:
        version: int = one.execute("PRAGMA user_version").fetchone()[0]
        verdict = one.execute("PRAGMA quick_check").fetchone()[0]
        if verdict != "ok":
            return Finding(False, f"{path} is damaged ({verdict}); {_REMEDY}.")
        if version > newest():
            return Finding(
                False, f"schema version {version} is newer than this program's {newest()}; update."
            )
        jobs = one.execute("SELECT COUNT(*) FROM jobs").fetchone()[0] if version else 0
    words = f"{jobs} jobs, schema version {version}"
    if version < newest():
        return Finding(None, f"{words}; the next start brings it to version {newest()}")
    return Finding(True, words)


async def _token(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.discord_token:
        yield Finding(None, "DISCORD_TOKEN is not set, so only the sandbox can start.")
        return
    url = (settings.discord_api_url or _API) + "/users/@me"
    headers = {"Authorization": f"Bot {settings.discord_token.reveal()}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as session,
            session.get(url, headers=headers) as answer,
        ):
            if answer.status == 401:
                yield Finding(False, "Discord refuses it; copy it anew from the developer portal.")
                return
            answer.raise_for_status()
            user = await answer.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        yield Finding(False, f"Discord cannot be reached ({error}); see to the network.")
    else:
        yield Finding(True, f"it is {user['username']}'s")


async def _health(settings: Settings) -> AsyncIterator[Finding]:
    port = settings.health_port
    if not port:
        yield Finding(True, "HEALTH_PORT is 0: off")
    elif runs(settings):
        yield Finding(True, await asyncio.to_thread(health_of, port))
    else:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            yield Finding(
                False, f"HEALTH_PORT {port} cannot be opened ({error.strerror}); name another."
            )
        else:
            yield Finding(True, f"HEALTH_PORT {port} is free")


def runs(settings: Settings) -> bool:
    """Whether a bot runs with this data folder, the sandbox's included."""
    return is_held(settings.data_dir) or is_held(settings.sandbox_dir)


async def _models(settings: Settings) -> AsyncIterator[Finding]:
    there = await asyncio.to_thread(Shelf(settings.models_dir).everything)
    keys = [one.key for one in there if isinstance(one, Model)]
    words = f"{', '.join(keys)} in {settings.models_dir}" if keys else "the embedded one alone"
    yield Finding(True, words)
    for one in there:
        if isinstance(one, Unused):
            yield Finding(None, f"{one.name} {one.why}")
        elif isinstance(one, Model):
            for notice in one.notices:
                yield Finding(None, notice)


async def _upscalers(settings: Settings) -> AsyncIterator[Finding]:
    there = await asyncio.to_thread(Shelf(settings.models_dir).everything)
    files = [each.path for each in there if isinstance(each, Addon) and each.kind == UPSCALER]
    if not files:
        yield Finding(True, "none beside the models, so these upscale by themselves")
        return
    order = {"files": [str(file) for file in files]}
    async with Errands() as errands:
        told = await errands.run("bot.worker.networks", order, _PATIENCE_S)
    used = next((file for file in files if not told[file.name]), None)
    for file in files:
        if why := told[file.name]:
            yield Finding(None, f"{file.name} {why}; it is not used.")
        else:
            rest = "" if file == used else f", but for {used.name if used else ''}"
            yield Finding(True, f"{file.name} upscales{rest}")


async def _model(settings: Settings) -> AsyncIterator[Finding]:
    async for finding in try_out(settings, model_of(settings)):
        yield finding


async def try_out(settings: Settings, model: Model) -> AsyncIterator[Finding]:
    """Draws one small picture on each device, one after the other, as a worker would."""
    if runs(settings):
        yield Finding(
            None, "a bot runs and has the model in memory, so none was drawn with; stop it first"
        )
        return
    if why := Shelf(settings.models_dir).refusal(model.card.source):
        yield Finding(False, why)
        return
    if settings.device == "none":
        yield Finding(None, "DEVICE is none: nothing is drawn on this machine")
        return
    catalogue = Catalogue(model.card, fixed=model.own)
    for device in devices(settings.device, os.environ):
        what = catalogue.default.source + ("" if device == "auto" else f" on {device}")
        try:
            shot = await _shot(replace(settings, device=device), catalogue)
        except EngineError as error:
            yield Finding(
                False, f"{what}: loaded, but it cannot draw a picture from a text ({error})"
            )
        except EaselError as error:
            yield Finding(False, f"{what}: {error}")
        else:
            yield Finding(True, _words(catalogue.default, shot))
            slower = _slow if shot.device == "cpu" else _uncompiled
            slow = slower(settings, catalogue.default.id)
            for notice in filter(None, (slow, catalogue.default.caveat)):
                yield Finding(None, notice)


def _slow(settings: Settings, model: str) -> str:
    """Why a processor draws with a model slower than it could; empty where it does not."""
    if settings.cpu_engine != "auto":
        return ""
    if not runtime.version():
        return "OpenVINO, which draws faster on a CPU, is not installed: pip install openvino."
    return Store(converted_folder(settings)).trouble(model)


def _uncompiled(settings: Settings, model: str) -> str:
    """Why a card draws with a model slower than it could; empty where it does not."""
    told = Store(compiled_folder(settings))
    return "" if settings.speed == "eager" else told.trouble(model)


def _words(card: ModelCard, shot: Shot) -> str:
    return (
        f"{card.name} on {shot.device}, loaded in {shot.loading:.1f} s, drew a test picture of "
        f"{shot.request.size} in {shot.drawing:.1f} s; users get {card.native}×{card.native} in "
        f"{card.steps} steps"
    )


async def _shot(settings: Settings, catalogue: Catalogue) -> Shot:
    executor = local_executor(settings, catalogue.cards)
    await executor.start()
    try:
        return await shoot(executor, catalogue, lambda card: Wish(small(card)))
    finally:
        await executor.close()


_PARTS: dict[str, Look] = {
    "data": _data, "database": _database, "token": _token, "health": _health, "models": _models,
    "upscaling": _upscalers, "model": _model, "cluster": clustered.look, "describe": describer.look,
    "safety": classifier.look, "gateway": fronted.look,
}  # fmt: skip
