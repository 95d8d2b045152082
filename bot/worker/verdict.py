"""Has a classifier look at a flat picture, as an errand.

The order are the options that `Checker.of` reads; the answer has `score`, or `error`, a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import Image

from bot.worker.causes import cause
from bot.worker.safety import Checker, Unchecked

_SIDE = 128


def run(options: Mapping[str, Any]) -> dict[str, Any]:
    """What came of it."""
    try:
        return {"score": Checker.of(options).examined(Image.new("RGB", (_SIDE, _SIDE), "teal"))}
    except Unchecked as why:
        return {"error": str(why)}
    except Exception as error:
        return {"error": f"The classifier cannot look at a picture ({cause(error)})."}
