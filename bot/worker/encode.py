"""`python -m bot.worker.encode`: makes one picture file of stored tiles, and ends.

Standard input is one JSON object: `tiles` (paths), `limit` (bytes), `recipe`, `file` (the kind of
file that is wanted) and `target` (where it is to be written); standard output one with `extension`,
or with `error`, a sentence. A process of its own, so that the memory that a large grid takes goes
with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bot import imaging


def encode(order: dict[str, Any]) -> dict[str, str]:
    """Write the file that the order describes; returns what standard output says."""
    try:
        # No name keeps the pictures in memory beside the grid made of them.
        grid = imaging.compose([imaging.decode(Path(tile).read_bytes()) for tile in order["tiles"]])
        encoded = imaging.encode(grid, order["limit"], order["recipe"], order["file"])
    except (imaging.PictureError, FileNotFoundError) as error:
        return {"error": str(error)}
    Path(order["target"]).write_bytes(encoded.data)
    return {"extension": encoded.extension}


def main() -> None:
    sys.stdout.write(json.dumps(encode(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
