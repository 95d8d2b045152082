"""Where in a picture something is that a word names: by what a U-Net attends to while it takes
noise out of that picture (Tang et al., What the DAAM, 2022). Imported in a worker only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import torch
from PIL import Image

from bot.worker.families.family import Family, Size
from bot.worker.families.long_texts import pieces
from bot.worker.model import Model
from bot.worker.rungs import BEGIN, STEP
from bot.worker.samplers import sampler

_LEVELS = (0.3, 0.5, 0.7)
"""Shares of the noise schedule: at little noise it attends to parts, at much to the composition."""
_SAMPLES = 2
"""Noises at each level."""
_STEPS = 20
_LEAST = 48
"""Cells: coarser attention says no place."""
_BEGIN = 1
"""The first token of a word that stands alone."""


class Noting:
    """Attends as `plain` does, and adds to `noted` how much each cell does to some `tokens`."""

    def __init__(self, plain: Any, tokens: slice, noted: list[torch.Tensor]) -> None:
        self._plain = plain
        self._tokens = tokens
        self._noted = noted

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        *more: Any,
        **named: Any,
    ) -> torch.Tensor:
        query = attn.head_to_batch_dim(attn.to_q(hidden_states))
        key = attn.head_to_batch_dim(attn.to_k(encoder_hidden_states))
        much = attn.get_attention_scores(query, key, attention_mask)[..., self._tokens]
        self._noted.append(much.sum(-1).float().mean(0).cpu())
        return self._plain(
            attn, hidden_states, encoder_hidden_states, attention_mask, *more, **named
        )  # fmt: skip


def located(
    model: Model, picture: Image.Image, text: str, thing: str
) -> Generator[None, None, list[list[float]]]:
    """From 0 to 1, by rows of cells, how much of a `thing` is seen there in a picture that the
    `text` describes. Yields after each forward."""
    family, size = model.family, picture.size
    assert family
    said, tokens = _spoken(model.pipeline, text, thing)
    with _plain(model, size):
        clean = model.pieces.whole((BEGIN, size), lambda: family.encoded(picture, _noises()))
        beside = family.beside(picture, Image.new("L", size), size, _noises())
    found = torch.zeros(size[1] // family.cell, size[0] // family.cell)
    for level in _LEVELS:
        yield
        with _plain(model, size):
            rows = _rows(model, clean, size, said, level)
            if beside is not None:
                rows["beside"] = beside
            found += _seen(model, rows, size, tokens, found.shape)
    low, high = found.min(), found.max()
    share = (found - low) / (high - low).clamp(min=1e-6)
    return [[round(each, 3) for each in row] for row in _small(share).tolist()]


def _spoken(pipeline: Any, text: str, thing: str) -> tuple[str, slice]:
    """A text in which the thing is named, and which tokens do: a part of the one that is given,
    where others in it compete for what is not this thing, else the name alone."""
    name = _tokens(pipeline, thing)
    for piece in pieces(pipeline, text):
        words = _tokens(pipeline, piece)
        for at in range(len(words) - len(name) + 1):
            if name and words[at : at + len(name)] == name:
                return piece, slice(_BEGIN + at, _BEGIN + at + len(name))
    room = pipeline.tokenizer.model_max_length - 2
    return thing, slice(_BEGIN, _BEGIN + max(1, min(len(name), room)))


def _tokens(pipeline: Any, text: str) -> list[str]:
    return pipeline.tokenizer.tokenize(pipeline.maybe_convert_prompt(text, pipeline.tokenizer))


@contextlib.contextmanager
def _plain(model: Model, size: Size) -> Iterator[None]:
    """While it is entered, torch itself draws, layer by layer, with nothing on: what others draw
    with was there before, and is put on again for their next step."""
    with torch.no_grad(), model.drawing(closed=True):
        model.ladder.stand(size)
        model.wear(model.plainly)
        yield


def _noises() -> list[torch.Generator]:
    return [torch.Generator("cpu").manual_seed(seed) for seed in range(_SAMPLES)]


def _seen(
    model: Model, rows: dict[str, Any], size: Size, tokens: slice, cells: Sequence[int]
) -> torch.Tensor:
    """What all layers attended to (height, width), each as much as the others."""
    assert model.family
    noted: list[torch.Tensor] = []
    with _watched(model.family, tokens, noted):
        model.pieces.whole((STEP, size), lambda: _predicted(model, rows, size, noted))
    finest = max(map(len, noted))
    whole = [_laid(each, cells) for each in noted if len(each) >= min(_LEAST, finest)]
    return torch.stack([each / each.mean().clamp(min=1e-9) for each in whole]).mean(0)


def _rows(
    model: Model, clean: torch.Tensor, size: Size, said: str, level: float
) -> dict[str, Any]:  # fmt: skip
    """What the denoiser gets of a picture at a level of noise."""
    family = model.family
    assert family
    assert model.embeddings
    scheduler = sampler("default", model.scheduler)
    times = family.schedule(scheduler, _STEPS, size, level)
    latents = family.mixed(scheduler, clean, family.gaussian(size, _noises()), times[:1])
    if hasattr(scheduler, "scale_model_input"):
        latents = scheduler.scale_model_input(latents, times[0])
    rows = dict(family.condition(model.embeddings.of(said), None, _SAMPLES, 1.0, size))
    when = torch.full((_SAMPLES,), float(times[0]), dtype=torch.float32, device=latents.device)
    return {**rows, "latents": latents.to(family.dtype), "times": when}


def _predicted(
    model: Model, rows: dict[str, Any], size: Size, noted: list[torch.Tensor]
) -> None:  # fmt: skip
    assert model.family
    noted.clear()  # of a forward for which memory did not suffice
    model.family.predict(rows, size)


@contextlib.contextmanager
def _watched(family: Family, tokens: slice, noted: list[torch.Tensor]) -> Iterator[None]:
    """While it is entered, what is attended to in the text is noted."""
    layers = {
        layer: layer.processor
        for name, layer in family.denoiser.named_modules()
        if name.endswith("attn2")
    }
    try:
        for layer, plain in layers.items():
            layer.set_processor(Noting(plain, tokens, noted))
        yield
    finally:
        for layer, plain in layers.items():
            layer.set_processor(plain)


def _laid(much: torch.Tensor, cells: Sequence[int]) -> torch.Tensor:
    """(height, width) of a layer's cells, which are halved from level to level, as so many."""
    height, width = cells
    while height * width > len(much):
        height, width = -(-height // 2), -(-width // 2)
    laid = much.view(1, 1, height, width)
    return torch.nn.functional.interpolate(laid, tuple(cells), mode="bicubic")[0, 0]


def _small(share: torch.Tensor) -> torch.Tensor:
    """No finer than attention is."""
    height, width = share.shape
    most = max(1, max(share.shape) // 64)
    size = max(1, height // most), max(1, width // most)
    return torch.nn.functional.interpolate(share[None, None], size, mode="area")[0, 0]
