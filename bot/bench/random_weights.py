"""A model in the size of a published one, with random weights: as fast as that, and no download.

Runs in a process of its own, as it loads torch.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import string
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from bot.bench import child
from bot.models.facts import INDEX
from bot.worker import capacity, tokenizers
from bot.worker.converted.conversion import COPIES

_LIBRARIES: dict[str, Any] = {"diffusers": diffusers, "transformers": transformers}


def write(configs: Path, folder: Path, device: str = "cpu") -> None:
    """A folder in diffusers' format, in bfloat16, by the configs of one (see `bot.models.box`).
    Billions of random numbers are there soonest on a `device` that is a card."""
    shutil.copytree(configs, folder)
    torch.set_default_dtype(torch.bfloat16)
    try:
        for part, (library, kind) in _parts(configs):
            if kind in _TOKENIZERS:
                _TOKENIZERS[kind](configs, part).save_pretrained(folder / part)
            elif not part.startswith("scheduler"):
                made = getattr(_LIBRARIES[library], kind)
                with torch.device(device):
                    network = _network(made, configs / part)
                network.save_pretrained(folder / part)
                del network  # the next may be as large
    finally:
        torch.set_default_dtype(torch.float32)


def _parts(configs: Path) -> list[tuple[str, list[str]]]:
    index = json.loads((configs / INDEX).read_text(encoding="utf-8"))
    return [(part, of) for part, of in index.items() if isinstance(of, list) and of[0]]


def _clip(configs: Path, part: str) -> Any:
    text = (configs / part.replace("tokenizer", "text_encoder") / "config.json").read_text()
    config = json.loads(text)
    return tokenizers.clip(config["max_position_embeddings"], config["pad_token_id"])


def _letters(_configs: Path, _part: str) -> Any:
    """For T5, whose own are not in the box: numbers that mean nothing need no words."""
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(letter, -3.0) for letter in string.ascii_letters + string.punctuation]
    return transformers.T5Tokenizer(vocab=pieces, extra_ids=0)


_TOKENIZERS = {"CLIPTokenizer": _clip, "T5TokenizerFast": _letters}


def _network(kind: Any, place: Path) -> Any:
    if hasattr(kind, "load_config"):
        return kind.from_config(kind.load_config(place))
    return kind(kind.config_class.from_pretrained(place))


def answer(message: child.Message) -> child.Message:
    """{"configs", "folder"}, and a "device" for where numbers are made: the same weights every time
    on one kind of it. Answers how much memory a worker takes
    care to have for such a model and for drawing with it, and `copies` of what it converts."""
    torch.manual_seed(0)
    write(Path(message["configs"]), Path(message["folder"]), message.get("device", "cpu"))
    free = capacity.of_system()
    promised = capacity.forecast(message["folder"]) + (free.spare if free else 0)
    return {"promised_mib": promised / 2**20, "copies": COPIES}


if __name__ == "__main__":
    asyncio.run(child.serve(answer))
