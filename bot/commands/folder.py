"""Numbered picture files in a folder, which go on after those that are there.

Knows names and numbers; not what is in the files.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.domain.errors import EaselError
from bot.imaging import Encoded

DIGITS = 5


def require_writable(folder: Path) -> None:
    """Before what is to lie there costs any time. Raises EaselError where nothing can be
    written; leaves nothing behind."""
    with _told(folder):
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"one byte is enough")
        for each in made:
            each.rmdir()


def add(folder: Path, prefix: str, files: Iterable[Encoded]) -> Iterator[Path]:
    """Write the files as `<prefix>00000.png` and so on, from the first number above all that have
    this prefix, each when its path is asked for; nothing is overwritten, not even what another
    process writes meanwhile.

    Raises EaselError when the folder cannot be written.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        numbers = itertools.count(_first_free(folder, prefix))
        for file in files:
            yield _add(folder, prefix, numbers, file)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EaselError(f"{folder} cannot be written: {error.strerror}.") from error


def _first_free(folder: Path, prefix: str) -> int:
    names = re.compile(rf"{re.escape(prefix)}(\d{{{DIGITS},}})\.\w+")
    taken = (names.fullmatch(path.name) for path in folder.iterdir())
    return max((int(name[1]) + 1 for name in taken if name), default=0)


def _add(folder: Path, prefix: str, numbers: Iterable[int], file: Encoded) -> Path:
    for number in numbers:
        path = folder / f"{prefix}{number:0{DIGITS}}.{file.extension}"
        try:
            target = path.open("xb")
        except FileExistsError:
            continue
        try:
            with target:
                target.write(file.data)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path
    raise AssertionError("numbers do not end")
