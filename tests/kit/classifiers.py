"""Tiny image classifiers of transformers that say what a test wants. Imported where torch is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

SIDE = 32
LABELS = ("drawings", "hentai", "neutral", "porn", "sexy")


def write(
    folder: Path,
    says: Mapping[str, float],
    labels: Sequence[str] = LABELS,
    *,
    several: bool = False,
) -> Path:
    """One that is as sure of each label as `says` tells (in log-odds, else 0), whatever it sees;
    of `several` at once where pictures may have more than one."""
    config = ViTConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        image_size=SIDE, patch_size=8, id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        problem_type="multi_label_classification" if several else "single_label_classification",
    )  # fmt: skip
    torch.manual_seed(5)
    model = ViTForImageClassification(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([says.get(label, 0.0) for label in labels]))
    model.save_pretrained(folder)
    half = [0.5] * 3
    size = {"height": SIDE, "width": SIDE}
    ViTImageProcessor(size=size, image_mean=half, image_std=half).save_pretrained(folder)
    return folder
