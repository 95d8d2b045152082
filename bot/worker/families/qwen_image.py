"""Qwen-Image (Wu et al. 2025). Imported in a worker only."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from bot.worker.families.family import Guidance, Size, sampled
from bot.worker.families.flux import PackedFamily
from bot.worker.families.rows import Rows


class QwenImage(PackedFamily):
    """Text of any length by Qwen2.5-VL; an autoencoder of films, of which pictures have one."""

    def encode(self, text: str | None, negative: bool) -> Rows:
        """[(tokens, width)]; no text is a space, because the model guides against words alone."""
        words, _ = self.pipeline.encode_prompt(text or " ", device=self.device)
        return {"text": [words[0]]}

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """Times are from 0 to 1. Texts of another length are a forward of their own, so that none
        is padded: masks cost more than a forward of more rows saves."""
        latents = rows["latents"]
        lengths = [len(text) for text in rows["text"]]
        predicted = torch.empty_like(latents)
        for length in sorted(set(lengths)):
            here = [row for row, own in enumerate(lengths) if own == length]
            predicted[here] = self._predict(rows, here, size)
        return predicted

    def _predict(self, rows: Rows, here: Sequence[int], size: Size) -> torch.Tensor:
        latents, times = rows["latents"][here], rows["times"][here]
        width, height = (side // self.cell // 2 for side in size)
        return self.pipeline.transformer(
            hidden_states=latents,
            timestep=times.to(latents.dtype) / 1000,
            encoder_hidden_states=torch.stack([rows["text"][row] for row in here]),
            img_shapes=[[(1, height, width)]] * len(here),
            return_dict=False,
        )[0]

    def guide(
        self, negative: torch.Tensor, positive: torch.Tensor, guidance: Guidance, rescale: float
    ) -> torch.Tensor:
        """Every token keeps the length that it had without guidance."""
        guided = super().guide(negative, positive, guidance, rescale)
        lengths = [torch.norm(each, dim=-1, keepdim=True) for each in (positive, guided)]
        return guided * (lengths[0] / lengths[1])

    def encoded_pixels(
        self, pixels: torch.Tensor, generators: Sequence[torch.Generator]
    ) -> torch.Tensor:
        """As a film of one picture."""
        vae = self.pipeline.vae
        given = pixels.to(self.device, vae.dtype)[:, :, None]
        return self.scaled(sampled(vae.encode(given), generators))[:, :, 0].to(self.dtype)

    def scaled(self, latents: torch.Tensor) -> torch.Tensor:
        """By mean and spread of each channel."""
        mean, spread = self._spread(latents)
        return (latents - mean) * spread

    def unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        """The inverse of `scaled`."""
        mean, spread = self._spread(latents)
        return latents / spread + mean

    def _spread(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean, and one over the spread."""
        config = self.pipeline.vae.config
        mean, std = (
            torch.tensor(numbers).view(1, -1, 1, 1, 1).to(latents.device, latents.dtype)
            for numbers in (config.latents_mean, config.latents_std)
        )
        return mean, 1.0 / std

    def decoded(self, cells: torch.Tensor) -> torch.Tensor:
        """As a film of one picture."""
        vae = self.pipeline.vae
        film = cells[:, :, None].to(vae.dtype)
        return vae.decode(self.unscaled(film), return_dict=False)[0][:, :, 0]
