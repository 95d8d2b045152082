"""Has a model say what a flat picture shows, as an errand.

The order is the folder of a model, empty for the box's; the answer has `captions`, or `error`, a
sentence.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from bot.domain.errors import RenderFailed
from bot.engine.seam import CAPTIONS, Question
from bot.worker.describing import Describing

_SIDE = 128


def run(folder: str) -> dict[str, Any]:
    """What came of it."""
    file = io.BytesIO()
    Image.new("RGB", (_SIDE, _SIDE), "teal").save(file, "PNG")
    question = Question(CAPTIONS, "", {"count": 1}, (file.getvalue(),))
    working = Describing(folder).answer(question)
    try:
        while True:
            next(working)
    except StopIteration as done:
        return dict(done.value)
    except RenderFailed as failure:
        return {"error": str(failure)}
