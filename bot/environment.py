"""Where settings come from: `.env`, the process's environment, and what in them looks like a slip.

Knows names; what their values mean is `bot.settings`'s. `.env.example` is the text of `example()`;
a test keeps it so.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from bot.domain.errors import SettingsError
from bot.settings import NAMES, Settings

# MODEL, DEVICE or LOG_LEVEL may be another program's variable; with this in front it is ours.
PREFIX = "EASEL_"


_EXAMPLE_HEAD = """\
# Copy this file to .env; what stands behind a # is the default: remove the # to set another value.
# Real environment variables win over the file. Any name may have EASEL_ in front, and such a name
# wins over both: write EASEL_MODEL where MODEL is another program's variable.
"""


@dataclass(frozen=True)
class Environment:
    """`.env` below the process's environment; a name with EASEL_ in front wins over one without."""

    file: Mapping[str, str]
    process: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path, process: Mapping[str, str]) -> Environment:
        """`.env` in `folder`, where there is one, and `process`.

        Raises SettingsError when the file cannot be read as text.
        """
        from dotenv import dotenv_values

        path = folder / ".env"
        try:
            file = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} cannot be read as UTF-8 text: {error}.") from None
        return cls({name: value or "" for name, value in file.items()}, dict(process))

    def values(self) -> dict[str, str]:
        """The text of every setting that is given, by its name without EASEL_."""
        return {name: text for name, _, text in self._given()}

    def sources(self) -> str:
        """Which settings have a value, and whence; "" when none has."""
        given: dict[str, list[str]] = {}
        for name, source, text in self._given():
            if text.strip():
                given.setdefault(source, []).append(name)
        return "; ".join(f"{', '.join(names)} from {source}" for source, names in given.items())

    def _given(self) -> Iterator[tuple[str, str, str]]:
        places = ((self.process, "the environment"), (self.file, ".env"))
        for name in NAMES:
            for key in (PREFIX + name, name):
                found = [(name, source, place[key]) for place, source in places if key in place]
                if found:
                    yield found[0]
                    break

    def notices(self) -> list[str]:
        """A sentence for each name that has no effect, or hardly the one that was meant."""
        return [*self._unknown(), *self._overridden(), *self._commented()]

    def _unknown(self) -> Iterator[str]:
        for name in self.file:
            if not _is_known(name):
                yield _unknown(name, ".env")
        for name in self.process:
            if not _is_known(name) and _is_meant_for_us(name):
                yield _unknown(name, "the environment")

    def _overridden(self) -> Iterator[str]:
        both = dict(self.file) | dict(self.process)
        for name in NAMES:
            written = self.file.get(name)
            if written and both[name] != written and PREFIX + name not in both:
                yield (
                    f"{name} in the environment wins over {name} in .env; if it is another "
                    f"program's, write {PREFIX}{name} into .env."
                )

    def _commented(self) -> Iterator[str]:
        for name in NAMES:
            if " #" in self.process.get(name, ""):
                yield (
                    f"{name} contains “ #”: docker's --env-file takes a comment for part of the "
                    "value; give it a line of its own."
                )


def _is_known(name: str) -> bool:
    return name.removeprefix(PREFIX) in NAMES


def _unknown(name: str, source: str) -> str:
    prefix = PREFIX if name.startswith(PREFIX) else ""
    near = nearest(name.removeprefix(PREFIX))
    return f"{name} in {source} is no setting of Easel and has no effect" + (
        f"; did you mean {prefix}{near}?" if near else "."
    )


def nearest(name: str) -> str | None:
    """The setting whose name is most like `name`, if any is like it."""
    name = name.upper()
    if "TOKEN" in name:
        return "HF_TOKEN" if "HF" in name or "HUGGING" in name else "DISCORD_TOKEN"
    return next(iter(difflib.get_close_matches(name, NAMES, 1, 0.6)), None)


def _is_meant_for_us(name: str) -> bool:
    """The environment is full of other programs' names, so only plain slips count there."""
    ours = name.startswith(PREFIX) or ("DISCORD" in name and "TOKEN" in name)
    return ours or any(_is_slip(name, setting) for setting in NAMES)


def _is_slip(typed: str, meant: str) -> bool:
    """One letter too many, too few or wrong, or two swapped; the case does not count."""
    typed = typed.upper()
    if len(typed) < 5:  # MODE is nobody's MODEL
        return False
    start = next((at for at, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), None)
    if start is None:
        return abs(len(typed) - len(meant)) <= 1
    a, b = typed[start:], meant[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def example() -> str:
    """The text of `.env.example`: each setting with its meaning and, commented out, its default.

    A file that spelled the defaults out would carry them to where others hold: into a container.
    Only the line that everybody fills in is open.
    """
    rows = (
        f"# {row.metadata['meaning']}\n"
        f"{'' if row.name == 'discord_token' else '# '}"
        f"{row.name.upper()}={row.metadata['default']}\n"
        for row in fields(Settings)
    )
    return "\n".join((_EXAMPLE_HEAD, *rows))
