"""Whether a folder in diffusers' format is all there: downloads and copies end half-way.

Reads names and the headers of .safetensors files, never weights.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.models import facts
from bot.models.facts import Facts, UnfitFile

WITH_WEIGHTS = re.compile(r"(unet|transformer|vae|text_encoder)(_\d)?")
_WEIGHTS = (".safetensors", ".bin")
_DENOISERS = ("unet", "transformer")
_DEEP, _MANY = 3, 500
STEM = r"(?:diffusion_pytorch_model|pytorch_model|model)(?:\.(?P<early>\w+))?"
FORMAT = r"(?P<format>safetensors|bin)"
WEIGHTS = re.compile(rf"{STEM}(?:-\d{{5}}-of-(?P<of>\d{{5}}))?(?:\.(?P<late>\w+))?\.{FORMAT}")
"""Of one part, as diffusers and transformers write them: whole or in shards, plain or a variant."""
_WORDS = re.compile(r"(tokenizer|vocab)\.json|vocab\.txt|.*\.(model|tiktoken)")
"""One file of these at least says which words a tokenizer knows."""


def of_whole(folder: Path) -> Facts:
    """What the folder's files say. Raises UnfitFile, whose text completes its name; OSError."""
    found = facts.of_folder(folder)
    if found is None:
        raise UnfitFile(f"holds no {facts.INDEX} that names a pipeline: it is no diffusers model")
    for part in _parts(found):
        _require_config(folder, f"{part}/config.json")
        _require_whole(folder / part)
    for name in (name for name, value in found.pipeline.items() if _is_there(value)):
        if name == "scheduler":
            _require_config(folder, f"{name}/scheduler_config.json")
        there = (path.name for path in (folder / name).glob("*"))
        if name.startswith("tokenizer") and not any(map(_WORDS.fullmatch, there)):
            raise UnfitFile(f"is incomplete: there is no vocabulary in {name}; copy it again")
    return found


def _is_there(value: Any) -> bool:
    return isinstance(value, list) and any(value)


def stray(folder: Path) -> str:
    """Something in a folder that looks like a model, or is the folder of one; empty for none. Not
    all of a large folder is looked through."""
    there = itertools.islice(_below(folder, _DEEP), _MANY)
    fitting = (
        path for path in there if path.name == facts.INDEX or path.suffix.lower() in facts.FILES
    )
    found = next(fitting, None)
    if found is None:
        return ""
    one = found.parent if found.name == facts.INDEX else found
    return facts.readable(one.relative_to(folder).as_posix())


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


def has_denoiser(folder: Path) -> bool:
    """False for what only completes a single file of a denoiser alone."""
    found = facts.of_folder(folder)
    names = _parts(found) if found else ()
    return any(_weights(folder / name) for name in names if name.startswith(_DENOISERS))


def _parts(found: Facts) -> Iterator[str]:
    for name, value in found.pipeline.items():
        if WITH_WEIGHTS.fullmatch(name) and _is_there(value):
            yield name


def _weights(part: Path) -> list[Path]:
    return sorted(path for path in part.glob("*") if path.suffix in _WEIGHTS)


def _require_whole(part: Path) -> None:
    files = _weights(part)
    if not files:
        raise UnfitFile(f"is incomplete: there are no weights in {part.name}; copy it again")
    if not _is_complete([path.name for path in files]):
        raise UnfitFile(f"is incomplete: files are missing in {part.name}; copy it again")
    for path in (path for path in files if WEIGHTS.fullmatch(path.name)):
        try:
            facts.shapes_in(path)
        except UnfitFile as error:
            raise UnfitFile(f"is damaged: {part.name}/{path.name} {error}") from None
    if not any(_variants(part).values()) and not any(part.glob("*.index*.json")):
        raise UnfitFile(
            f"is incomplete: nothing in {part.name} says which of its files holds what "
            "(….index.json); copy it again"
        )


def _is_complete(names: list[str]) -> bool:
    """Whether one set of weights, of perhaps several variants, has all of its shards."""
    found = list(filter(None, map(WEIGHTS.fullmatch, names)))
    sets = Counter((one["early"], one["late"], one["format"], one["of"]) for one in found)
    return any(of is None or count == int(of) for (*_, of), count in sets.items())


def _require_config(folder: Path, name: str) -> None:
    try:
        text = (folder / name).read_bytes()
    except FileNotFoundError:
        raise UnfitFile(f"is incomplete: {name} is missing; copy it again") from None
    try:
        facts.check_start(text[:512])
        fine = isinstance(json.loads(text), dict)
    except UnfitFile as error:
        raise UnfitFile(f"is damaged: {name} {error}") from None
    except (ValueError, RecursionError):
        fine = False
    if not fine:
        raise UnfitFile(f"is damaged: {name} is no JSON; copy it again")


def variant(folder: Path, found: Facts) -> str:
    """Of the weights that are to be taken: empty for the plain ones, else the one that every part
    has which lacks them, "fp16" before others."""
    there = [set(_variants(folder / part)) for part in _parts(found)]
    lacking = [each for each in there if each and "" not in each]
    shared = set.intersection(*lacking) if lacking else set()
    return min(shared, key=lambda name: (name != "fp16", name), default="")


def _variants(part: Path) -> dict[str, bool]:
    """Of the weights in a part, each with whether it is whole in one file."""
    found: dict[str, bool] = {}
    for one in filter(None, (WEIGHTS.fullmatch(path.name) for path in _weights(part))):
        name = one["early"] or one["late"] or ""
        found[name] = found.get(name, False) or one["of"] is None
    return found
