"""What was decoded, as whole numbers on their way from a card. Imported in a worker only."""

from __future__ import annotations

import torch
from PIL import Image

from bot.worker.precision import NotFinite


class Pixels:
    """Of pictures (n, 3, height, width) from -1 to 1. On a card everything is only begun: it is
    there when `images` is asked for it."""

    def __init__(self, decoded: torch.Tensor) -> None:
        shares = (decoded * 0.5 + 0.5).clamp(0, 1).movedim(1, -1).float()
        pixels = (shares * 255).round().to(torch.uint8)
        # Without a spark of light it is no picture: no model draws that.
        good = decoded.isfinite().flatten(1).all(1) & (pixels.flatten(1).amax(1) > 0)
        self._good, self._pixels = _fetched(good), _fetched(pixels)
        self._there = None
        if decoded.device.type == "cuda":
            self._there = torch.cuda.Event()
            self._there.record()

    def images(self) -> list[Image.Image]:
        """Waits for them. Raises NotFinite for what is no picture."""
        if self._there is not None:
            self._there.synchronize()
        if not self._good.all():
            raise NotFinite
        return [Image.fromarray(one) for one in self._pixels.numpy()]


def _fetched(tensor: torch.Tensor) -> torch.Tensor:
    """On the CPU; from a card into memory that it can write while nobody waits."""
    if tensor.device.type != "cuda":
        return tensor.cpu()
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor, non_blocking=True)
