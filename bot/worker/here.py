"""Where things lie on a worker's machine, which may be elsewhere than on the bot's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.engine.frames import Frame
from bot.models.cards import EMBEDDED_CARD


class Here:
    """Models lie in MODELS_DIR, downloads in MODEL_CACHE, what is made to draw faster in DATA_DIR.
    What `environ` does not say is as the bot has it."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._shelf = ""

    def of(self, frame: Frame | None) -> Frame | None:
        """The same order with the paths of this machine."""
        if frame is None or frame.kind not in ("hello", "cards", "adopt"):
            return frame
        data = dict(frame.data)
        if frame.kind == "hello":
            self._shelf = data["options"].get("shelf", "")
            data["options"] = {**data["options"], **self._folders(data["options"])}
        return replace(frame, data=self._moved(data))

    def _folders(self, options: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        if data := self._environ.get("DATA_DIR"):
            made = (name for name in ("converted", "compiled") if options.get(name))
            found = {name: str(Path(data).absolute() / name) for name in made}
        if (cache := self._environ.get("MODEL_CACHE")) is not None and "cache_dir" in options:
            found["cache_dir"] = cache
        return found

    def _moved(self, value: Any) -> Any:
        """What lies on the bot's shelf lies on this one, and the embedded model in the package."""
        if isinstance(value, Mapping):
            moved = {name: self._moved(each) for name, each in value.items()}
            if moved.get("id") == EMBEDDED_CARD.id and "source" in moved:
                moved["source"] = EMBEDDED_CARD.source
            return moved
        if isinstance(value, list):
            return [self._moved(each) for each in value]
        here = self._environ.get("MODELS_DIR")
        if not (here and self._shelf and isinstance(value, str)):
            return value
        if value == self._shelf or value.startswith(self._shelf + os.sep):
            return here + value.removeprefix(self._shelf)
        return value
