"""FLUX.2: dev, and klein as it is distilled and as it is not. Imported in a worker only."""

from __future__ import annotations

from typing import Any

import torch

from bot.worker.families.family import Capabilities, Guidance, Size
from bot.worker.families.flow import FlowFamily
from bot.worker.families.rows import Rows


class Flux2(FlowFamily):
    """Latents are cells of 16 × 16 pixels, normalised as the autoencoder's last layer does; words
    are three layers of a language model. Dev is told its guidance."""

    capabilities = Capabilities(negatives_above=None, inpainting=True, lora=True)
    patch = 1

    @property
    def cell(self) -> int:
        """Of two by two of the autoencoder's."""
        return 2 * self.pipeline.vae_scale_factor

    def encode(self, text: str | None, negative: bool) -> Rows:
        """(1, tokens, width)."""
        words, _ = self.pipeline.encode_prompt(text or "", device=self.device)
        return {"text": words}

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: Guidance, size: Size
    ) -> dict[str, Any]:
        """Text, and guidance as a number."""
        return self.told(super().condition(positive, negative, count, guidance, size), guidance)

    def shift(self, scheduler: Any, steps: int, size: Size) -> float | None:
        """The makers' own fit, of the number of steps as well."""
        tokens = self.tokens(size)
        many = 0.00016927 * tokens + 0.45666666
        if tokens > 4300:
            return many
        few = 8.73809524e-05 * tokens + 1.89833333
        slope = (many - few) / 190.0
        return slope * steps + (many - 200.0 * slope)

    def laid(self, cells: torch.Tensor) -> torch.Tensor:
        """A token for each cell."""
        return cells.flatten(2).permute(0, 2, 1)

    def cells(self, latents: torch.Tensor, size: Size) -> torch.Tensor:
        """The inverse."""
        width, height = (side // self.cell for side in size)
        return latents.permute(0, 2, 1).reshape(len(latents), -1, height, width)

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """Times are from 0 to 1."""
        latents = rows["latents"]
        text = rows["text"]
        times = rows["times"]
        width, height = (side // self.cell for side in size)
        words = _places(1, 1, text.shape[1], latents.device)
        cells = _places(height, width, 1, latents.device)
        return self.pipeline.transformer(
            hidden_states=latents.to(self.pipeline.transformer.dtype),
            timestep=times.to(latents.dtype) / 1000,
            guidance=rows.get("guidance"),
            encoder_hidden_states=text,
            txt_ids=words.expand(len(text), -1, -1),
            img_ids=cells.expand(len(text), -1, -1),
            return_dict=False,
        )[0]

    def scaled(self, latents: torch.Tensor) -> torch.Tensor:
        """Two by two of the autoencoder's cells as channels of one, normalised."""
        count, channels, height, width = latents.shape
        patches = latents.view(count, channels, height // 2, 2, width // 2, 2)
        patches = patches.permute(0, 1, 3, 5, 2, 4)
        cells = patches.reshape(count, 4 * channels, height // 2, width // 2)
        mean, spread = self._spread(cells)
        return (cells - mean) / spread

    def unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        """The inverse of `scaled`."""
        mean, spread = self._spread(latents)
        cells = latents * spread + mean
        count, channels, height, width = cells.shape
        patches = cells.reshape(count, channels // 4, 2, 2, height, width)
        patches = patches.permute(0, 1, 4, 2, 5, 3)
        return patches.reshape(count, channels // 4, 2 * height, 2 * width)

    def _spread(self, cells: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        vae = self.pipeline.vae
        mean = vae.bn.running_mean.view(1, -1, 1, 1)
        spread = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
        return mean.to(cells.device, cells.dtype), spread.to(cells.device, cells.dtype)


class Flux2Klein(Flux2):
    """Distilled, it needs no guidance; else it is guided against a text, an empty one if none."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        above = None if pipeline.config.is_distilled else 1.0
        self.capabilities = Capabilities(negatives_above=above, inpainting=True, lora=True)

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: Guidance, size: Size
    ) -> dict[str, Any]:
        """Text alone."""
        return FlowFamily.condition(self, positive, negative, count, guidance, size)


def _places(height: int, width: int, length: int, device: torch.device) -> torch.Tensor:
    """(tokens, 4): no time, row, column, place in a text."""
    sides = [torch.arange(side, device=device) for side in (1, height, width, length)]
    return torch.cartesian_prod(*sides)
