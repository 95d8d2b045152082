"""Processes that speak with Ray: `python -m bot.cluster [knock | standing | drain | node] …`.

Without an argument it is the bridge of a bot, which speaks in frames over its standard input and
output. The others print a line of JSON for whoever started them. A process has one token, or none,
by its environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from bot.cluster import fleet
from bot.cluster.bridge import Bridge, leave
from bot.cluster.fleet import Unreachable
from bot.engine import frames
from bot.engine.frames import Frame


def main(arguments: Sequence[str]) -> None:
    """Does not return to its caller."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the bot's to handle
    outgoing, incoming = _claim_pipes()
    logging.basicConfig(level=logging.WARNING, format="cluster: %(levelname)s %(message)s")

    def tell(said: Mapping[str, Any]) -> None:
        outgoing.write(json.dumps(said).encode() + b"\n")
        outgoing.flush()

    match arguments:
        case []:
            leave(_bridge(incoming, outgoing))
        case ["node", said]:
            sys.exit(_node(json.loads(said), tell, incoming))
        case _:
            tell(_asked(*arguments))
            leave(0)


def _claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard output and input, for us alone: Ray prints to both others."""
    outgoing, incoming = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.fdopen(os.dup(2), "w", buffering=1)
    for taken in range(3):
        os.dup2(nothing, taken)
    sys.stderr = log
    return outgoing, incoming


def _bridge(incoming: BinaryIO, outgoing: BinaryIO) -> int:
    hello = frames.read(incoming)
    if hello is None:
        return 0
    said = hello.data
    try:
        fleet.join(said["address"])
        asyncio.run(Bridge(said["owner"], said["heartbeat_s"]).run(incoming, outgoing))
    except Unreachable as why:
        with contextlib.suppress(OSError):
            refused = {"text": str(why), "told": why.told}
            outgoing.write(frames.pack(Frame("refused", refused)))
            outgoing.flush()
        return 1
    except (frames.FrameError, ConnectionError):
        return 1
    return 0


def _node(
    said: Mapping[str, Any], tell: Callable[[Mapping[str, Any]], None], parent: BinaryIO
) -> int:
    from bot.cluster import node

    try:
        return node.run(said, tell, parent)
    except Unreachable as why:
        tell({"error": str(why), "final": why.final})
        return 1


def _asked(what: str, address: str, *more: str) -> dict[str, Any]:
    try:
        match what:
            case "knock":
                return {"open": fleet.is_open(address)}
            case "standing":
                from bot.cluster.survey import standing

                return {"nodes": asyncio.run(standing(address))}
            case "drain":
                from bot.cluster.survey import drain

                asyncio.run(drain(address, *more))
                return {}
    except Unreachable as why:
        return {"error": str(why)}
    raise AssertionError(what)


if __name__ == "__main__":
    main(sys.argv[1:])
