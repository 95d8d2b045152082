"""Stable Diffusion XL and its kin: Turbo, Lightning, Hyper, LCM, Pony, Illustrious, Playground,
and the smaller SSD-1B and Vega. Imported in a worker only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from bot.worker.families.family import Guidance, Size, sampled
from bot.worker.families.long_texts import pieces
from bot.worker.families.rows import Rows, repeated
from bot.worker.families.unet import UNetFamily

_SCALE = 0.13025
"""SDXL's latents over those of its autoencoder."""


class StableDiffusionXL(UNetFamily):
    """Two CLIP encoders side by side; the U-Net is told pooled text and the size besides."""

    def encode(self, text: str | None, negative: bool) -> Rows:
        """(1, tokens, width), more tokens for a long text, and pooled (1, width) of its begin.

        No text is zeros where the model was trained so, which an empty one is not.
        """
        read = [
            self.pipeline.encode_prompt(
                piece, device=self.device, do_classifier_free_guidance=False
            )
            for piece in pieces(self.pipeline, text or "")
        ]
        embeddings, pooled = torch.cat([each[0] for each in read], 1), read[0][2]
        if text is None and self.pipeline.config.force_zeros_for_empty_prompt:
            embeddings, pooled = torch.zeros_like(embeddings), torch.zeros_like(pooled)
        return {"text": embeddings, "text_embeds": pooled}

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: Guidance, size: Size
    ) -> dict[str, Any]:
        """`time_ids` are the size before cropping, the crop and the size drawn (SDXL, 2.2)."""
        rows = super().condition(positive, negative, count, guidance, size)
        width, height = size
        told = [[height, width, 0, 0, height, width]]
        sizes = torch.tensor(told, dtype=rows["text"].dtype, device=self.device)
        return {**rows, "time_ids": repeated(sizes, sizes if negative else None, count)}

    def schedule(
        self, scheduler: Any, steps: int, size: Size, strength: float | None = None
    ) -> torch.Tensor:
        """From words it begins at the first level even where two are alike."""
        times = super().schedule(scheduler, steps, size, strength)
        if strength is None and hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(0)
        return times

    def encoded_pixels(
        self, pixels: torch.Tensor, generators: Sequence[torch.Generator]
    ) -> torch.Tensor:
        """In float32 where the autoencoder asks for it."""
        vae = self.pipeline.vae
        if not vae.config.force_upcast:
            return super().encoded_pixels(pixels, generators)
        given = pixels.to(self.device, self.dtype).float()
        with _wide(vae.encoder, vae.quant_conv):  # the decoder stays where graphs look for it
            latents = sampled(vae.encode(given), generators)
        return self.scaled(latents.to(self.dtype))

    def scaled(self, latents: torch.Tensor) -> torch.Tensor:
        """Some (Playground) have a mean and spread for each channel."""
        if (spread := self._spread(latents)) is None:
            return super().scaled(latents)
        mean, std = spread
        return (latents - mean) * self.pipeline.vae.config.scaling_factor / std

    def unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        """The inverse of `scaled`."""
        if (spread := self._spread(latents)) is None:
            return super().unscaled(latents)
        mean, std = spread
        return latents * std / self.pipeline.vae.config.scaling_factor + mean

    def taught(self, latents: torch.Tensor) -> torch.Tensor:
        """On SDXL's own scale, which is not that of those with a spread."""
        if self._spread(latents) is None:
            return latents
        return self.unscaled(latents) * _SCALE

    def _spread(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        config = self.pipeline.vae.config
        if not (config.get("latents_mean") and config.get("latents_std")):
            return None
        mean, std = (
            torch.tensor(numbers).view(1, -1, 1, 1).to(latents.device, latents.dtype)
            for numbers in (config.latents_mean, config.latents_std)
        )
        return mean, std

    def decoded(self, cells: torch.Tensor) -> torch.Tensor:
        """In float32 where the autoencoder overflows in float16."""
        vae = self.pipeline.vae
        if vae.dtype is not torch.float16 or not vae.config.force_upcast:
            return super().decoded(cells)
        with _wide(vae):
            return super().decoded(cells.float())


@contextlib.contextmanager
def _wide(*parts: torch.nn.Module | None) -> Iterator[None]:
    there = [part for part in parts if part is not None]
    narrow = [next(part.parameters()).dtype for part in there]
    for part in there:
        part.to(torch.float32)
    try:
        yield
    finally:
        for part, dtype in zip(there, narrow, strict=True):
            part.to(dtype)
