"""`easel sandbox`: the stand-in for Discord in a process of its own, and the bot beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from dataclasses import replace

from bot.commands.run import run, stop_event
from bot.domain.errors import SettingsError
from bot.settings import Secret, Settings

log = logging.getLogger(__name__)

PORT = 8000


async def sandbox(settings: Settings, port: int | None = None) -> int:
    """The stand-in for Discord in a process of its own, and the bot connected to it."""
    stop = stop_event()
    process, page = await _start_sandbox(port)
    settings = replace(
        settings.sandboxed(),
        discord_token=Secret("sandbox-token"),
        discord_api_url=f"{page}/api/v10",
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
    for wanted in [port] if port is not None else [PORT, 0]:
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
