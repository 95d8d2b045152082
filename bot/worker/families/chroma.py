"""Chroma, made from FLUX.1 schnell: with guidance, and with words by T5 alone. Imported in a worker
only."""

from __future__ import annotations

import torch

from bot.worker.families.family import Capabilities, Size
from bot.worker.families.flux import PackedFamily
from bot.worker.families.rows import Rows


class Chroma(PackedFamily):
    """The transformer sees one token beyond a text's own; the rest of the padding is masked."""

    capabilities = Capabilities(inpainting=True, lora=True, steers=True)

    def encode(self, text: str | None, negative: bool) -> Rows:
        """(1, tokens, width), and which of them are seen (1, tokens)."""
        words, _, seen, *_ = self.pipeline.encode_prompt(
            text or "", device=self.device, do_classifier_free_guidance=False
        )
        return {"text": words, "seen": seen}

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """Times are from 0 to 1."""
        latents = rows["latents"]
        text = rows["text"]
        seen = rows["seen"]
        times = rows["times"]
        return self.pipeline.transformer(
            hidden_states=latents,
            timestep=times.to(latents.dtype) / 1000,
            encoder_hidden_states=text,
            txt_ids=torch.zeros((text.shape[1], 3), device=text.device, dtype=text.dtype),
            img_ids=self.places(latents, size),
            attention_mask=torch.cat([seen, seen.new_ones(latents.shape[:2])], 1),
            return_dict=False,
        )[0]
