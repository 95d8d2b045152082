"""What all families share that draw in the latents of an autoencoder (Rombach et al. 2022).

Imported in a worker only.
"""

from __future__ import annotations

import contextlib
import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from bot.worker.families import edges
from bot.worker.families.family import (
    Capabilities,
    Guidance,
    Size,
    classifier_free,
    light,
    random,
    sampled,
)
from bot.worker.families.rows import Rows, doubled


class LatentFamily(ABC):
    """A family over the parts of a pipeline, which are looked up when they are used: whoever
    replaces a part is heard. `multiple` is what sides are divisible by."""

    capabilities = Capabilities(inpainting=True, lora=True)
    repairs = False
    multiple = 8

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    @classmethod
    def knows(cls, pipeline: Any) -> bool:
        """Whether a pipeline of a class of this family has the parts that are known here."""
        return True

    @property
    @abstractmethod
    def denoiser(self) -> Any:
        """The network that makes the steps."""

    @property
    @abstractmethod
    def channels(self) -> int:
        """Of a cell."""

    @property
    def cell(self) -> int:
        """By the autoencoder's levels."""
        return self.pipeline.vae_scale_factor

    @functools.cached_property
    def device(self) -> torch.device:
        """Where it draws, whatever rests elsewhere. Asked once: every module is looked at for it,
        several times over."""
        return self.pipeline._execution_device

    @functools.cached_property
    def dtype(self) -> torch.dtype:
        """What latents are made of, however the weights are kept."""
        return self.denoiser.dtype

    def check(self, size: Size) -> None:
        """Raises ValueError."""
        if any(side % self.multiple for side in size):
            raise ValueError(
                f"Width and height have to be divisible by {self.multiple}, but are {size[0]} and "
                f"{size[1]}"
            )

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: Guidance, size: Size
    ) -> dict[str, Any]:
        """Text of both halves."""
        return doubled(positive, negative, count)

    # Latents

    def laid(self, cells: torch.Tensor) -> torch.Tensor:
        """Latents as the denoiser takes them, of (n, channels, height, width)."""
        return cells

    def cells(self, latents: torch.Tensor, size: Size) -> torch.Tensor:
        """The inverse of `laid`."""
        return latents

    def gaussian(self, size: Size, generators: Sequence[torch.Generator]) -> torch.Tensor:
        """Laid out as the denoiser takes it."""
        width, height = (side // self.cell for side in size)
        shape = self.channels, height, width
        return self.laid(random(shape, generators, self.device, self.dtype))

    def turned(
        self, latents: torch.Tensor, size: Size, step: int, back: bool = False
    ) -> torch.Tensor:
        """As they are: who convolves knows no places."""
        return latents

    def encoded(self, image: Image.Image, generators: Sequence[torch.Generator]) -> torch.Tensor:
        """Encoded once, sampled for each generator."""
        pixels = self.pipeline.image_processor.preprocess(image)
        return self.laid(self.encoded_pixels(pixels, generators))

    def looking(self, closed: bool) -> contextlib.AbstractContextManager[Any]:
        """One that cuts pictures would close each piece: it sees open edges, which steps close."""
        return edges.around(closed and not self.by_pieces)

    def encoded_pixels(
        self, pixels: torch.Tensor, generators: Sequence[torch.Generator]
    ) -> torch.Tensor:
        """Cells of pixels (1, 3, height, width) from -1 to 1."""
        vae = self.pipeline.vae
        given = pixels.to(self.device, vae.dtype)
        return self.scaled(sampled(vae.encode(given), generators)).to(self.dtype)

    def seen(self, pixels: torch.Tensor) -> torch.Tensor:
        """As it is encoded."""
        return self.encoded_pixels(pixels, [torch.Generator("cpu").manual_seed(0)])

    def scaled(self, latents: torch.Tensor) -> torch.Tensor:
        """From what the autoencoder makes to what the denoiser knows."""
        config = self.pipeline.vae.config
        return (latents - (config.get("shift_factor") or 0.0)) * config.scaling_factor

    def unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        """The inverse of `scaled`."""
        config = self.pipeline.vae.config
        return latents / config.scaling_factor + (config.get("shift_factor") or 0.0)

    def taught(self, latents: torch.Tensor) -> torch.Tensor:
        """As they are."""
        return latents

    def mask(self, mask: Image.Image) -> torch.Tensor:
        """(1, 1, height, width): what the middle of a cell's pixels says is its."""
        width, height = (side // self.cell for side in mask.size)
        cells = torch.nn.functional.interpolate(light(mask), size=(height, width))
        return cells.to(self.device, self.dtype)

    def beside(
        self,
        image: Image.Image | None,
        mask: Image.Image | None,
        size: Size,
        generators: Sequence[torch.Generator],
    ) -> torch.Tensor | None:
        """Nothing."""
        return None

    # Guidance and the end

    def guide(
        self, negative: torch.Tensor, positive: torch.Tensor, guidance: Guidance, rescale: float
    ) -> torch.Tensor:
        """As the pipelines do."""
        return classifier_free(negative, positive, guidance, rescale)

    def decode(
        self, latents: torch.Tensor, size: Size, closed: bool = False, whole: bool = False
    ) -> torch.Tensor:
        """By the autoencoder."""
        cells = self.cells(latents, size)
        if closed:
            return edges.decoded(self.decoded, cells, self.cell, self.by_pieces)
        return self.decoded(cells)

    def decoded(self, cells: torch.Tensor) -> torch.Tensor:
        """Pictures of cells."""
        vae = self.pipeline.vae
        return vae.decode(self.unscaled(cells.to(vae.dtype)), return_dict=False)[0]

    @property
    def by_pieces(self) -> bool:
        """Whether the autoencoder cuts what is large."""
        return getattr(self.pipeline.vae, "use_tiling", False)
