"""Families that draw in the shapes which they were trained with: of those, the one whose sides are
most alike, cut to what was asked for. Imported in a worker only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image

from bot.worker.families.family import Size
from bot.worker.families.flow import FlowFamily


def _shapes(side: int) -> Mapping[str, Sequence[float]]:
    """Height and width by their ratio, of models that were trained at squares of `side`; none for
    others."""
    from diffusers.pipelines.pixart_alpha import pipeline_pixart_alpha as alpha
    from diffusers.pipelines.pixart_alpha import pipeline_pixart_sigma as sigma
    from diffusers.pipelines.sana import pipeline_sana as sana

    by_side = {
        256: alpha.ASPECT_RATIO_256_BIN,
        512: alpha.ASPECT_RATIO_512_BIN,
        1024: alpha.ASPECT_RATIO_1024_BIN,
        2048: sigma.ASPECT_RATIO_2048_BIN,
        4096: sana.ASPECT_RATIO_4096_BIN,
    }
    return by_side.get(side, {})


class BinnedFamily(FlowFamily):
    """`shaped` says the size of the latents of a picture."""

    patch = 1

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self._shapes = _shapes(pipeline.transformer.config.sample_size * self.cell)

    def shaped(self, size: Size) -> Size:
        """In pixels; the size itself of models that were trained at none of the usual ones."""
        if not self._shapes:
            return size
        width, height = size
        nearest = min(self._shapes, key=lambda ratio: abs(float(ratio) - height / width))
        tall, wide = self._shapes[nearest]
        return int(wide), int(tall)

    def check(self, size: Size) -> None:
        """Raises ValueError."""
        super().check(self.shaped(size))

    def levels(self, steps: int) -> list[float] | None:
        """The scheduler's own."""
        return None

    def shift(self, scheduler: Any, steps: int, size: Size) -> float | None:
        """The scheduler's own."""
        return None

    def gaussian(self, size: Size, generators: Sequence[torch.Generator]) -> torch.Tensor:
        """Of the shape."""
        return super().gaussian(self.shaped(size), generators)

    def encoded(self, image: Image.Image, generators: Sequence[torch.Generator]) -> torch.Tensor:
        """Drawn out to the shape."""
        fitted = image.resize(self.shaped(image.size), Image.Resampling.LANCZOS)
        return super().encoded(fitted, generators)

    def mask(self, mask: Image.Image) -> torch.Tensor:
        """Drawn out to the shape."""
        return super().mask(mask.resize(self.shaped(mask.size), Image.Resampling.LANCZOS))

    def decode(
        self, latents: torch.Tensor, size: Size, closed: bool = False, whole: bool = False
    ) -> torch.Tensor:
        """Cut to the size that was asked for; a whole, or closed edges, are drawn out to it."""
        decoded = super().decode(latents, size, closed)
        if closed or whole:
            return torch.nn.functional.interpolate(decoded, size[::-1], mode="bilinear")
        return self.pipeline.image_processor.resize_and_crop_tensor(decoded, *size)
