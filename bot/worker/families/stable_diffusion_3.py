"""Stable Diffusion 3 and 3.5 (Esser et al. 2024). Imported in a worker only."""

from __future__ import annotations

from typing import Any

import torch

from bot.worker.families.family import Capabilities, Size
from bot.worker.families.flow import FlowFamily
from bot.worker.families.rows import Rows


class StableDiffusion3(FlowFamily):
    """Two CLIP encoders and T5, which may be missing; the transformer is told pooled text, too."""

    capabilities = Capabilities(inpainting=True, lora=True, steers=True)

    def encode(self, text: str | None, negative: bool) -> Rows:
        """(1, tokens, width) and pooled (1, width)."""
        embeddings, _, pooled, _ = self.pipeline.encode_prompt(
            text or "", None, None, device=self.device, do_classifier_free_guidance=False
        )
        return {"text": embeddings, "pooled": pooled}

    def levels(self, steps: int) -> list[float] | None:
        """The scheduler's own."""
        return None

    def shift(self, scheduler: Any, steps: int, size: Size) -> float | None:
        """Most have the same for all sizes, in the scheduler's config."""
        if not scheduler.config.get("use_dynamic_shifting"):
            return None
        return super().shift(scheduler, steps, size)

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """Times are from 0 to 1000."""
        return self.pipeline.transformer(
            hidden_states=rows["latents"],
            timestep=rows["times"],
            encoder_hidden_states=rows["text"],
            pooled_projections=rows["pooled"],
            return_dict=False,
        )[0]
