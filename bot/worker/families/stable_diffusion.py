"""Stable Diffusion 1 and 2 (noise or velocity), SD-Turbo, and models distilled from them by latent
consistency. Imported in a worker only."""

from __future__ import annotations

from typing import Any

import torch

from bot.worker.families.family import Size, steps_within
from bot.worker.families.long_texts import pieces
from bot.worker.families.rows import Rows
from bot.worker.families.unet import UNetFamily


class StableDiffusion(UNetFamily):
    """One CLIP encoder; the U-Net attends to its last hidden states."""

    def encode(self, text: str | None, negative: bool) -> Rows:
        """(1, tokens, width), more tokens for a long text; no text is an empty one."""
        read = [
            self.pipeline.encode_prompt(piece, self.device, 1, False)[0]
            for piece in pieces(self.pipeline, text or "")
        ]
        return {"text": torch.cat(read, 1)}


class LatentConsistency(StableDiffusion):
    """Chooses among the steps that it was distilled to."""

    def schedule(
        self, scheduler: Any, steps: int, size: Size, strength: float | None = None
    ) -> torch.Tensor:
        """Its own sampler knows how many of them a strength leaves."""
        if type(scheduler).__name__ == "LCMScheduler" and strength is not None:
            strength = max(strength, 1.01 / scheduler.config.original_inference_steps)
            steps = steps_within(scheduler, steps, strength)
            scheduler.set_timesteps(steps, device="cpu", strength=strength)
            return scheduler.timesteps
        return super().schedule(scheduler, steps, size, strength)
