"""Marks: what the classifier says of pictures, beside what their ideas say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from bot.training.captions import Idea
from bot.training.classifier import PLACES, TINTS, Classifier, place_of
from bot.training.vocabulary import LAYOUTS, STYLES


def marks(classifier: Classifier, pixels: torch.Tensor, ideas: Sequence[Idea]) -> dict[str, float]:
    """Shares of pictures of which the classifier says what the ideas say."""
    verdict = classifier.judge(pixels)
    styles = list(STYLES)
    rows: dict[str, list[bool]] = {
        "objects": [],
        "top5": [],
        "place": [],
        "style": [],
        "layout": [],
        "tint": [],
    }
    for row, idea in enumerate(ideas):
        wanted = {classifier.names.index(name) for name in idea.objects}
        order = verdict.objects[row].argsort(descending=True).tolist()
        rows["objects"].append(wanted <= set(order[: len(wanted)]))
        rows["top5"].append(wanted <= set(order[: max(5, len(wanted))]))
        rows["place"].append(PLACES[int(verdict.places[row].argmax())] == place_of(idea))
        rows["style"].append(styles[int(verdict.styles[row].argmax())] == idea.style)
        rows["layout"].append(LAYOUTS[int(verdict.layouts[row].argmax())] == idea.layout)
        rows["tint"].append(TINTS[int(verdict.tints[row].argmax())] == idea.tint)
    return {name: round(float(np.mean(hits)), 3) for name, hits in rows.items()}


def in_order(classifier: Classifier, pixels: torch.Tensor, ideas: Sequence[Idea]) -> float:
    """Share of pictures of two objects that stand as asked: the first left of, or on top of, the
    second.

    Each half of a picture is judged with the other hidden under grey (occlusion, Zeiler and Fergus,
    2014, https://arxiv.org/abs/1311.2901): the half that speaks more for the first object than for
    the second should be the left, or the upper one. Guessing reaches 0.5.
    """
    hits = []
    for picture, idea in zip(pixels, ideas, strict=True):
        across = 1 if idea.layout == "stack" else 2
        middle = picture.shape[across] // 2
        seen = torch.stack([picture, picture])
        for half, start in zip(seen, (middle, 0), strict=True):
            half.narrow(across, start, middle).fill_(128)
        told = classifier.judge(seen).objects
        first, second = (classifier.names.index(name) for name in idea.objects)
        lead = told[:, first] - told[:, second]
        hits.append(bool(lead[0] > lead[1]))
    return round(float(np.mean(hits)), 3)


def chance(names: Sequence[str]) -> dict[str, float]:
    """What guessing would reach for a single object."""
    shares = {"objects": 1 / len(names), "top5": 5 / len(names), "place": 1 / len(PLACES)}
    shares |= {"style": 1 / len(STYLES), "layout": 1 / len(LAYOUTS), "tint": 1 / len(TINTS)}
    return {name: round(share, 3) for name, share in shares.items()}
