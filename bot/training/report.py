"""Report: what an evaluation's numbers let us claim, offer and print.

It reads the report and the vocabulary; it draws and judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.training.captions import Idea, plain_caption
from bot.training.vocabulary import COUNTS, NO_STYLE, SCENES, STYLES, THING

_LEAST = {"objects": 0.5, "layout": 0.5, "tint": 0.5, "order": 0.75}  # of an order, half is a guess


def claimed(found: dict[str, dict[str, float]], top1: float = 0.5, top5: float = 0.85) -> list[str]:
    """The objects that come out: those which the card may claim."""
    return [
        name for name, mark in found.items() if mark["objects"] >= top1 and mark["top5"] >= top5
    ]


def known_words(follow: dict[str, Any], share: float = 0.7) -> tuple[list[str], list[str]]:
    """Counts and relations that come out in this share of what the judge says of renderings."""
    there = ("objects", "layout")
    words: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
        ("two of a kind", ("two",), there),
        ("three of a kind", ("three",), there),
        ("held-out pair", ("and", "next to"), there),
        ("held-out pair", ("left of", "right of"), (*there, "order")),
        ("one on top of another", ("on top of",), (*there, "order")),
        ("one holding another", ("with", "holding"), there),
        ("lying in a sun lounger", ("lying in",), there),
        ("held-out colour of an object", ("red",), ("tint",)),
    ]
    found = []
    for name, told, asked in words:
        model, real = follow[name]["model"], follow[name]["real"]
        if all(model[mark] >= max(_LEAST[mark], share * real[mark]) for mark in asked):
            found += told
    counts = [word for word in COUNTS if word == "one" or word in found]
    return counts, [word for word in found if word not in COUNTS]


def good_ideas(names: Sequence[str], relations: Sequence[str] = ()) -> list[str]:
    """Prompts to offer that use only these objects and relations; the seed idea comes first."""
    ideas = []
    known = set(names)
    seed = Idea(("astronaut", "sun lounger", "cocktail"), "lounge", "desert")
    if known >= set(seed.objects):
        ideas += [
            plain_caption(replace(seed, style=style))
            for style in ("photo", "oil painting", "pixel art")
        ]
    together = [
        ("holding", Idea(("cat", "pizza"), "hold", "space", style="pixel art")),
        ("and", Idea(("dog", "cat"), "beside", "meadow", style="photo")),
        ("on top of", Idea(("frog", "pumpkin"), "stack", "night", style="oil painting")),
        ("red", Idea(("cat",), scene="mountains", tint="pink")),
    ]
    ideas += [
        plain_caption(idea)
        for word, idea in together
        if word in relations and known >= set(idea.objects)
    ]
    pairs = zip(names, list(SCENES) * 9, strict=False)
    for place, (name, scene) in enumerate(pairs):
        style = list(STYLES)[place % len(STYLES)] if place % 2 else NO_STYLE
        if THING[name].name != "sun lounger":
            ideas.append(plain_caption(Idea((name,), scene=scene, style=style)))
    return ideas[:24]


def table(follow: dict[str, Any]) -> str:
    """The report of `evaluate.follow_prompts` as a Markdown table of model / real."""
    marks = list(dict.fromkeys(mark for found in follow.values() for mark in found["model"]))
    lines = [f"| prompts | {' | '.join(marks)} |", "|---" * (len(marks) + 1) + "|"]
    for name, found in follow.items():
        cells = [
            f"{found['model'][mark]:.2f} / {found['real'][mark]:.2f}"
            if mark in found["real"]
            else ""
            for mark in marks
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
