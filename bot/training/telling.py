"""What a caption says, read back into the words of the vocabulary, and how often that is right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.training.captions import Idea
from bot.training.classifier import place_of
from bot.training.vocabulary import (
    COLOUR_WORDS,
    COLOURS,
    NO_STYLE,
    PLAIN,
    SCENES,
    STYLES,
    THINGS,
    plural,
)


@dataclass(frozen=True)
class Told:
    """What a caption says; `place` is a scene or the colour behind a plain picture, "" for none."""

    objects: tuple[str, ...]
    place: str
    style: str
    tint: str


def told(caption: str) -> Told:
    """Its objects in order, by whatever name."""
    text = caption.lower()
    bare = _SCENES.sub("", _STYLES.sub("", text))  # "among the stars" shows no star
    first = _OBJECTS.search(bare)
    return Told(
        tuple(_NAMED[found[0]] for found in _OBJECTS.finditer(bare)),
        _place(text),
        next((_STYLED[found[0]] for found in _STYLES.finditer(text)), NO_STYLE),
        _tint(bare[: first.start()]) if first else "",
    )


def shares(captions: Sequence[str], ideas: Sequence[Idea]) -> dict[str, float]:
    """Of captions that say what the ideas say: the first object, all objects, the place, the colour
    behind plain pictures, the style, and the colour of objects that have one of their own."""
    rows: dict[str, list[bool]] = {
        "object": [], "objects": [], "place": [], "colour": [], "style": [], "own colour": [],
    }  # fmt: skip
    for caption, idea in zip(captions, ideas, strict=True):
        said = told(caption)
        rows["object"].append(said.objects[:1] == idea.objects[:1])
        rows["objects"].append(set(said.objects) == set(idea.objects))
        rows["place"].append(said.place == place_of(idea))
        rows["style"].append(said.style == idea.style)
        if idea.scene == PLAIN:
            rows["colour"].append(said.place == idea.colour)
        if idea.tint:
            rows["own colour"].append(said.tint == idea.tint)
    return {name: round(float(np.mean(hits)), 3) for name, hits in rows.items() if hits}


def _either(words: Iterable[str]) -> re.Pattern[str]:
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b")


def _place(text: str) -> str:
    if found := _BEHIND.search(text):
        return _COLOURED[found[1]]
    return next((_SHOWN[found[0]] for found in _SCENES.finditer(text)), "")


def _tint(before: str) -> str:
    last = before.split()[-1:]
    return _COLOURED.get(last[0], "") if last else ""


def _named() -> Mapping[str, str]:
    both = {name: thing.name for thing in THINGS for name in thing.names}
    return {plural(name): thing for name, thing in both.items()} | both


_NAMED = _named()
_OBJECTS = _either(_NAMED)
_SHOWN = {phrase: scene for scene, phrases in SCENES.items() for phrase in phrases}
_SCENES = _either(_SHOWN)
_STYLED = {phrase: style for style, sides in STYLES.items() for side in sides for phrase in side}
_STYLES = _either(_STYLED)
_COLOURED = {word: name for name in COLOURS for word in (name, *COLOUR_WORDS.get(name, ()))}
_BEHIND = re.compile(rf"\bon an? ({'|'.join(_COLOURED)}) background")
