"""`python -m bot.worker.errands`: carries out what the bot sends, one after the other, until its
input ends.

Each line of standard input is a JSON list of a module's name and an order, which the module's `run`
takes; each line of standard output is a JSON object with what it `told`, or the `trouble`.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys


def main() -> None:
    # The bot decides when it ends, also where the keyboard interrupts both.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print
    for line in sys.stdin:
        module, order = json.loads(line)
        try:
            answer = {"told": importlib.import_module(module).run(order)}
        except Exception as error:
            answer = {"trouble": f"{type(error).__name__}: {error}"}
        said.write(json.dumps(answer) + "\n")
        said.flush()


if __name__ == "__main__":
    main()
