"""NAME.toml beside a model: what its operator says of it, instead of what its files say.

Knows keys and values; not models.
"""

from __future__ import annotations

import difflib
import reprlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.domain import loras
from bot.domain.samplers import DEFAULT, SAMPLERS

SUFFIX = ".toml"
SPEEDS = ("exact", "balanced", "fast", "eager")
"""What may be traded for time; see the README."""


@dataclass(frozen=True)
class Overrides:
    """`fields` of a model's card. Of a file with `troubles`, a sentence each, nothing holds."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()


def read(file: Path) -> Overrides:
    """What the file says; nothing where there is none."""
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Overrides()
    except OSError as error:
        return Overrides(troubles=(f"{file.name} cannot be read: {error.strerror}.",))
    except UnicodeDecodeError:
        return Overrides(troubles=(f"{file.name} cannot be read: save it as UTF-8 text.",))
    except (ValueError, RecursionError) as error:
        return Overrides(troubles=(f"{file.name} is no TOML: {error}.",))
    troubles = tuple(f"{file.name}: {trouble}" for trouble in _troubles(said))
    return Overrides(troubles=troubles) if troubles else Overrides(said)


def _troubles(said: Mapping[str, Any]) -> Iterator[str]:
    for key, value in said.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1, 0.6)
            right = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KEYS)}."
            yield f"{key} is nothing that can be set; {right}"
        elif not _KEYS[key].fits(value):
            yield f"{key} is {reprlib.repr(value)}; it should be {_KEYS[key].wanted}."


@dataclass(frozen=True)
class _Key:
    wanted: str
    fits: Callable[[Any], bool]


def _text(longest: int) -> _Key:
    def fits(value: Any) -> bool:
        plain = isinstance(value, str) and value.isprintable() and value.strip() == value
        return plain and 0 < len(value) <= longest

    return _Key(f"a text in quotes, of one line and at most {longest} characters", fits)


def _whole(low: int, high: int) -> _Key:
    return _Key(
        f"a whole number from {low} to {high}",
        lambda value: type(value) is int and low <= value <= high,
    )


def _number(low: int, high: int) -> _Key:
    return _Key(
        f"a number from {low} to {high}",
        lambda value: type(value) in (int, float) and low <= value <= high,
    )


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 < value < 1 << 63


_IDS = _Key(
    "a list of ids of roles, members or servers, such as [112233445566778899]",
    lambda value: isinstance(value, list) and bool(value) and all(map(_is_id, value)),
)
_LORAS = _Key(
    f"a table of at most {loras.MOST} names and weights, such as {{ detail = 0.7 }}",
    lambda value: (
        isinstance(value, dict)
        and len(value) <= loras.MOST
        and all(map(loras.is_weight, value.values()))
    ),
)
_NAMES = _Key(
    'a list of names, such as ["style"]',
    lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
)
_SAMPLERS = (DEFAULT, *SAMPLERS)

_KEYS: Mapping[str, _Key] = {
    "name": _text(80),
    "steps": _whole(1, 200),
    "guidance": _number(0, 30),
    "sampler": _Key(f"one of {', '.join(_SAMPLERS)}", lambda value: value in _SAMPLERS),
    "native": _whole(64, 4096),
    "licence": _text(200),
    "allowed": _IDS,
    "pinned": _Key("true or false", lambda value: isinstance(value, bool)),
    "vae": _text(200),
    "preview": _text(200),
    "loras": _LORAS,
    "embeddings": _NAMES,
    "clip_skip": _whole(1, 12),
    "rescale": _number(0, 1),
    "speed": _Key(f"one of {', '.join(SPEEDS)}", lambda value: value in SPEEDS),
}
