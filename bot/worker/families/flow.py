"""What the families share that learned to flow straight from noise to picture (Liu et al. 2022,
Lipman et al. 2023): a transformer over latents, which predicts a velocity.

Imported in a worker only.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from bot.worker.families.family import Capabilities, Size, classifier_free, light, random, sampled
from bot.worker.families.rows import Rows, doubled


class FlowFamily:
    """A family over the parts of a pipeline, which are looked up when they are used.

    `multiple` is what sides are divisible by, `patch` how many latents along a side the transformer
    sees as one.
    """

    capabilities = Capabilities(inpainting=True, lora=True)
    repairs = False
    multiple = 16
    patch = 2

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    @classmethod
    def knows(cls, pipeline: Any) -> bool:
        """Whether a pipeline of a class of this family has the parts that are known here."""
        return True

    @property
    def cell(self) -> int:
        """By the autoencoder's levels."""
        return self.pipeline.vae_scale_factor

    @property
    def device(self) -> torch.device:
        """Where it draws, whatever rests elsewhere."""
        return self.pipeline._execution_device

    @property
    def dtype(self) -> torch.dtype:
        """What latents are made of."""
        return self.pipeline.transformer.dtype

    def check(self, size: Size) -> None:
        """Raises ValueError."""
        if any(side % self.multiple for side in size):
            raise ValueError(
                f"Width and height have to be divisible by {self.multiple}, but are {size[0]} and "
                f"{size[1]}"
            )

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: float, size: Size
    ) -> dict[str, Any]:
        """Text of both halves."""
        return doubled(positive, negative, count)

    def told(self, rows: dict[str, Any], guidance: float) -> dict[str, Any]:
        """With guidance as the number that a distilled transformer is told."""
        count = len(next(iter(rows.values())))
        rows["guidance"] = torch.full((count,), guidance, device=self.device, dtype=torch.float32)
        return rows

    # The schedule

    def schedule(
        self, scheduler: Any, steps: int, size: Size, strength: float | None = None
    ) -> torch.Tensor:
        """In equal steps of noise, which the scheduler shifts by the size of the picture."""
        known = inspect.signature(scheduler.set_timesteps).parameters
        given: dict[str, Any] = {"device": "cpu"}
        if "mu" in known:
            given["mu"] = self.shift(scheduler, steps, size)
        if (levels := self.levels(steps)) and "sigmas" in known:
            given["sigmas"] = levels
        else:
            given["num_inference_steps"] = steps
        scheduler.set_timesteps(**given)
        skipped = 0 if strength is None else int(max(steps - min(steps * strength, steps), 0))
        begin = skipped * scheduler.order
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(begin)
        return scheduler.timesteps[begin:]

    def levels(self, steps: int) -> list[float] | None:
        """Of noise at each step before they are shifted; None where the scheduler knows better."""
        return [1.0 + (1 / steps - 1.0) * step / max(1, steps - 1) for step in range(steps)]

    def tokens(self, size: Size) -> int:
        """How many the transformer sees of a picture."""
        return math.prod(side // self.cell // self.patch for side in size)

    def shift(self, scheduler: Any, steps: int, size: Size) -> float | None:
        """The logarithm of how much longer it stays where noise is strong (Esser et al. 2024, 5.3),
        a line through what the scheduler's config says of two sizes."""
        config = scheduler.config
        less, more = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
        low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
        slope = (high - low) / (more - less)
        return self.tokens(size) * slope + (low - slope * less)

    # Latents

    def laid(self, cells: torch.Tensor) -> torch.Tensor:
        """Latents as the transformer takes them, of (n, channels, height, width)."""
        return cells

    def cells(self, latents: torch.Tensor, size: Size) -> torch.Tensor:
        """The inverse of `laid`."""
        return latents

    @property
    def channels(self) -> int:
        """Of a cell."""
        return self.pipeline.transformer.config.in_channels

    def gaussian(self, size: Size, generators: Sequence[torch.Generator]) -> torch.Tensor:
        """Laid out as the transformer takes it."""
        width, height = (side // self.cell for side in size)
        shape = self.channels, height, width
        return self.laid(random(shape, generators, self.device, self.dtype))

    def first(self, scheduler: Any, noise: torch.Tensor) -> torch.Tensor:
        """The noise itself."""
        return noise

    def encoded(self, image: Image.Image, generators: Sequence[torch.Generator]) -> torch.Tensor:
        """Encoded once, sampled for each generator."""
        pixels = self.pipeline.image_processor.preprocess(image)
        return self.laid(self.encoded_pixels(pixels, generators))

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
        """From what the autoencoder makes to what the transformer knows."""
        config = self.pipeline.vae.config
        return (latents - config.shift_factor) * config.scaling_factor

    def unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        """The inverse of `scaled`."""
        config = self.pipeline.vae.config
        return latents / config.scaling_factor + config.shift_factor

    def mixed(
        self, scheduler: Any, clean: torch.Tensor, noise: torch.Tensor, time: torch.Tensor
    ) -> torch.Tensor:
        """On the straight line between them."""
        times = time.repeat(len(clean))
        if hasattr(scheduler, "scale_noise"):
            return scheduler.scale_noise(clean, times, noise)
        return scheduler.add_noise(clean, noise, times)

    def mask(self, mask: Image.Image) -> torch.Tensor:
        """The same for every channel of a cell."""
        width, height = (side // self.cell for side in mask.size)
        cells = torch.nn.functional.interpolate(light(mask), size=(height, width))
        return self.laid(cells.to(self.device, self.dtype).repeat(1, self.channels, 1, 1))

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
        self, negative: torch.Tensor, positive: torch.Tensor, guidance: float, rescale: float
    ) -> torch.Tensor:
        """As the pipelines do."""
        return classifier_free(negative, positive, guidance, rescale)

    def decode(self, latents: torch.Tensor, size: Size) -> torch.Tensor:
        """By the autoencoder."""
        vae = self.pipeline.vae
        cells = self.cells(latents, size).to(vae.dtype)
        return vae.decode(self.unscaled(cells), return_dict=False)[0]


def packed(cells: torch.Tensor) -> torch.Tensor:
    """Tokens (n, tokens, 4 × channels), each of 2 × 2 cells."""
    count, channels, height, width = cells.shape
    patches = cells.view(count, channels, height // 2, 2, width // 2, 2)
    return patches.permute(0, 2, 4, 1, 3, 5).reshape(count, -1, 4 * channels)


def unpacked(tokens: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """The inverse of `packed`, for so many cells along each side."""
    count, _, channels = tokens.shape
    patches = tokens.view(count, height // 2, width // 2, channels // 4, 2, 2)
    return patches.permute(0, 3, 1, 4, 2, 5).reshape(count, channels // 4, height, width)
