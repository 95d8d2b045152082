"""`python -m tests.chaos.bot`: what `python -m bot run` does, with a simulated engine and hooks.

`CHAOS` in the environment is JSON: `executor` "local" or "ray", `options` of the engine, and for
Ray `address` and `token_file` of the cluster.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from tests.chaos import hooks

DEVICES = ["simulated", "simulated"]


def main() -> int:
    hooks.move_clock()
    hooks.install()
    from bot.commands import run
    from bot.ops.logs import log_to_stderr
    from bot.settings import Settings

    settings = Settings.read(os.environ)
    log_to_stderr(settings.log_level, settings.secrets(), settings.log_format)
    run.EaselBot = _hasty()  # type: ignore[misc]
    return asyncio.run(run.run(settings, executor=_executor(json.loads(os.environ["CHAOS"]))))


def _hasty() -> type[Any]:
    from bot.chat.client import EaselBot

    class Hasty(EaselBot):
        """Notices a silent gateway within seconds, where discord.py takes a minute. It takes five
        to answer a second greeting, in which it hears nothing."""

        async def setup_hook(self) -> None:
            self._connection.heartbeat_timeout = 8.0
            self._connection.guild_ready_timeout = 0.2
            await super().setup_hook()

    return Hasty


def _executor(told: dict[str, Any]) -> Any:
    from bot.engine.access import Access
    from bot.engine.blame import Retry
    from bot.engine.cluster import RayExecutor
    from bot.engine.local import SIMULATED, LocalExecutor
    from bot.engine.patience import Patience

    patience, retry = Patience(silence=5.0), Retry(backoff=0.05)
    if told["executor"] == "local":
        return LocalExecutor(DEVICES, SIMULATED, told["options"], patience=patience, retry=retry)
    access = Access(told["address"], token_file=told["token_file"], owner="a bot")
    return RayExecutor(access, SIMULATED, told["options"], patience=patience, retry=retry)


if __name__ == "__main__":
    raise SystemExit(main())
