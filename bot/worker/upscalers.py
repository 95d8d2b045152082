"""Networks that make pictures larger: ESRGAN and its kin, as spandrel knows them.

They lie among the models, as .safetensors or as the pickle that their makers published, of which
the weights alone are read. Imported in a worker only.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from bot.domain.errors import RenderFailed
from bot.models import addons
from bot.models.addons import Addon
from bot.models.cards import ModelCard
from bot.models.facts import UnfitFile
from bot.worker import capacity, checkpoint, failures
from bot.worker.library import Library
from bot.worker.tiles import Tiling

log = logging.getLogger(__name__)

SIDE, OVERLAP = 256, 32
"""Pixels of a piece that is made larger at once, and what it shares with the next one."""
_SMALLEST = 64
_UNKNOWN = "is no network that upscales, as far as spandrel knows"


class Upscaler:
    """One network on a device. `scale` is how many times as long it makes sides."""

    def __init__(self, name: str, network: Any, device: torch.device) -> None:
        self.name = name
        self.scale: int = network.scale
        half = device.type == "cuda" and network.supports_half
        self._dtype = torch.float16 if half else torch.float32
        self._network = network.to(device, self._dtype).eval()

    def __str__(self) -> str:
        return f"upscaled by {self.name} ({self._network.architecture.name})"

    def __call__(self, piece: Image.Image) -> Image.Image:
        """A piece `scale` times as large; where memory is short, of smaller ones. Raises
        RenderFailed."""
        try:
            with failures.told():
                return self._enlarged(piece)
        except RenderFailed as failure:
            if failure.code != "out_of_memory" or max(piece.size) <= _SMALLEST:
                raise
        capacity.release()
        tiling = Tiling.of(piece.size, max(_SMALLEST, max(piece.size) // 2), OVERLAP)
        whole = Image.new("RGB", (piece.width * self.scale, piece.height * self.scale))
        for place, there in zip(tiling, tiling.times(self.scale), strict=True):
            tiling.times(self.scale).put(whole, there, self(tiling.cut(piece, place)))
        return whole

    @torch.no_grad()
    def _enlarged(self, piece: Image.Image) -> Image.Image:
        given = torch.from_numpy(np.array(piece)).movedim(-1, 0)[None]
        made = self._network((given.float() / 255).to(self._network.device, self._dtype))
        pixels = (made[0].float().movedim(0, -1) * 255).round().to(torch.uint8)
        return Image.fromarray(pixels.cpu().numpy())


class Upscalers:
    """The network for a model: what lies there is looked through, and the network is opened, once
    and again when files there have changed."""

    def __init__(self, library: Library, device: torch.device) -> None:
        self._library = library
        self._device = device
        self._stamp: tuple[object, ...] = ()
        self._network: Upscaler | None = None

    def of(self, card: ModelCard) -> Upscaler | None:
        """None where there is none that can be used."""
        stamp = self._library.stamp(card)
        if stamp != self._stamp:
            self._network = None  # before another one takes memory
            self._network = first(self._library.addons(card), self._device)
            self._stamp = stamp
        return self._network


def first(found: Iterable[Addon], device: torch.device) -> Upscaler | None:
    """The first that can be used; why others cannot is logged."""
    for one in found:
        if one.kind != addons.UPSCALER:
            continue
        try:
            return opened(one.path, device)
        except (UnfitFile, OSError) as error:
            log.warning("%s %s; it is not used.", one.path.name, error)
    return None


def opened(file: Path, device: torch.device) -> Upscaler:
    """Raises UnfitFile, whose text completes the file's name, and OSError."""
    spandrel = library()
    try:
        network = spandrel.MAIN_REGISTRY.load(checkpoint.nested(file))
    except spandrel.UnsupportedModelError:
        raise UnfitFile(_UNKNOWN) from None
    except (UnfitFile, OSError):
        raise
    except Exception as error:  # whatever its hundred architectures think of strange numbers
        raise UnfitFile("lacks some of its weights, or is of a kind that is not known") from error
    fits = isinstance(network, spandrel.ImageModelDescriptor) and network.purpose == "SR"
    if not fits or network.scale < 2:
        raise UnfitFile(_UNKNOWN)
    if (network.input_channels, network.output_channels) != (3, 3):
        raise UnfitFile("is for pictures that are not in colour")
    return Upscaler(file.stem, network, device)


def library() -> Any:
    """spandrel. Raises UnfitFile where it is not installed."""
    with _without_torchvision():
        try:
            import spandrel
        except ImportError:
            raise UnfitFile(
                "needs spandrel, which is not installed: pip install --no-deps spandrel einops"
            ) from None
    return spandrel


class _Absent(types.ModuleType):
    """Has whatever is imported from it, and nothing of it does anything."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


@contextlib.contextmanager
def _without_torchvision() -> Iterator[None]:
    """spandrel imports a few functions of it for two architectures that upscale nothing. PyPI has
    torchvision for the CUDA build of torch only: beside another one it cannot be imported, nor can
    transformers then, which looks for it. So it is not installed with spandrel."""
    names = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    missing = [name for name in names if name not in sys.modules]
    sys.modules.update({name: _Absent(name) for name in missing})
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]
