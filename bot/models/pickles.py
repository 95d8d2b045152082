"""What stands in a file that `torch.save` wrote, read without torch or running any of it."""

from __future__ import annotations

import contextlib
import functools
import itertools
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bot.models import embeddings, facts, opcodes
from bot.models.facts import Shapes, UnfitFile
from bot.models.opcodes import Program

SUFFIXES = (".pth", ".pt", ".bin")
_DAMAGED = "is cut off or damaged; download it again"
_LONGEST = 64 << 20
"""Bytes of a list of names at most."""
_MOST = 100_000
"""Tensors in a file at most."""
_OF_OLD = 4
"""Pickles in a file of before torch 1.6; the names of the tensors are in the last."""


@dataclass(frozen=True)
class Contents:
    """`shapes` are those of its tensors, as far as they can be told, in tables of tables by names
    with dots; `texts` are all in it, and `foreign` is one of what it names besides tensors and
    plain values, or empty."""

    shapes: Shapes
    texts: frozenset[str]
    foreign: str

    @property
    def harm(self) -> str:
        """Why nobody should draw with it; completes "The file …"; else empty."""
        if not self.foreign:
            return ""
        return (
            f"holds more than weights ({self.foreign}), which is not run: take it as .safetensors, "
            "or from another source"
        )


_NONE = Contents({}, frozenset(), "")


def read(file: Path) -> Contents:
    """What is in it; nothing in other kinds of files.

    Raises UnfitFile for what is cut off or saved by mistake in its place, OSError.
    """
    state = file.stat()
    return _read(file, (state.st_ino, state.st_size, state.st_mtime_ns))


@functools.lru_cache(maxsize=64)
def _read(file: Path, _state: tuple[int, int, int]) -> Contents:
    with file.open("rb") as stream:
        start = stream.read(512)
        facts.check_start(start)
        if not facts.is_pickle(start):
            return _NONE
        if start.startswith(facts.ZIP):
            return _told([_of_archive(file)])
        stream.seek(0)
        return _told(list(_of_old(stream)))


def _of_archive(file: Path) -> Program:
    try:
        with zipfile.ZipFile(file) as archive:
            (index,) = (one for one in archive.infolist() if one.filename.endswith("/data.pkl"))
            if index.file_size > _LONGEST:
                raise UnfitFile("holds more names than a network has")
            with archive.open(index) as stream:
                return _followed(stream)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise UnfitFile(_DAMAGED) from error


def _of_old(stream: IO[bytes]) -> Iterator[Program]:
    """What a pickle lacks is told by nothing that stands before it."""
    with contextlib.suppress(UnfitFile):
        for _ in range(_OF_OLD):
            yield _followed(stream)


def _followed(stream: IO[bytes]) -> Program:
    try:
        return Program(stream)
    except (ValueError, pickle.UnpicklingError, UnicodeDecodeError) as error:
        raise UnfitFile(_DAMAGED) from error


def _told(programs: list[Program]) -> Contents:
    named = sorted(set().union(*(one.names for one in programs)))
    foreign = (name.replace(" ", ".") for name in named if not _PLAIN.fullmatch(name))
    texts = frozenset().union(*(one.texts for one in programs))
    shapes = next(filter(None, (_flat(one.made) for one in reversed(programs))), {})
    return Contents(shapes, texts, next(foreign, ""))


def _flat(made: Any) -> Shapes:
    while isinstance(made, Mapping) and isinstance(made.get("state_dict"), Mapping):
        made = made["state_dict"]
    walked = opcodes.walked(embeddings.plain(made) if isinstance(made, Mapping) else made)
    return dict(itertools.islice(walked, _MOST))


_PLAIN = re.compile(
    r"torch (\w+Storage|[a-z]+\d+\w*|Size|device|Tensor)|torch\._utils _rebuild_\w+|"
    r"torch\._tensor _rebuild_from_type_v2|torch\.nn\.parameter Parameter|"
    r"torch\.nn\.modules\.container ParameterDict|torch\.storage \w+Storage|"
    r"torch\.serialization _get_layout|collections (OrderedDict|defaultdict|Counter)|"
    r"(builtins|__builtin__) (set|dict|list|tuple|int|float|complex|bytearray)|_codecs encode|"
    r"numpy dtype|numpy\._?core\.multiarray (scalar|_reconstruct)|numpy ndarray"
)
"""Classes of torch and Python without which weights and numbers are not written."""
