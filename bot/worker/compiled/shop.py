"""Where a worker compiles, and what it keeps there. Imported in a worker only.

Compiled code is kept in the folder for its version of torch, and there in that of its card, where
every process that is pointed to it finds it; a mark beside it says which calls have been through
there.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

INDUCTOR = "inductor"
_LEAST = (7, 0)
"""The compute capability that Triton asks for."""
_FORMAT = 1
"""Grows when the same call is to be compiled in another way."""
_CACHE = "TORCHINDUCTOR_CACHE_DIR"
_HOPPER = (9, 0)
_ATTENTION = [
    SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
]  # fmt: skip
"""On Hopper cuDNN's takes half of flash attention's time."""
_LASTING = contextlib.ExitStack()
"""What holds as long as the process."""


@dataclass(frozen=True)
class Shop:
    """`backend` is one of torch.compile's."""

    folder: Path
    device: torch.device
    backend: str = INDUCTOR

    def is_made(self, order: Mapping[str, Any]) -> bool:
        """Whether the code of an order is in the folder."""
        return self._mark(order).exists()

    def mark(self, order: Mapping[str, Any]) -> None:
        """It is from now on. Raises OSError."""
        self._mark(order).parent.mkdir(parents=True, exist_ok=True)
        self._mark(order).touch()

    def _mark(self, order: Mapping[str, Any]) -> Path:
        said = json.dumps([order, self.backend, str(self.device)], sort_keys=True)
        return self._here / "made" / hashlib.blake2b(said.encode(), digest_size=12).hexdigest()

    def use(self) -> None:
        """Have this process keep what it compiles here, and find what others did; an operator's own
        place wins. What other versions left is deleted."""
        os.environ.setdefault(_CACHE, str(self._here))
        if self.device.type == "cuda" and torch.cuda.get_device_capability(self.device) >= _HOPPER:
            _LASTING.enter_context(sdpa_kernel(_ATTENTION, set_priority=True))
        if self.folder.is_dir():
            for left in self.folder.glob("for-*"):
                if left != self._version:
                    shutil.rmtree(left, ignore_errors=True)

    @property
    def _here(self) -> Path:
        """Of this card. A bot may have workers on several kinds of cards."""
        card = "" if self.device.type != "cuda" else torch.cuda.get_device_name(self.device)
        return self._version / f"card-{_short(card)}"

    @property
    def _version(self) -> Path:
        said = f"{_FORMAT} {torch.__version__} {_version('triton')} {_version('diffusers')}"
        return self.folder / f"for-{_short(said)}"


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _version(package: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def shop_of(folder: str, device: torch.device, backend: str = INDUCTOR) -> Shop | None:
    """None where networks are drawn with as they are: unasked, or on a device that Triton, which
    writes the code, does not know."""
    if not folder or not (backend != INDUCTOR or _able(device)):
        return None
    return Shop(Path(folder), device, backend)


def _able(device: torch.device) -> bool:
    if device.type != "cuda" or importlib.util.find_spec("triton") is None:
        return False
    return torch.cuda.get_device_capability(device) >= _LEAST
