"""Textual inversions: vectors that stand for words, which a model is opened with (Gal et al. 2022).

Imported in a worker only.
"""

from __future__ import annotations

from typing import Any

from bot.models import addons
from bot.models.cards import ModelCard
from bot.worker import checkpoint
from bot.worker.library import Library, missing


def teach(card: ModelCard, pipeline: Any, library: Library) -> None:
    """Have every embedding that the card names mean what it was trained for, under its own name.

    Raises RenderFailed("model_missing") for one that is not there or of another family.
    """
    for key in card.embeddings:
        one = library.addon(card, addons.EMBEDDING, key)
        if one is None:
            raise missing(
                f"The model {card.name} is to know {key}, which is no embedding beside it."
            )
        if key in pipeline.tokenizer.get_vocab():
            raise missing(f"The embedding {key} is called as a word is: rename its file.")
        try:
            _teach(pipeline, key, dict(checkpoint.read(one.path)))
        except (ValueError, AttributeError) as error:
            raise missing(f"The embedding {key} does not fit the model {card.name}.") from error


def _teach(pipeline: Any, key: str, vectors: dict[str, Any]) -> None:
    """Two encoders have vectors of their own. Raises ValueError where their widths are others."""
    if "clip_g" not in vectors:
        pipeline.load_textual_inversion(vectors, token=key)
        return
    for name, part in (("clip_l", ""), ("clip_g", "_2")):
        pipeline.load_textual_inversion(
            vectors[name],
            token=key,
            text_encoder=getattr(pipeline, f"text_encoder{part}"),
            tokenizer=getattr(pipeline, f"tokenizer{part}"),
        )
