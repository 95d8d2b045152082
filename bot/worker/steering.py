"""What a request's parameters make of what a denoiser is told: weights, things to leave out,
`--chaos`, `--weird`, `--stylize`, `--exp` and `--sref`.

All of it happens to what texts mean, before the first step: nothing is slower, a request that asks
for none of it is drawn as if this module were not there, and what is drawn of one picture depends
on the request and that picture's seed alone. Imported in a worker only.

P is what is to be seen: the weighted mean of the parts. S of some words is P with those words
behind every part. Then, in this order:

    P += Σ share · (S − P)        stylize, exp and looks; see `_styles`
    P -= what is to be left out   where there is no guidance; see `meanings.without`
    P += 1.3 · weird · |P − ∅| · a random direction at right angles, of the grid's first seed
    P += 1.2 · chaos · |P − ∅| · a random direction of the picture's own seed

where ∅ is the empty text. With guidance what is to be left out is the negative half; see
`Steering.unwanted`. Guidance is multiplied by 1 + stylize's share / 4, and for each picture by up
to 1 ± 0.3 · chaos.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from bot.worker.embeddings import Embeddings
from bot.worker.families import meanings
from bot.worker.families.rows import Rows
from bot.worker.wording import Shares, Wording

USUAL = 0.5
"""The weight of `--no`, at which one thing alone is a plain negative prompt."""
STRENGTH_MAX = 2.0
"""Of what is left out, as a multiple of the usual."""
_RAW, _FULL, _TASTE_MAX = 0.5, 1.3, 9.0
_STYLED_MAX = 1.6
"""Shares of styles together: beyond that pictures fall apart."""
_WEIRD, _CHAOS, _GUIDANCE = 1.3, 1.2, 0.3

Parts = Sequence[tuple[str, float]]


class Steering:
    """Of one request: `guided` says whether it has a negative half."""

    def __init__(
        self, texts: Embeddings, request: Mapping[str, Any], wording: Wording, *, guided: bool
    ) -> None:
        meant = request.get("meant") or {}
        self._texts = texts
        self._seeds: Sequence[int] = request["seeds"]
        self._guided = guided
        self._parts: Parts = request.get("parts") or [(request["text"], 1.0)]
        self._excluded: Parts = request.get("excluded") or ()
        self._negative: str | None = request.get("negative") or None
        self._taste = taste(meant.get("stylize") or 0.0)
        self._styles = _styles(meant, wording)
        self._weird, self._chaos = (float(meant.get(name) or 0) for name in ("weird", "chaos"))

    def wanted(self, indices: Sequence[int]) -> Rows:
        """Of what is to be seen: one row, or one for each picture where they differ."""
        rows = self._blended()
        if self._styles:
            styled = [(self._blended(f", {words}"), share) for words, share in self._styles]
            rows = meanings.moved(rows, styled)
        if self._excluded and not self._guided:
            items = [(self._of(text), _strength(weight)) for text, weight in self._excluded]
            rows = meanings.without(rows, items, self._of(""))
        if self._weird:
            noise = meanings.noise_like(rows, [_dice("weird", self._seeds[0])])
            rows = meanings.strayed(rows, self._of(""), noise, _WEIRD * self._weird, aside=True)
        if self._chaos:
            dice = [_dice("chaos", self._seeds[index]) for index in indices]
            noise = meanings.noise_like(rows, dice)
            rows = meanings.strayed(rows, self._of(""), noise, _CHAOS * self._chaos)
        return rows

    def unwanted(self) -> Rows:
        """Of what is to be left out: what `--no` names, each thing apart.

        With d_i from the empty text to each thing, and weights w_i, it is ∅ + k · d: d points as
        Σ w_i d_i does and is as long as the things are on average, and k is the mean of w_i over
        the usual weight, 2 at most. So one thing at the usual weight is itself, and of several each
        acts nearly as strongly as alone.
        """
        if not self._excluded:
            return self._filled(self._negative, negative=True)
        items = [(self._of(text), weight) for text, weight in self._excluded]
        if len(items) == 1 and items[0][1] == USUAL:
            return items[0][0]
        mean = sum(weight for _, weight in items) / len(items)
        return meanings.together(items, self._of(""), _strength(mean))

    def guidance(self, indices: Sequence[int], usual: float) -> float | torch.Tensor:
        """One for all, or one for each picture (n)."""
        styled = usual * (1 + self._taste / 4) if self._taste else usual
        if not self._chaos:
            return styled
        drawn = [torch.rand((), generator=_dice("guidance", self._seeds[i])) for i in indices]
        return styled * (1 + _GUIDANCE * self._chaos * (2 * torch.stack(drawn) - 1))

    def _blended(self, behind: str = "") -> Rows:
        return meanings.mixed([(self._of(text + behind), weight) for text, weight in self._parts])

    def _of(self, text: str) -> Rows:
        return self._filled(text)

    def _filled(self, text: str | None, negative: bool = False) -> Rows:
        """As long as the longest of all."""
        rows = self._texts.of(text, negative)
        empty = functools.partial(self._texts.of, text and "", negative)
        return meanings.filled(rows, self._tokens, empty)

    @functools.cached_property
    def _tokens(self) -> int:
        behind = "", *(f", {words}" for words, _ in self._styles)
        said = [text + more for text, _ in self._parts for more in behind]
        read = [self._texts.of(text) for text in (*said, *(text for text, _ in self._excluded))]
        if self._guided and self._negative:
            read.append(self._texts.of(self._negative, negative=True))
        return max(map(meanings.tokens_of, read))


class Plain:
    """Of a model that reads a text as a whole: what `Steering` gives where nothing is asked."""

    def __init__(self, texts: Embeddings, request: Mapping[str, Any]) -> None:
        self._texts = texts
        self._request = request

    def wanted(self, indices: Sequence[int]) -> Rows:
        """One row."""
        return self._texts.of(self._request["text"])

    def unwanted(self) -> Rows:
        """One row."""
        return self._texts.of(self._request.get("negative") or None, negative=True)

    def guidance(self, indices: Sequence[int], usual: float) -> float:
        """The usual one."""
        return usual


def _strength(weight: float) -> float:
    return min(STRENGTH_MAX, weight / USUAL)


def taste(stylize: float) -> float:
    """The share of taste in a picture: 0 is the model's own, as usual; much is asked for by
    `--stylize 250` already, so it grows fast at first."""
    if stylize < 0:
        return _RAW * stylize
    return _FULL * (stylize / _TASTE_MAX) ** 0.6


def _styles(meant: Mapping[str, Any], wording: Wording) -> Shares:
    """Words behind a prompt, and the share of the way towards them."""
    styles = [(wording.taste, taste(meant.get("stylize") or 0.0))]
    styles.append((wording.detail, float(meant.get("exp") or 0.0)))
    for number, weight in meant.get("looks") or ():
        styles += [(words, weight * share) for words, share in wording.look(number)]
    total = sum(abs(share) for _, share in styles)
    within = min(1.0, _STYLED_MAX / total) if total else 0.0
    return [(words, within * share) for words, share in styles if share]


def _dice(name: str, seed: int) -> torch.Generator:
    """Of their own: those of the noise that a picture starts from would be thrown again."""
    digest = hashlib.sha256(f"{name} {seed}".encode()).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest[:7]))
