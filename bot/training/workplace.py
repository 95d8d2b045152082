"""The folder in which training keeps what it makes: chunks of data, checkpoints, reports.

It knows names and writes atomically (a reader never sees half a file); it does not know what is
in them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Workplace:
    """Paths below one root folder, outside the repository."""

    root: Path

    @property
    def chunks(self) -> Path:
        return self.root / "chunks"

    @property
    def tokenizer(self) -> Path:
        return self.root / "tokenizer"

    @property
    def autoencoder(self) -> Path:
        return self.root / "autoencoder"

    @property
    def text(self) -> Path:
        return self.root / "text"

    @property
    def unet(self) -> Path:
        return self.root / "unet"

    @property
    def renderings(self) -> Path:
        return self.root / "renderings"

    @property
    def classifier(self) -> Path:
        return self.root / "classifier.pt"

    def checkpoint(self, name: str) -> Path:
        return self.root / f"{name}.pt"

    def report(self, name: str) -> Path:
        return self.root / f"{name}.json"

    def prepare(self) -> None:
        self.chunks.mkdir(parents=True, exist_ok=True)


def save_tensors(path: Path, state: Mapping[str, Any]) -> None:
    """Write with `torch.save`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    torch.save(dict(state), beside)
    os.replace(beside, path)


def load_tensors(path: Path) -> dict[str, Any]:
    """Read what `save_tensors` wrote: tensors and plain data only."""
    return torch.load(path, map_location="cpu", weights_only=True)


def save_json(path: Path, data: Any) -> None:
    """Write JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(beside, path)
