"""What the families share that learned to flow straight from noise to picture (Liu et al. 2022,
Lipman et al. 2023): a transformer over latents, which predicts a velocity.

Imported in a worker only.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from PIL import Image

from bot.worker.families import edges
from bot.worker.families.family import Guidance, Size, takes, times_after
from bot.worker.families.latent import LatentFamily


class FlowFamily(LatentFamily):
    """`patch` is how many latents along a side the transformer sees as one."""

    multiple = 16
    patch = 2

    @property
    def denoiser(self) -> Any:
        """The transformer."""
        return self.pipeline.transformer

    @property
    def channels(self) -> int:
        """Of a cell."""
        return self.pipeline.transformer.config.in_channels

    def told(self, rows: dict[str, Any], guidance: Guidance) -> dict[str, Any]:
        """With guidance as the number that a distilled transformer is told."""
        count = len(next(iter(rows.values())))
        told = torch.as_tensor(guidance, dtype=torch.float32)
        rows["guidance"] = told.expand(count).to(self.device)
        return rows

    # The schedule

    def schedule(
        self, scheduler: Any, steps: int, size: Size, strength: float | None = None
    ) -> torch.Tensor:
        """In equal steps of noise, which the scheduler shifts by the size of the picture."""
        known = takes(type(scheduler), "set_timesteps")
        given: dict[str, Any] = {"device": "cpu"}
        if "mu" in known:
            given["mu"] = self.shift(scheduler, steps, size)
        if (levels := self.levels(steps)) and "sigmas" in known:
            given["sigmas"] = levels
        else:
            given["num_inference_steps"] = steps
        if steps == 1 and scheduler.config.get("shift_terminal"):
            scheduler.register_to_config(shift_terminal=None)  # where one level would be 0 / 0
        scheduler.set_timesteps(**given)
        skipped = 0 if strength is None else int(max(steps - min(steps * strength, steps), 0))
        return times_after(scheduler, skipped)

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

    def first(self, scheduler: Any, noise: torch.Tensor) -> torch.Tensor:
        """The noise itself."""
        return noise

    def turned(
        self, latents: torch.Tensor, size: Size, step: int, back: bool = False
    ) -> torch.Tensor:
        """The transformer knows places, and where they end."""
        return self.laid(edges.turned(self.cells(latents, size), step, back))

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
        return self.laid(super().mask(mask).repeat(1, self.channels, 1, 1))
