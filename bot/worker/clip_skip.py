"""What web UIs call CLIP skip: models of drawings are often trained on what the layer before the
last of their text encoder says, normed as the last one's. Imported in a worker only.
"""

from __future__ import annotations

from typing import Any

import torch

from bot.domain.errors import RenderFailed
from bot.models.cards import ModelCard


def skip(pipeline: Any, card: ModelCard) -> None:
    """Have a model's text encoder end as early as its card says: 1 is with its last layer. LoRAs
    are still put on those that are skipped, where they do nothing.

    Raises RenderFailed("model_missing") where there are not so many.
    """
    if card.clip_skip < 2 or not card.skips:
        return
    layers = pipeline.text_encoder.encoder.layers
    if card.clip_skip > len(layers):
        raise RenderFailed(
            "model_missing",
            f"The text encoder of {card.name} has {len(layers)} layers, so clip_skip can be "
            f"{len(layers)} at most; it is {card.clip_skip}.",
        )
    for layer in layers[1 - card.clip_skip :]:
        layer.forward = _unread


def _unread(hidden_states: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
    return hidden_states
