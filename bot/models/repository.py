"""Which files of a hub repository are needed to draw with it. Pure: names and sizes in and out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.models import facts, parts

_INDEX = re.compile(rf"{parts.STEM}\.{parts.FORMAT}\.index(?:\.(?P<late>\w+))?\.json")
"""What tells which shard holds what."""
_CONFIG = re.compile(r".*\.(json|txt|model|jinja)")
_UNUSED = {"safety_checker"}
_MODELS = (".safetensors", ".gguf", ".ckpt")
_NAMELESS = re.compile(
    r"(diffusion_pytorch_)?(model|weights)|pytorch_(model|lora_weights)", re.IGNORECASE
)
_FP16 = "fp16"


class NothingFits(Exception):
    """Nothing of a repository can be drawn with; the text completes "The repository …"."""


@dataclass(frozen=True)
class Remote:
    """A file: its path in the repository, its bytes, its sha256 hex where the hub tells that, else
    the name that git gives to what is in it."""

    path: str
    size: int
    sha256: str = ""
    blob: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Haul:
    """What is to be fetched, and what the model is called then: a folder's name, or a file's."""

    name: str
    files: Sequence[Remote]
    is_folder: bool = True

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?P<id>[^/?#]+/[^/?#]+)"
    r"(?:/(?:blob|resolve)/[^/]+/(?P<file>[^?#]+))?"
)


def meant(text: str) -> tuple[str, str]:
    """The id, and the file or nothing, of what may be the address of a page."""
    found = _ADDRESS.match(text)
    return (found["id"], found["file"] or "") if found else (text, "")


def pipeline(
    repository: str, files: Collection[Remote], index: Mapping[str, Any], *, half: bool
) -> Haul:
    """A folder in diffusers' format, without what nobody loads: of each part one set of weights,
    .safetensors before .bin, and where there are both the `half` of the size, or not.

    Raises NothingFits.
    """
    needed = [file for file in files if file.path == facts.INDEX]
    for part, value in index.items():
        if part not in _UNUSED and isinstance(value, list) and any(value):
            inside = [f for f in files if f.path.rpartition("/")[0] == part]
            needed += _of_part(part, inside, half=half)
    return Haul(repository.rpartition("/")[2], needed)


def _of_part(part: str, files: Collection[Remote], *, half: bool) -> Iterator[Remote]:
    sets = {kind for file in files if (kind := _set(parts.WEIGHTS, file.name))}
    chosen = min(sets, key=lambda kind: _cost(kind, half=half), default=None)
    if chosen is None and parts.WITH_WEIGHTS.fullmatch(part):
        raise NothingFits(f"offers no weights for PyTorch in {part}.")
    for file in files:
        kind = _set(parts.WEIGHTS, file.name) or _set(_INDEX, file.name)
        plain = _CONFIG.fullmatch(file.name) and not _INDEX.fullmatch(file.name)
        if plain or (kind and kind == chosen):
            yield file


def _set(pattern: re.Pattern[str], name: str) -> tuple[str, str] | None:
    """(format, variant) of weights; the variant is empty for the plain ones, and only one more is
    taken: others (non_ema, …) are for training."""
    found = pattern.fullmatch(name)
    if found is None:
        return None
    variant = found["early"] or found["late"] or ""
    return (found["format"], variant) if variant in ("", _FP16) else None


def _cost(kind: tuple[str, str], *, half: bool) -> tuple[bool, bool]:
    format, variant = kind
    return format != "safetensors", (variant == _FP16) is not half


def single(repository: str, files: Collection[Remote], wanted: str) -> Haul:
    """One file that is a model; `wanted` names it, empty takes the only one there is.

    Raises NothingFits, with the names of all where it cannot choose.
    """
    models = sorted((file for file in files if _is_model(file)), key=lambda file: file.path)
    found = [file for file in models if wanted in ("", file.path, file.name)]
    if len(found) == 1:
        return Haul(_name(repository, found[0]), found, is_folder=False)
    if not models:
        raise NothingFits("holds no model: neither model_index.json nor a .safetensors file.")
    named = ", ".join(file.path for file in models)
    which = f"has no model file {wanted}" if wanted and not found else "holds several models"
    raise NothingFits(f"{which}; add one of these to the command: {named}.")


def _is_model(file: Remote) -> bool:
    return file.name.lower().endswith(_MODELS)


def _name(repository: str, file: Remote) -> str:
    """Its own, or the repository's where its own says nothing."""
    stem, _, ending = file.name.rpartition(".")
    return f"{repository.rpartition('/')[2]}.{ending}" if _NAMELESS.fullmatch(stem) else file.name
