"""Engines that draw with small models which lie in a folder, among what they are drawn with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bot.models.cards import ModelCard
from bot.worker import diffusion
from bot.worker.diffusion import DiffusionEngine
from tests.kit.runs import drawn_by
from tests.kit.workers import attempt

Picture = np.ndarray[Any, Any]


def engine(shelf: Path, *cards: ModelCard, dtype: str = "float32") -> DiffusionEngine:
    """Of these models, in the order of their cards."""
    cards_of = [asdict(card) for card in cards]
    options = {"cards": cards_of, "device": "cpu", "dtype": dtype, "shelf": str(shelf)}
    return diffusion.create(options)


def card(shelf: Path, model: str = "sd1", **more: Any) -> ModelCard:
    """Of a file in that folder."""
    return ModelCard(model, model, str(shelf / f"{model}.safetensors"), 64, **more)


def drawn(one: Any, model: str = "sd1", **asked: Any) -> Picture:
    """A small picture in two steps."""
    asked = {"width": 16, "height": 16, "steps": 2, "model": model} | asked
    [image] = drawn_by(one, attempt(indices=(0,), **asked))
    return np.asarray(image, dtype=int)


def far(one: Picture, other: Picture) -> float:
    """How much they differ, of 255."""
    return float(np.abs(one - other).mean())


def lora(
    network: Any, before: str, inside: str, rank: int = 4, seed: int = 3
) -> dict[str, torch.Tensor]:
    """Matrices beside every linear layer whose name has `inside`, under diffusers' names."""
    random = torch.Generator().manual_seed(seed)
    made = {}
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Linear) and inside in name:
            given, out = module.in_features, module.out_features
            made[f"{before}{name}.lora_A.weight"] = torch.randn(rank, given, generator=random)
            made[f"{before}{name}.lora_B.weight"] = torch.randn(out, rank, generator=random)
    return made
