"""`python -m bot.worker.networks`: tells whether networks that upscale can be used, and ends.

Standard input is one JSON object: `files` (paths); standard output one with a sentence for each
file's name, which completes it, empty where the network can be used.
"""

from __future__ import annotations

import json
import sys
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


def main() -> None:
    files = [Path(file) for file in json.load(sys.stdin)["files"]]
    sys.stdout.write(json.dumps({file.name: why_not(file) for file in files}))


if __name__ == "__main__":
    main()
