"""FLUX.1, dev and schnell. Imported in a worker only."""

from __future__ import annotations

from typing import Any

import torch

from bot.worker.families.family import Capabilities, Guidance, Size
from bot.worker.families.flow import FlowFamily
from bot.worker.families.rows import Rows

_WORDS, _SCHNELLS_WORDS = 512, 256
"""Tokens of T5 that the transformers were taught with; what is left of them is padded, and seen."""


class PackedFamily(FlowFamily):
    """Latents are tokens of 2 × 2 cells, which the transformer tells apart by their places."""

    @property
    def channels(self) -> int:
        """Of a cell; a token has four times as many."""
        return self.pipeline.transformer.config.in_channels // 4

    def laid(self, cells: torch.Tensor) -> torch.Tensor:
        """Tokens."""
        return _packed(cells)

    def cells(self, latents: torch.Tensor, size: Size) -> torch.Tensor:
        """The inverse."""
        return _unpacked(latents, *(side // self.cell for side in size))

    def places(self, latents: torch.Tensor, size: Size) -> torch.Tensor:
        """(tokens, 3): nothing, row and column."""
        width, height = (side // self.cell // 2 for side in size)
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        places = torch.stack([torch.zeros_like(rows), rows, columns], -1)
        return places.reshape(-1, 3).to(latents.device, latents.dtype)


class Flux(PackedFamily):
    """Pooled text by CLIP, the words by T5; guidance is learned: dev is told how much of it."""

    capabilities = Capabilities(
        negatives_above=None, inpainting=True, lora=True, ip_adapter=True, steers=True
    )

    def encode(self, text: str | None, negative: bool) -> Rows:
        """(1, tokens, width) and pooled (1, width)."""
        told = self.pipeline.transformer.config.guidance_embeds
        words, pooled, _ = self.pipeline.encode_prompt(
            text or "", device=self.device, max_sequence_length=_WORDS if told else _SCHNELLS_WORDS
        )
        return {"text": words, "pooled": pooled}

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: Guidance, size: Size
    ) -> dict[str, Any]:
        """Text, and guidance as a number where it is asked for."""
        rows = super().condition(positive, negative, count, guidance, size)
        told = self.pipeline.transformer.config.guidance_embeds
        return self.told(rows, guidance) if told else rows

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """Times are from 0 to 1."""
        latents = rows["latents"]
        text = rows["text"]
        times = rows["times"]
        return self.pipeline.transformer(
            hidden_states=latents,
            timestep=times.to(latents.dtype) / 1000,
            guidance=rows.get("guidance"),
            pooled_projections=rows["pooled"],
            encoder_hidden_states=text,
            txt_ids=torch.zeros((text.shape[1], 3), device=text.device, dtype=text.dtype),
            img_ids=self.places(latents, size),
            return_dict=False,
        )[0]


def _packed(cells: torch.Tensor) -> torch.Tensor:
    """Tokens (n, tokens, 4 × channels), each of 2 × 2 cells."""
    count, channels, height, width = cells.shape
    patches = cells.view(count, channels, height // 2, 2, width // 2, 2)
    return patches.permute(0, 2, 4, 1, 3, 5).reshape(count, -1, 4 * channels)


def _unpacked(tokens: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """The inverse of `_packed`, for so many cells along each side."""
    count, _, channels = tokens.shape
    patches = tokens.view(count, height // 2, width // 2, channels // 4, 2, 2)
    return patches.permute(0, 3, 1, 4, 2, 5).reshape(count, channels // 4, height, width)
