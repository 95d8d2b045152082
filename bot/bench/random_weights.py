"""A model in the size of a published one, with random weights: as fast as that, and no download.

Runs in a process of its own, as it loads torch.
"""

from __future__ import annotations

import asyncio
import json
import shutil
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


def write(configs: Path, folder: Path) -> None:
    """A folder in diffusers' format, in bfloat16, by the configs of one (see `bot.models.box`)."""
    shutil.copytree(configs, folder)
    torch.set_default_dtype(torch.bfloat16)
    try:
        for part, (library, kind) in _parts(configs):
            if kind == "CLIPTokenizer":
                _tokenizer(configs, part).save_pretrained(folder / part)
            elif not part.startswith("scheduler"):
                made = getattr(_LIBRARIES[library], kind)
                _network(made, configs / part).save_pretrained(folder / part)
    finally:
        torch.set_default_dtype(torch.float32)


def _parts(configs: Path) -> list[tuple[str, list[str]]]:
    index = json.loads((configs / INDEX).read_text(encoding="utf-8"))
    return [(part, of) for part, of in index.items() if isinstance(of, list) and of[0]]


def _tokenizer(configs: Path, part: str) -> Any:
    text = (configs / part.replace("tokenizer", "text_encoder") / "config.json").read_text()
    config = json.loads(text)
    return tokenizers.clip(config["max_position_embeddings"], config["pad_token_id"])


def _network(kind: Any, place: Path) -> Any:
    if hasattr(kind, "load_config"):
        return kind.from_config(kind.load_config(place))
    return kind(kind.config_class.from_pretrained(place))


def answer(message: child.Message) -> child.Message:
    """{"configs", "folder"}: the same weights every time. Answers how much memory a worker takes
    care to have for such a model and for drawing with it, and `copies` of what it converts."""
    torch.manual_seed(0)
    write(Path(message["configs"]), Path(message["folder"]))
    free = capacity.of_system()
    promised = capacity.forecast(message["folder"]) + (free.spare if free else 0)
    return {"promised_mib": promised / 2**20, "copies": COPIES}


if __name__ == "__main__":
    asyncio.run(child.serve(answer))
