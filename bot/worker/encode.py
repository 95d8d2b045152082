"""Makes one picture file of stored tiles, as an errand.

The order has `tiles` (paths), `limit` (bytes), `recipe`, `file` (the kind of file that is wanted)
and `target` (where it is to be written); the answer `extension`, or `error`, a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot import imaging


def run(order: Mapping[str, Any]) -> dict[str, str]:
    """Write the file that the order describes."""
    try:
        # No name keeps the pictures in memory beside the grid made of them.
        grid = imaging.compose([imaging.decode(Path(tile).read_bytes()) for tile in order["tiles"]])
        encoded = imaging.encode(grid, order["limit"], order["recipe"], order["file"])
    except (imaging.PictureError, FileNotFoundError) as error:
        return {"error": str(error)}
    Path(order["target"]).write_bytes(encoded.data)
    return {"extension": encoded.extension}
