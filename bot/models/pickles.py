"""What stands in a file that `torch.save` wrote, read without torch or running any of it."""

from __future__ import annotations

import contextlib
import pickle
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bot.models import facts
from bot.models.facts import UnfitFile

SUFFIXES = (".pth", ".pt")
_DAMAGED = "is cut off or damaged; download it again"
_LONGEST = 64 << 20
"""Bytes of a list of names at most."""
_OF_OLD = 4
"""Pickles in a file of before torch 1.6; the names of the tensors are in the last."""


def texts(file: Path) -> frozenset[str]:
    """Every text in it, the names of its tensors among them; empty for other kinds of files.

    Raises UnfitFile for what is cut off or saved by mistake in its place, OSError.
    """
    with file.open("rb") as stream:
        start = stream.read(512)
        facts.check_start(start)
        if not facts.is_pickle(start):
            return frozenset()
        if start.startswith(facts.ZIP):
            return frozenset(_of_archive(file))
        stream.seek(0)
        return frozenset(_of_old(stream))


def _of_archive(file: Path) -> Iterator[str]:
    try:
        with zipfile.ZipFile(file) as archive:
            (index,) = (one for one in archive.infolist() if one.filename.endswith("/data.pkl"))
            if index.file_size > _LONGEST:
                raise UnfitFile("holds more names than a network has")
            with archive.open(index) as stream:
                yield from _of(stream)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise UnfitFile(_DAMAGED) from error


def _of_old(stream: IO[bytes]) -> Iterator[str]:
    """What a pickle lacks is told by nothing that stands before it."""
    with contextlib.suppress(UnfitFile):
        for _ in range(_OF_OLD):
            yield from _of(stream)


def _of(stream: IO[bytes]) -> Iterator[str]:
    try:
        for code, value, _ in pickletools.genops(stream):
            if isinstance(value, str) and "UNICODE" in code.name:
                yield value
    except (ValueError, pickle.UnpicklingError, UnicodeDecodeError) as error:
        raise UnfitFile(_DAMAGED) from error
