"""What a model's own files say about it, read without torch.

A folder says it in JSON; a .safetensors or .gguf file in the names and shapes of its tensors, which
stand in its header. Knows files; not what follows from them (`bot.models.families`).
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.models import gguf

INDEX = "model_index.json"
SAFETENSORS, GGUF = ".safetensors", ".gguf"
SINGLE_FILES = (SAFETENSORS, ".ckpt", GGUF)
FILES = (*SINGLE_FILES, ".pt", ".pth", ".bin")
"""Of models, and of what they are drawn with."""
DENOISER = "model.diffusion_model."
"""Where the denoiser lies in a file of a whole model; alone it has no such place."""
_HEADER_LIMIT = 100 << 20
ZIP = b"PK\x03\x04"
_LFS = b"version https://git-lfs"
_WEB_PAGE = re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE)

_PREDICTION = ("modelspec.prediction_type", "modelspec.predict_key")
_VELOCITY = ("v", "v_prediction")
"""What trainers and ComfyUI write under these keys beside the tensors of a model that predicts
velocity; others put an empty tensor `v_pred` among them, and so does `_header`."""

Shapes = Mapping[str, tuple[int, ...]]
"""Tensor name → shape."""


class UnfitFile(Exception):
    """A model file that cannot be read; the text completes "The file …"."""


@dataclass(frozen=True)
class Facts:
    """`kind` is the pipeline's class; the rest are its parts' configs, empty where there are none.

    `name` is what people call the model; it decides nothing but what files cannot say.
    """

    kind: str
    name: str
    pipeline: Mapping[str, Any] = field(default_factory=dict)
    denoiser: Mapping[str, Any] = field(default_factory=dict)
    vae: Mapping[str, Any] = field(default_factory=dict)
    scheduler: Mapping[str, Any] = field(default_factory=dict)


def is_single_file(source: str) -> bool:
    """True for a source that is one file rather than a folder or a hub repository."""
    return source.lower().endswith(SINGLE_FILES)


def of_folder(folder: Path) -> Facts | None:
    """Facts of a folder in diffusers' format; None where it is none."""
    index = _json(folder / INDEX)
    if not isinstance(index.get("_class_name"), str):
        return None
    return Facts(
        index["_class_name"],
        folder.name,
        index,
        _json(folder / "unet" / "config.json") or _json(folder / "transformer" / "config.json"),
        _json(folder / "vae" / "config.json"),
        _json(folder / "scheduler" / "scheduler_config.json"),
    )


def config_in(folder: Path) -> dict[str, Any]:
    """Of a part by itself in diffusers' format; empty where there is none."""
    return _json(folder / "config.json")


def _json(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def shapes_in(file: Path) -> Shapes | None:
    """The tensors of a single file; None for a pickle (`bot.models.pickles`).

    Raises UnfitFile, OSError.
    """
    with file.open("rb") as stream:
        start = stream.read(512)
    if is_gguf(file):
        check_start(start)
        return _quantised(file)
    if file.suffix.lower() == ".safetensors" or is_safetensors(start, file.stat().st_size):
        return shapes_of(file)
    check_start(start)
    if not is_pickle(start):
        raise UnfitFile("is no .ckpt file; download it again")
    if start.startswith(ZIP) and not zipfile.is_zipfile(file):
        raise UnfitFile("is cut off or damaged; download it again")
    return None


def is_gguf(file: Path) -> bool:
    """True for a file of quantised weights, which diffusers knows by its name alone."""
    return file.suffix.lower() == GGUF


def _quantised(file: Path) -> Shapes:
    size = file.stat().st_size
    try:
        header = gguf.read(file)
    except gguf.BadHeader:
        raise UnfitFile("is damaged: its header cannot be read; download it again") from None
    if header.bytes > size:
        raise UnfitFile(_cut(header.bytes, size))
    return header.shapes


def shapes_of(file: Path) -> Shapes:
    """The tensors of a .safetensors file, from its header. Raises UnfitFile, OSError."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(512)
        check_start(start)
        length = int.from_bytes(start[:8], "little")
        if size < 10 or start[8:9] != b"{" or length > min(_HEADER_LIMIT, size - 8):
            raise UnfitFile(_not_safetensors(start, length, size))
        stream.seek(8)
        header = _header(stream.read(length))
    end = max((entry["end"] for entry in header.values()), default=0)
    if 8 + length + end > size:
        raise UnfitFile(_cut(8 + length + end, size))
    return {name: entry["shape"] for name, entry in header.items()}


def _header(data: bytes) -> dict[str, Any]:
    """The shape of each tensor, and the byte behind its last; see `_VELOCITY` of one that is not
    there."""
    try:
        header = json.loads(data)
        said = header.pop("__metadata__", None) or {}
        found = {
            name: {
                "shape": tuple(int(side) for side in entry["shape"]),
                "end": int(entry["data_offsets"][1]),
            }
            for name, entry in header.items()
        }
        velocity = any(str(said.get(key, "")).lower() in _VELOCITY for key in _PREDICTION)
        if velocity and any(name.startswith(DENOISER) for name in found):
            found.setdefault("v_pred", {"shape": (), "end": 0})
        return found
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        raise UnfitFile("is damaged: its header cannot be read; download it again") from None


def check_start(start: bytes) -> None:
    """Raises UnfitFile for what is saved by mistake in a model's place, told by its first bytes."""
    if not start:
        raise UnfitFile("is empty; download it again")
    if start.startswith(_LFS):
        raise UnfitFile(
            "is only a pointer of Git LFS, not the weights: fetch them with `git lfs pull`"
        )
    if _WEB_PAGE.match(start):
        raise UnfitFile("is a web page, not a model: download it again, signed in if need be")


def is_pickle(start: bytes) -> bool:
    """True for what `torch.save` writes: a ZIP archive, or a bare pickle of old."""
    return start.startswith((ZIP, b"\x80"))


def is_safetensors(start: bytes, size: int) -> bool:
    """True for a plausible header length followed by JSON."""
    length = int.from_bytes(start[:8], "little")
    return start[8:9] == b"{" and 2 <= length <= min(_HEADER_LIMIT, max(0, size - 8))


def _not_safetensors(start: bytes, length: int, size: int) -> str:
    if is_pickle(start):
        return "is a .ckpt file under another name: let its name end with .ckpt"
    if start[8:9] == b"{" and length <= _HEADER_LIMIT:
        return _cut(8 + length, size)
    return "is no .safetensors file; download it again"


def _cut(wanted: int, size: int) -> str:
    return f"is cut off: it should have {_bytes(wanted)} and has {_bytes(size)}; download it again"


def _bytes(count: int) -> str:
    return f"{count / (1 << 20):,.1f} MiB" if count >= 1 << 20 else f"{count:,} bytes"


def is_named(path: Path) -> bool:
    """False for a name in the letters of another system, out of an old archive: no text can say
    it."""
    return readable(path.name) == path.name


def readable(name: str) -> str:
    """With a mark in place of what is no letter."""
    return os.fsencode(name).decode("utf-8", "replace")


def name_of(source: str) -> str:
    """What people call the model at `source`: the last part, without a file's suffix."""
    path = Path(source.rstrip("/" + os.sep))
    return path.stem if source.lower().endswith(FILES) else path.name
