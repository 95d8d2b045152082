"""Whether a folder in diffusers' format is all there: downloads and copies end half-way.

Reads names and the headers of .safetensors files, never weights.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bot.models import facts
from bot.models.facts import Facts, UnfitFile

WITH_WEIGHTS = re.compile(r"(unet|transformer|vae|text_encoder)(_\d)?")
_WEIGHTS = (".safetensors", ".bin")
_STRAY = (*facts.SINGLE_FILES, ".pt", ".pth", ".bin")
_DEEP, _MANY = 3, 500
_SHARD = re.compile(r"(.+)-\d{5}-of-(\d{5})(\..+)")


def of_whole(folder: Path) -> Facts:
    """What the folder's files say. Raises UnfitFile, whose text completes its name; OSError."""
    found = facts.of_folder(folder)
    if found is None:
        raise UnfitFile(f"holds no {facts.INDEX} that names a pipeline: it is no diffusers model")
    for part in _parts(found):
        _require_whole(folder / part)
    return found


def stray(folder: Path) -> str:
    """Something in a folder that looks like a model, or is the folder of one; empty for none. Not
    all of a large folder is looked through."""
    there = itertools.islice(_below(folder, _DEEP), _MANY)
    fitting = (path for path in there if path.name == facts.INDEX or path.suffix.lower() in _STRAY)
    for path in fitting:
        one = path.parent if path.name == facts.INDEX else path
        return facts.readable(one.relative_to(folder).as_posix())
    return ""


def _below(folder: Path, deep: int) -> Iterator[Path]:
    """Files before what lies in folders."""
    try:
        there = sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name))
    except OSError:
        return
    for path in there:
        if not path.is_dir():
            yield path
        elif deep and not path.name.startswith("."):
            yield from _below(path, deep - 1)


def has_weights(folder: Path) -> bool:
    """False for configs alone, such as those of a single file beside them."""
    found = facts.of_folder(folder)
    return found is not None and any(_weights(folder / part) for part in _parts(found))


def _parts(found: Facts) -> Iterator[str]:
    for name, value in found.pipeline.items():
        if WITH_WEIGHTS.fullmatch(name) and isinstance(value, list) and any(value):
            yield name


def _weights(part: Path) -> list[Path]:
    return sorted(path for path in part.glob("*") if path.suffix in _WEIGHTS)


def _require_whole(part: Path) -> None:
    files = _weights(part)
    if not files:
        raise UnfitFile(f"is incomplete: there are no weights in {part.name}; copy it again")
    if not _is_complete([path.name for path in files]):
        raise UnfitFile(f"is incomplete: files are missing in {part.name}; copy it again")
    for path in files:
        try:
            if path.suffix == ".safetensors":
                facts.shapes_of(path)
        except UnfitFile as error:
            raise UnfitFile(f"is damaged: {part.name}/{path.name} {error}") from None


def _is_complete(names: list[str]) -> bool:
    """Whether one set of weights, of perhaps several variants, has all of its shards."""
    shards = [shard for name in names if (shard := _SHARD.fullmatch(name))]
    sets = Counter(shard.groups() for shard in shards)
    return len(shards) < len(names) or any(count == int(of) for (_, of, _), count in sets.items())
