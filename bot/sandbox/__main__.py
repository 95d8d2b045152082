"""`python -m bot.sandbox`: the sandbox alone, for a bot started elsewhere."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from bot.sandbox.server import Sandbox, serve_forever


def main() -> int:
    """Serve until interrupted; one sentence and status 1 when that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8000, help="0 chooses a free one")
    parser.add_argument("--shards", type=int, default=1, help="how many to advise a bot of")
    options = parser.parse_args()
    try:
        sandbox = Sandbox(options.host, options.port, shards=options.shards)
        asyncio.run(_run(sandbox))
    except (ValueError, OSError) as error:
        parser.exit(1, f"{error}\n")
    return 0


async def _run(sandbox: Sandbox) -> None:
    task = asyncio.ensure_future(serve_forever(sandbox, lambda line: print(line, flush=True)))
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    raise SystemExit(main())
