"""`python -m bot.gateway`: a process that the core starts, over a pair of sockets.

`easel gateway` is the one that people start.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket

from bot.gateway.line import LIMIT, Line
from bot.gateway.station import Station
from bot.ops.logs import log_to_stderr


async def _run(descriptor: int) -> None:
    ours = socket.socket(fileno=descriptor)

    async def dial() -> Line:
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LIMIT)
        return Line(reader, writer)

    station = Station(dial)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, station.stop)
    await station.serve_once()


def main() -> int:
    """Serve until the core has gone."""
    parser = argparse.ArgumentParser(prog="python -m bot.gateway", description=__doc__)
    parser.add_argument("--descriptor", type=int, required=True, help="of the socket to the core")
    parser.add_argument("--level", default="INFO")
    parser.add_argument("--format", default="text")
    options = parser.parse_args()
    log_to_stderr(options.level, [], options.format)
    asyncio.run(_run(options.descriptor))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
