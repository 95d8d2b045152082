"""Reading the weights of a single file: .safetensors, or .ckpt without running what it holds, or
only the header of a .gguf, which diffusers reads.

A .ckpt is a pickle, which can name any function to be called. Tensors are read by torch's own
restricted reader; every other name becomes an inert stub, so nothing is imported or called.
Imported in a worker only.
"""

from __future__ import annotations

import contextlib
import pickle
import pickletools
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from bot.models import embeddings, facts
from bot.models.facts import Shapes, UnfitFile


class Weights(dict[str, torch.Tensor]):
    """Tensors by name that are also the path of their file: diffusers asks for one or the other.

    `later` are the shapes that its header tells, of tensors that diffusers itself is to read, too.
    """

    def __init__(
        self, tensors: Mapping[str, torch.Tensor], file: Path, later: Shapes | None = None
    ) -> None:
        super().__init__(tensors)
        self._file = file
        self._later = dict(later or {})

    def __fspath__(self) -> str:
        return str(self._file)

    @property
    def shapes(self) -> Shapes:
        """Tensor name → shape."""
        return self._later | {name: tuple(tensor.shape) for name, tensor in self.items()}


class _Inert:
    """Stands for whatever a pickle names: it takes everything and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def __hash__(self) -> int:
        return id(self)


class _Parameters(dict[str, Any]):
    """Stands for torch's own table of parameters."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.update(state.get("_parameters", {}))


_STUBS = {"torch.nn.modules.container.ParameterDict": _Parameters}


def read(file: Path) -> Weights:
    """The weights in a file. Raises UnfitFile, whose text completes "The file …"; OSError."""
    shapes = facts.shapes_in(file)
    if facts.is_gguf(file):
        return Weights({}, file, shapes)
    if shapes is not None:
        return Weights(load_file(file), file, shapes)
    return Weights(_tensors(_unpickled(file)), file)


def nested(file: Path) -> dict[str, Any]:
    """The same as it lies in the file, where tensors may be in tables of tables. Raises as `read`
    does."""
    with file.open("rb") as stream:
        start = stream.read(512)
    if facts.is_safetensors(start, file.stat().st_size):
        return dict(read(file))
    facts.check_start(start)
    found = _unpickled(file)
    if not isinstance(found, dict):
        raise UnfitFile("holds no weights by name")
    return found


def _unpickled(file: Path) -> Any:
    try:
        with torch.serialization.safe_globals(
            [(_STUBS.get(name, _Inert), name) for name in _foreign(file)]
        ):
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        name = str(error).partition("GLOBAL ")[2].split(" ", 1)[0] or "program code"
        raise UnfitFile(
            f"holds more than weights ({name}), which is not run: convert it to .safetensors, or "
            "take it from another source"
        ) from error
    except (EOFError, RuntimeError, ValueError) as error:
        if "memory" in str(error).lower():
            raise
        raise UnfitFile("is cut off or damaged; download it again") from error


def _foreign(file: Path) -> Collection[str]:
    """What the pickle names besides tensors; read from its opcodes, without running them."""
    try:
        return torch.serialization.get_unsafe_globals_in_checkpoint(file)
    except ValueError:  # no archive of weights
        return _named(file)


def _named(file: Path) -> set[str]:
    """What a bare pickle of old names, tensors too: three that tell how it was written come before
    the one with the weights."""
    names: set[str] = set()
    with file.open("rb") as stream, contextlib.suppress(ValueError):
        for _ in range(4):
            for code, name, _ in pickletools.genops(stream):
                if code.name == "GLOBAL":
                    names.add(str(name).replace(" ", "."))
    return names


def _tensors(read: Any) -> dict[str, torch.Tensor]:
    while isinstance(read, dict) and isinstance(read.get("state_dict"), dict):
        read = read["state_dict"]
    if not isinstance(read, dict):
        raise UnfitFile("holds no weights by name")
    held = embeddings.plain(read)
    tensors = {name: value for name, value in held.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise UnfitFile("holds no weights")
    return tensors
