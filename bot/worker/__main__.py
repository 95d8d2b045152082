"""The child process that owns one engine: `python -m bot.worker`.

Reads frames from its standard input and writes frames to its standard output; the engine runs on
the main thread. The process ends when its input ends, so it never outlives the bot. Knows pipes and
signals; what happens between the two streams is `bot.worker.serving`'s.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
from typing import BinaryIO

from bot.engine import frames
from bot.worker.serving import Outgoing, serve


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for frames alone.

    What libraries print goes to standard error from here on, and nothing can read our orders.
    """
    incoming = os.fdopen(os.dup(0), "rb", buffering=0)
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing


def main() -> None:
    """Run one worker; the process ends without waiting for its threads."""
    # Ctrl-C in a terminal and a supervisor's SIGTERM are the bot's to handle: it ends the worker
    # by closing its input, or by SIGKILL.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if hasattr(signal, "SIGTTOU"):  # a terminal may stop whom it does not read, for a line of log
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING, format="worker: %(levelname)s %(message)s")
    incoming, outgoing = claim_pipes()
    serve(lambda: frames.read(incoming), Outgoing(outgoing))
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
