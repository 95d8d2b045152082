"""The tokenizer: a byte-level CLIPTokenizer in which every word of the vocabulary is one token.

Words that it does not know fall apart into letters, which the model has learnt to pass over. An
existing tokenizer can be extended: what it knew keeps its numbers, new words come behind.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import torch
from transformers import CLIPTokenizer

LENGTH = 24  # positions of a caption, the start and the end included
_START, _END = "<|startoftext|>", "<|endoftext|>"
_WORDS = re.compile(r"[a-z]+|[0-9]|[^\sa-z0-9]+")
Merge = tuple[str, str]


def train_tokenizer(phrases: list[str], base: Path | None = None) -> CLIPTokenizer:
    """A tokenizer for the phrases; `base` is the folder of one to extend."""
    vocabulary, merges = _read(base) if base else (_byte_vocabulary(), [])
    known = set(vocabulary)
    words = sorted({word for phrase in phrases for word in _WORDS.findall(phrase.lower())})
    split = {word: _apply(word, merges) for word in words}
    while pairs := Counter(pair for parts in split.values() for pair in _pairs(parts)):
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        split = {word: _merge(parts, best) for word, parts in split.items()}
        if (token := "".join(best)) not in known:
            known.add(token)
            vocabulary.append(token)
    if _START not in known:
        vocabulary += [_START, _END]
    return CLIPTokenizer(
        vocab={token: number for number, token in enumerate(vocabulary)},
        merges=merges,  # type: ignore[arg-type]
        model_max_length=LENGTH,
        unk_token=_END,
        bos_token=_START,
        eos_token=_END,
        pad_token=_END,
    )


def token_ids(tokenizer: CLIPTokenizer, captions: list[str]) -> torch.Tensor:
    """Token numbers of the captions, padded and cut: int64 tensor of shape (n, LENGTH)."""
    batch = tokenizer(
        captions, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt"
    )
    return batch.input_ids


def _read(base: Path) -> tuple[list[str], list[Merge]]:
    model = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    vocabulary = sorted(model["vocab"], key=model["vocab"].get)
    return vocabulary, [(left, right) for left, right in model["merges"]]


def _byte_vocabulary() -> list[str]:
    """The 256 printable stand-ins for bytes that GPT-2 and CLIP use, alone and ending a word."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = [chr(byte) for byte in shown] + [chr(256 + place) for place in range(len(hidden))]
    return letters + [letter + "</w>" for letter in letters]


def _apply(word: str, merges: list[Merge]) -> list[str]:
    rank = {pair: place for place, pair in enumerate(merges)}
    parts = [*word[:-1], word[-1] + "</w>"]
    while found := [pair for pair in _pairs(parts) if pair in rank]:
        parts = _merge(parts, min(found, key=rank.__getitem__))
    return parts


def _pairs(parts: list[str]) -> list[Merge]:
    return list(pairwise(parts))


def _merge(parts: list[str], pair: Merge) -> list[str]:
    merged: list[str] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return merged
