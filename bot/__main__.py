"""The command line: run · sandbox · render · check · bench.

Without a command, `run` if DISCORD_TOKEN is set and `sandbox` otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.errors import EaselError, SettingsError
from bot.settings import Secret, Settings, environment

if TYPE_CHECKING:
    from bot.engine.seam import Executor

log = logging.getLogger("bot")

SANDBOX_PORT = 8000
NO_TOKEN = (
    "DISCORD_TOKEN is not set. Put it into .env (the README says where to get one), or start "
    "`easel sandbox`, which needs none."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse and run; returns the exit status: 0 well, 1 not, 2 wrong usage or settings."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "render":
        parser.error(f"unrecognised arguments: {' '.join(rest)}")
    try:
        settings = Settings.read(environment(Path.cwd(), os.environ))
        _log_to_stderr(settings.log_level)
        return _command(options, rest, settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except EaselError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="easel", description="A self-hosted image bot.")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("run", help="serve Discord (needs DISCORD_TOKEN)")
    sandbox = commands.add_parser("sandbox", help="try everything in a browser, without Discord")
    sandbox.add_argument(
        "--port", type=int, help=f"port of the page (default {SANDBOX_PORT}, or a free one)"
    )
    render = commands.add_parser(
        "render", help="draw on this machine, without Discord", allow_abbrev=False
    )
    render.add_argument("prompt", nargs="+", help="the prompt, with parameters such as --ar 3:2")
    render.add_argument(
        "--out", type=Path, default=Path(), help="folder for the grid and its pictures"
    )
    commands.add_parser("check", help="say what is wrong with the installation, and the remedy")
    bench = commands.add_parser("bench", help="measure this machine; writes BENCHMARKS.md")
    bench.add_argument("--out", type=Path, help="another file than BENCHMARKS.md of the project")
    bench.add_argument("--quick", action="store_true", help="only see that everything works")
    return parser


def _command(options: argparse.Namespace, rest: list[str], settings: Settings) -> int:
    match options.command or ("run" if settings.discord_token else "sandbox"):
        case "run":
            if not settings.discord_token:
                raise SettingsError(NO_TOKEN)
            return asyncio.run(run(settings))
        case "sandbox":
            return asyncio.run(sandbox(settings, getattr(options, "port", None)))
        case "render":
            from bot.commands.render import render

            return asyncio.run(render(settings, " ".join((*options.prompt, *rest)), options.out))
        case "check":
            from bot.commands.check import check

            return asyncio.run(check(settings))
        case "bench":
            from bot.bench import bench

            return bench(options.out, quick=options.quick)
    raise AssertionError(options.command)


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(
        level=level,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    if level != "DEBUG":
        # discord.py tells of every rate limit it keeps by itself at this level.
        logging.getLogger("discord.http").setLevel(logging.ERROR)
        logging.getLogger("discord.gateway").setLevel(logging.WARNING)


def stop_event() -> asyncio.Event:
    """Set by SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


async def run(
    settings: Settings, stop: asyncio.Event | None = None, executor: Executor | None = None
) -> int:
    """Serve Discord until a signal comes; returns the exit status.

    `executor` draws instead of the one that the settings describe.
    """
    from aiohttp import ClientError
    from discord import HTTPException, LoginFailure

    from bot.app import core
    from bot.chat.client import EaselBot

    stop = stop or stop_event()
    async with core(settings, executor) as parts:
        bot = EaselBot(
            parts.service,
            settings.extensions,
            progress_seconds=settings.progress_seconds,
            api_url=settings.discord_api_url,
        )
        async with bot:
            serving = asyncio.create_task(bot.start(settings.discord_token.reveal()))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            log.info("closing")
            await bot.close()
            try:
                await serving
            except LoginFailure:
                raise SettingsError(
                    "Discord refuses DISCORD_TOKEN; copy it anew from the developer portal."
                ) from None
            except (ClientError, OSError, HTTPException) as error:
                raise EaselError(
                    f"Discord cannot be reached ({error}); see to the network and start again."
                ) from error
    return 0


async def sandbox(settings: Settings, port: int | None = None) -> int:
    """The stand-in for Discord in a process of its own, and the bot connected to it."""
    stop = stop_event()
    process, page = await _start_sandbox(port)
    # Jobs of the sandbox have nothing to do in the data of a real server.
    settings = replace(
        settings,
        discord_token=Secret("sandbox-token"),
        discord_api_url=f"{page}/api/v10",
        data_dir=settings.data_dir / "sandbox",
    )
    ended = asyncio.create_task(_stop_with(process, stop))
    try:
        sys.stdout.write(f"\nEasel is at {page}  (Ctrl-C ends it)\n\n")
        sys.stdout.flush()
        return await run(settings, stop)
    finally:
        ended.cancel()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _start_sandbox(port: int | None) -> tuple[asyncio.subprocess.Process, str]:
    for wanted in [port] if port is not None else [SANDBOX_PORT, 0]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.sandbox", "--port", str(wanted),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL if port is None and wanted else None,
            # A signal of the terminal is for this process, which then ends the other.
            start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        if line.startswith("sandbox ready "):
            return process, line.split()[-1]
        await process.wait()
    raise SettingsError(f"The sandbox could not open port {port}; choose another with --port.")


async def _stop_with(process: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    await process.wait()
    log.error("the sandbox ended with status %s", process.returncode)
    stop.set()


if __name__ == "__main__":
    raise SystemExit(main())
