"""Sana and Sana 1.5. Imported in a worker only."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import torch

from bot.worker.families.binned import BinnedFamily
from bot.worker.families.family import Capabilities, Size
from bot.worker.families.rows import Rows


class Sana(BinnedFamily):
    """Words by Gemma, which is instructed to think of a fuller picture; cells of 32 × 32 pixels."""

    capabilities = Capabilities(inpainting=True, lora=True)
    multiple = 32

    @functools.cached_property
    def dtype(self) -> torch.dtype:
        """Latents stay in float32, whatever the transformer computes in."""
        return torch.float32

    def encode(self, text: str | None, negative: bool) -> Rows:
        """(1, tokens, width), and which of them are seen (1, tokens); for a negative text there
        are no instructions."""
        asked = inspect.signature(self.pipeline.__call__).parameters
        instruction = None if negative else asked["complex_human_instruction"].default
        words, seen, *_ = self.pipeline.encode_prompt(
            text or "", False, device=self.device, complex_human_instruction=instruction
        )
        return {"text": words, "seen": seen}

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """Times are from 0 to 1000, on the transformer's own scale."""
        transformer: Any = self.pipeline.transformer
        predicted = transformer(
            rows["latents"].to(transformer.dtype),
            encoder_hidden_states=rows["text"].to(transformer.dtype),
            encoder_attention_mask=rows["seen"],
            timestep=rows["times"] * transformer.config.timestep_scale,
            return_dict=False,
        )[0]
        return predicted.float()[:, : self.channels]
