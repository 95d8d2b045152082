"""PixArt-α and -Σ: a transformer that predicts noise, as U-Nets do. Imported in a worker only."""

from __future__ import annotations

from typing import Any

import torch

from bot.worker.families.binned import BinnedFamily
from bot.worker.families.family import Capabilities, Guidance, Size
from bot.worker.families.rows import Rows, repeated

_TOLD = 128
"""Latents along a side of the one that is told the size."""


class PixArt(BinnedFamily):
    """Words by T5."""

    capabilities = Capabilities(inpainting=True, steers=True)
    multiple = 8

    def encode(self, text: str | None, negative: bool) -> Rows:
        """(1, tokens, width), and which of them are seen (1, tokens)."""
        words, seen, *_ = self.pipeline.encode_prompt(
            text or "", False, device=self.device, clean_caption=True
        )
        return {"text": words, "seen": seen}

    def first(self, scheduler: Any, noise: torch.Tensor) -> torch.Tensor:
        """Noise at the scheduler's first level."""
        return noise * scheduler.init_noise_sigma

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """Times are from 0 to 1000."""
        told = {name: rows.get(name) for name in ("resolution", "aspect_ratio")}
        predicted = self.pipeline.transformer(
            rows["latents"],
            encoder_hidden_states=rows["text"],
            encoder_attention_mask=rows["seen"],
            timestep=rows["times"],
            added_cond_kwargs=told,
            return_dict=False,
        )[0]
        return predicted[:, : self.channels]  # what is left is the spread that it learned


class PixArtAlpha(PixArt):
    """The largest is told the size."""

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: Guidance, size: Size
    ) -> dict[str, Any]:
        """Text, and the size where it is asked for."""
        rows = super().condition(positive, negative, count, guidance, size)
        if self.pipeline.transformer.config.sample_size == _TOLD:
            width, height = self.shaped(size)
            for name, told in (("resolution", [height, width]), ("aspect_ratio", [height / width])):
                row = torch.tensor([told]).to(self.device, rows["text"].dtype)
                rows[name] = repeated(row, row if negative else None, count)
        return rows
