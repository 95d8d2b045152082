"""What the families with a U-Net in latent space share: Rombach et al. 2022, and its kin.

The denoiser takes a time for each sample, from 0 to 1000, and predicts noise, velocity or the
picture: which of them, the scheduler knows. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from bot.worker.families.family import (
    Capabilities,
    Guidance,
    Size,
    light,
    sampled,
    steps_within,
    times_after,
)
from bot.worker.families.latent import LatentFamily
from bot.worker.families.rows import Rows

_REPAIRING = 9
"""Channels that a U-Net takes which was trained to repair pictures: latents, mask, picture."""
_WARMING = 4
"""Steps that PLMS wants where it begins by Runge and Kutta's."""
_KNOWN = frozenset({"latents", "times", "text", "guidance", "beside"})
"""The rows that a U-Net takes by its own arguments; others go to it as added conditions."""


class UNetFamily(LatentFamily):
    """It repairs pictures, or is told its guidance, where the U-Net was trained so."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        # A distilled U-Net has learned guidance: it is told by an embedding how much of it.
        self._told = pipeline.unet.config.time_cond_proj_dim is not None
        self.repairs = pipeline.unet.config.in_channels == _REPAIRING
        self.capabilities = Capabilities(
            negatives_above=None if self._told else 1.0,
            inpainting=True,
            lora=True,
            ip_adapter=True,
            steers=True,
            locates=True,
        )

    @classmethod
    def knows(cls, pipeline: Any) -> bool:
        """Whether a pipeline of a class of this family has the parts that are known here."""
        config = getattr(pipeline.unet, "config", {})
        return config.get("class_embed_type") is None and config.get("in_channels") in (
            4,
            _REPAIRING,
        )

    @property
    def denoiser(self) -> Any:
        """The U-Net."""
        return self.pipeline.unet

    @property
    def channels(self) -> int:
        """Of a cell; one that repairs pictures takes more than it gives."""
        return self.pipeline.unet.config.out_channels

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: Guidance, size: Size
    ) -> dict[str, Any]:
        """Text of both halves, and guidance as an embedding where the U-Net asks for it."""
        rows = super().condition(positive, negative, count, guidance, size)
        if self._told:
            told = torch.as_tensor(guidance - 1).expand(count)
            width = self.pipeline.unet.config.time_cond_proj_dim
            embedding = self.pipeline.get_guidance_scale_embedding(told, embedding_dim=width)
            rows["guidance"] = embedding.to(self.device, self.dtype)
        return rows

    def schedule(
        self, scheduler: Any, steps: int, size: Size, strength: float | None = None
    ) -> torch.Tensor:
        """Raises ValueError where the scheduler cannot take so few steps; of a start from a picture
        one is left at least."""
        steps = steps_within(scheduler, steps)
        if hasattr(scheduler, "prk_timesteps") and not scheduler.config.skip_prk_steps:
            steps = max(steps, _WARMING)
        # On the CPU: schedulers look times up in tables, and a card would be waited for each time.
        scheduler.set_timesteps(steps, device="cpu")
        if strength is None:
            return scheduler.timesteps
        return times_after(scheduler, steps - min(max(1, int(steps * strength)), steps))

    def first(self, scheduler: Any, noise: torch.Tensor) -> torch.Tensor:
        """Noise at the scheduler's first level."""
        return noise * scheduler.init_noise_sigma

    def encoded_pixels(
        self, pixels: torch.Tensor, generators: Sequence[torch.Generator]
    ) -> torch.Tensor:
        """Of pixels (1, 3, height, width) from -1 to 1."""
        vae = self.pipeline.vae
        latents = sampled(vae.encode(pixels.to(self.device, vae.dtype)), generators)
        return self.scaled(latents.to(self.dtype))

    def mixed(
        self, scheduler: Any, clean: torch.Tensor, noise: torch.Tensor, time: torch.Tensor
    ) -> torch.Tensor:
        """As the scheduler adds noise."""
        return scheduler.add_noise(clean, noise, time.repeat(len(clean)))

    def beside(
        self,
        image: Image.Image | None,
        mask: Image.Image | None,
        size: Size,
        generators: Sequence[torch.Generator],
    ) -> torch.Tensor | None:
        """Mask and picture without what it covers, which is grey (Rombach et al. 2022, 4.5); from
        words the mask covers everything."""
        if not self.repairs:
            return None
        covering = mask or Image.new("L", size, 255)
        picture = self.pipeline.image_processor.preprocess(image or Image.new("RGB", size))
        seen = self.encoded_pixels(picture * (1 - light(covering)), generators)
        return torch.cat([self.mask(covering).expand(len(seen), -1, -1, -1), seen], 1)

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """One forward of the U-Net."""
        added = {name: row for name, row in rows.items() if name not in _KNOWN}
        latents = rows["latents"]
        if "beside" in rows:
            latents = torch.cat([latents, rows["beside"]], 1)
        return self.pipeline.unet(
            latents,
            rows["times"],
            encoder_hidden_states=rows["text"],
            timestep_cond=rows.get("guidance"),
            added_cond_kwargs=added or None,
            return_dict=False,
        )[0]
