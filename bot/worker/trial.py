"""`python -m bot.worker.trial`: has a model say what a flat picture shows, and ends.

Standard input is the folder of a model (empty: the box's) as JSON; standard output is `captions`,
or `error`, a sentence.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

from PIL import Image

from bot.domain.errors import RenderFailed
from bot.engine.seam import CAPTIONS, Question
from bot.worker.describing import Describing

_SIDE = 128


def trial(folder: str) -> dict[str, Any]:
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


def main() -> None:
    sys.stdout.write(json.dumps(trial(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
