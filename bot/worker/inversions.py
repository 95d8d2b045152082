"""Textual inversions: vectors that stand for words, which a model is opened with (Gal et al. 2022).

Imported in a worker only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.models import addons
from bot.models.addons import Addon
from bot.models.cards import ModelCard
from bot.models.facts import UnfitFile
from bot.worker import checkpoint
from bot.worker.library import Library, missing

Vectors = dict[str, Any]


def teach(card: ModelCard, pipeline: Any, library: Library) -> None:
    """Have every embedding that the card names mean what it was trained for, under its own name.

    Raises RenderFailed("model_missing") for one that is not there or of another family.
    """
    taught: dict[str, int] = {}
    for key in card.embeddings:
        one = library.addon(card, addons.EMBEDDING, key)
        if one is None:
            raise missing(
                f"The model {card.name} is to know {key}, which is no embedding beside it."
            )
        vectors = _read(one)
        try:
            if key.lower() in pipeline.tokenizer.get_vocab():
                raise missing(f"The embedding {key} is called as a word is: rename its file.")
            _teach(pipeline, key, vectors)
        except (ValueError, AttributeError) as error:
            raise missing(f"The embedding {key} does not fit the model {card.name}.") from error
        taught[key] = max(len(each) if each.ndim > 1 else 1 for each in vectors.values())
    if taught:
        pipeline.maybe_convert_prompt = _Spelling(taught)


def _read(one: Addon) -> Vectors:
    try:
        vectors = dict(checkpoint.read(one.path))
    except UnfitFile as error:
        raise missing(f"The embedding {one.path.name} {error}.") from error
    if not all(bool(each.isfinite().all()) for each in vectors.values()):
        raise missing(f"The embedding {one.key} is damaged: it holds what are no numbers.")
    return vectors


def _teach(pipeline: Any, key: str, vectors: Vectors) -> None:
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


class _Spelling:
    """Has each word that has several vectors followed by the names of the others, however it is
    written: diffusers knows only those in small letters, and leaves all but the first vector of
    others out."""

    def __init__(self, taught: Mapping[str, int]) -> None:
        self._taught = {key.lower(): (key, count) for key, count in taught.items()}
        longest = sorted(map(re.escape, self._taught), key=len, reverse=True)
        self._words = re.compile(rf"({'|'.join(longest)})(?!_\d)", re.IGNORECASE)

    def __call__(self, prompt: Any, _tokenizer: Any) -> Any:
        if isinstance(prompt, list):
            return [self._spelled(each) for each in prompt]
        return self._spelled(prompt)

    def _spelled(self, text: str) -> str:
        return self._words.sub(self._named, text)

    def _named(self, found: re.Match[str]) -> str:
        key, count = self._taught[found[1].lower()]
        return " ".join([key, *(f"{key}_{number}" for number in range(1, count))])
