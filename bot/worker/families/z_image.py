"""Z-Image, base and Turbo. Imported in a worker only."""

from __future__ import annotations

import functools

import torch

from bot.worker.families.family import Capabilities, Guidance, Size
from bot.worker.families.flow import FlowFamily
from bot.worker.families.rows import Rows


class ZImage(FlowFamily):
    """Text of any length by Qwen3; the transformer takes lists of any shapes, and counts time from
    noise to picture."""

    capabilities = Capabilities(negatives_above=0.0, inpainting=True, lora=True)

    @functools.cached_property
    def dtype(self) -> torch.dtype:
        """Latents stay in float32, whatever the transformer computes in."""
        return torch.float32

    @property
    def channels(self) -> int:
        """Of a cell."""
        return self.pipeline.transformer.in_channels

    def encode(self, text: str | None, negative: bool) -> Rows:
        """[(tokens, width)]."""
        words, _ = self.pipeline.encode_prompt(
            [text or ""], device=self.device, do_classifier_free_guidance=False
        )
        return {"text": words}

    def levels(self, steps: int) -> list[float] | None:
        """In equal steps, as single precision has them."""
        return torch.linspace(1.0, 1 / steps, steps).tolist()

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """Times are from 0 to 1."""
        latents = rows["latents"]
        times = rows["times"]
        given = latents.to(self.pipeline.transformer.dtype)[:, :, None]
        predicted = self.pipeline.transformer(
            list(given.unbind()), (1000 - times) / 1000, rows["text"], return_dict=False
        )[0]
        return -torch.stack([each.float() for each in predicted])[:, :, 0]

    def guide(
        self, negative: torch.Tensor, positive: torch.Tensor, guidance: Guidance, rescale: float
    ) -> torch.Tensor:
        """Without guidance it is 0."""
        return positive + guidance * (positive - negative)
