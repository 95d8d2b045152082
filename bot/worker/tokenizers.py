"""Tokenizers for single files, which hold none: CLIP's is made of the merges in the box, T5's is
read from a file that is put beside the model or comes from the hub. Imported in a worker only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transformers import CLIPTokenizer, T5Tokenizer

from bot.models import box

_MERGES = box.FOLDER / "clip" / "merges.txt"
_SPECIAL = ("<|startoftext|>", "<|endoftext|>")


def clip(length: int, padding: int) -> Any:
    """CLIP's, for texts of `length` tokens that are filled up with the token `padding`."""
    lines = _MERGES.read_text(encoding="utf-8").splitlines()[1:]
    merges = [(first, second) for first, second in (line.split() for line in lines)]
    signs = list(_signs())
    pieces = [*signs, *(f"{sign}</w>" for sign in signs), *map("".join, merges), *_SPECIAL]
    return CLIPTokenizer(
        vocab={piece: number for number, piece in enumerate(pieces)},
        merges=merges,  # type: ignore[arg-type]
        pad_token=pieces[padding],
        model_max_length=length,
    )


def t5(file: Path) -> Any:
    """T5's, from a `tokenizer.json`."""
    return T5Tokenizer.from_pretrained(file.parent, local_files_only=True, model_max_length=512)


def _signs() -> Iterable[str]:
    """A sign for each byte, in CLIP's order: its own where it can be printed, else one of those
    behind the first 256. Source: `bytes_to_unicode` of openai/CLIP."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    yield from map(chr, printable)
    yield from (chr(256 + number) for number in range(256 - len(printable)))
