"""What a worker is asked beside drawing, and answers in a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IMPORTANCE = "importance"
"""{"pieces": [text]}: how much each matters to the meaning of all of them, one after the other with
spaces between, as {"importance": [from 0 to 1]}; the most important has 1."""

PLACE = "place"
"""{"text": what a picture shows, "thing": what is looked for in it} and that picture: how much of
the thing is seen in each of some cells, as {"place": [rows of numbers from 0 to 1]}."""

CAPTIONS = "captions"
"""{"count": how many, "besides": [text]} and one picture: what it shows, as {"captions": [text]},
each another one and none of those in `besides`. It is asked of no model that draws."""

SCORES = "scores"
"""{} and pictures: how likely each is unsafe, as {"scores": [from 0 to 1]}. It is asked of no model
that draws, and answered beside what is drawn."""

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """`kind` is one of this module's, with plain data that it describes; `model` is the id of one
    that draws, empty where none is asked; `pictures` are files."""

    kind: str
    model: str
    asked: Mapping[str, Any]
    pictures: tuple[bytes, ...] = ()
