"""Tells whether networks that upscale can be used, as an errand.

The order has `files` (paths); the answer a sentence for each file's name, which completes it, empty
where the network can be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from bot.models.facts import UnfitFile
from bot.worker import upscalers


def why_not(file: Path) -> str:
    """Empty for one that can be used."""
    try:
        upscalers.opened(file, torch.device("cpu"))
    except UnfitFile as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return ""


def run(order: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The sentence of each file."""
    files = [Path(file) for file in order["files"]]
    return {file.name: why_not(file) for file in files}
