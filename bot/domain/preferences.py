"""What is wanted where a prompt says nothing: a person's choices, or those of a server.

Kept as plain data with a version. Which of several choices counts is `bot.domain.layers`'s.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from bot.domain.plain import Pairs, as_json, pairs
from bot.domain.speed import Speed
from bot.domain.usual import Usual

VERSION = 1
OPTIONS_MAX = 20
"""Own options of a person."""
SHARED = ("model", "stylize", "raw", "variation", "file")
"""Fields that a server has as well as a person."""
SWITCHES = ("ping", "stealth", "remix", "auto_dm")
"""Fields that are on or off, and off where nobody says otherwise."""


class Variation(enum.StrEnum):
    """How far a variation leaves its picture."""

    SUBTLE = "subtle"
    STRONG = "strong"

    def strength(self, usual: float) -> float:
        """A share of the noise schedule, on this side of what is `usual` for the model."""
        return usual * 0.6 if self is Variation.SUBTLE else (usual + 1) / 2


class FileFormat(enum.StrEnum):
    """What is posted, where it fits; the value is what a request says."""

    WEBP = "webp"
    PNG = "png"
    JPEG = "jpeg"


FILE = "file"
"""The name in a request's `extra` of what is posted, where that is not the usual WebP."""


def file_of(extra: Pairs) -> FileFormat:
    """What is posted of a request with this `extra`."""
    return FileFormat(dict(extra).get(FILE, FileFormat.WEBP))


@dataclass(frozen=True)
class Preferences:
    """None is left open. `suffix` are parameters that are put behind every prompt, `options` own
    names with what each stands for. With `remix`, buttons that draw ask for the prompt first; with
    `auto_dm`, results come by direct message, too."""

    model: str | None = None
    stylize: int | None = None
    raw: bool | None = None
    variation: Variation | None = None
    file: FileFormat | None = None
    ping: bool = False
    speed: Speed | None = None
    stealth: bool = False
    remix: bool = False
    auto_dm: bool = False
    suffix: Pairs = ()
    options: tuple[tuple[str, str], ...] = ()

    @property
    def usual(self) -> Usual:
        """The line to wait in and who may see it, where a prompt does not say."""
        return Usual(self.speed or Speed.FAST, self.stealth)

    @property
    def parameters(self) -> Pairs:
        """What of it a prompt could say; a flag may be False."""
        chosen = (("model", self.model), ("stylize", self.stylize), ("raw", self.raw))
        return tuple(pair for pair in chosen if pair[1] is not None)

    def over(self, below: Preferences) -> Preferences:
        """With the shared choices of `below` where this leaves them open."""
        left = [name for name in SHARED if getattr(self, name) is None]
        return replace(self, **{name: getattr(below, name) for name in left})

    def pressed(self, name: str, value: str, below: Preferences) -> Preferences:
        """After a press in a panel; a button that is on is put off, and what is as `below` then is
        left open. Raises ValueError for what no panel has."""
        match name:
            case "reset":
                return Preferences(options=self.options)
            case name if name in SWITCHES:
                return replace(self, **{name: not getattr(self, name)})
            case "speed":
                return replace(self, speed=_other(self.speed, Speed(value)))
            case "raw":
                wanted = not self.over(below).raw
                return replace(self, raw=None if wanted == bool(below.raw) else wanted)
            case "model":
                return replace(self, model=value or None)
            case "stylize":
                return replace(self, stylize=_other(self.stylize, int(value)))
            case "variation":
                return replace(self, variation=_other(self.variation, Variation(value)))
            case "file":
                return replace(self, file=FileFormat(value) if value else None)
            case _:
                raise ValueError(name)

    def to_json(self) -> dict[str, Any]:
        """Plain data, only of what is chosen; `from_json` is the inverse."""
        data = {row.name: getattr(self, row.name) for row in fields(self)}
        data["suffix"], data["options"] = as_json(self.suffix), dict(self.options)
        chosen = {name: value for name, value in data.items() if value not in (None, {})}
        off = {name for name in SWITCHES if not getattr(self, name)}
        kept = {name: value for name, value in chosen.items() if name not in off}
        return {"version": VERSION, **kept}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Preferences:
        """What `to_json` made. Raises ValueError for what this version cannot read."""
        try:
            if data["version"] != VERSION:
                raise ValueError(f"unknown version {data['version']!r} of preferences")
            return cls(
                model=data.get("model"),
                stylize=data.get("stylize"),
                raw=data.get("raw"),
                variation=_read(Variation, data.get("variation")),
                file=_read(FileFormat, data.get("file")),
                speed=_read(Speed, data.get("speed")),
                **{name: bool(data.get(name, False)) for name in SWITCHES},
                suffix=pairs(data.get("suffix", {})),
                options=tuple((str(k), str(v)) for k, v in data.get("options", {}).items()),
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"unreadable preferences: {error!r}") from error


def _other(now: Any, pressed: Any) -> Any:
    return None if now == pressed else pressed


def _read(kind: Any, value: Any) -> Any:
    return None if value is None else kind(value)
