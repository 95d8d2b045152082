"""Ideas (what a picture shows) and the captions that people could write for them.

An idea is plain data; the same idea has many captions: synonyms, free order, fillers. Some whole
combinations are never trained on, so that the evaluation can ask for something new; which ones is
decided by a checksum of the words and so is the same on every machine.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bot.training.vocabulary import (
    COLOUR_WORDS,
    COLOURS,
    FILLERS,
    LAYOUTS,
    NO_STYLE,
    PLAIN,
    SCENES,
    STYLES,
    THING,
    article,
    plural,
)

LAYOUT_SHARES = (0.40, 0.05, 0.05, 0.22, 0.10, 0.10, 0.08)
STYLE_SHARES = (0.30, 0.16, 0.15, 0.15, 0.08, 0.08, 0.08)
_COLOURLESS = ("pencil sketch",)
PLAIN_SHARE = 0.18
TINT_SHARE = 0.2  # of single objects: those that have a colour of their own choosing


@dataclass(frozen=True)
class Idea:
    """What a picture shows.

    `objects`: as the layout needs; `colour`: of a plain background; `tint`: the colour of a single
    object, "" for its own.
    """

    objects: tuple[str, ...]
    layout: str = "single"
    scene: str = PLAIN
    colour: str = "white"
    style: str = NO_STYLE
    tint: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Idea:
        return cls(**{**data, "objects": tuple(data["objects"])})


def held_out(idea: Idea) -> bool:
    """Whether the idea is kept from training.

    One in sixteen combinations of object, scene and style is (for every object in the picture), and
    one in ten pairs of different objects, and one in ten combinations of an object and its colour.
    """
    if idea.scene != PLAIN:
        keys = [f"{name}|{idea.scene}|{idea.style}" for name in idea.objects]
        if any(zlib.crc32(key.encode()) % 16 == 0 for key in keys):
            return True
    if idea.layout in ("beside", "stack"):
        pair = "+".join(sorted(idea.objects))
        return zlib.crc32(pair.encode()) % 10 == 0
    if idea.tint:
        return zlib.crc32(f"{idea.tint} {idea.objects[0]}".encode()) % 10 == 0
    return False


def draw_idea(rng: np.random.Generator, names: tuple[str, ...], weights: np.ndarray) -> Idea:
    """A random idea about these objects; `weights` says how often each is drawn."""
    being = np.array([THING[name].being for name in names])
    held = np.array([THING[name].held for name in names])

    def pick(mask: np.ndarray | None = None) -> str:
        share = weights if mask is None else weights * mask
        return names[int(rng.choice(len(names), p=share / share.sum()))]

    style = str(rng.choice(list(STYLES), p=STYLE_SHARES))
    layout = str(rng.choice(LAYOUTS, p=LAYOUT_SHARES))
    scene = PLAIN if rng.random() < PLAIN_SHARE else str(rng.choice(list(SCENES)))
    colour, tint = str(rng.choice(list(COLOURS))), ""
    objects: tuple[str, ...] = (pick(),)
    if layout == "single" and style not in _COLOURLESS and rng.random() < TINT_SHARE:
        tint = str(rng.choice([name for name in COLOURS if name != colour]))
    if layout in ("beside", "stack"):
        objects = (objects[0], pick(np.array([name != objects[0] for name in names])))
    elif layout == "hold":
        objects = (pick(being), pick(held))
    elif layout == "lounge":
        lead = "astronaut" if rng.random() < 0.2 else pick(being)
        objects = (lead, "sun lounger")
        if rng.random() < 0.75:
            objects += ("cocktail" if rng.random() < 0.75 else pick(held),)
        if scene != PLAIN and rng.random() < 0.4:
            scene = "desert" if rng.random() < 0.6 else "beach"
    return Idea(objects, layout, scene, colour, style, tint)


def draw_training_idea(
    rng: np.random.Generator, names: tuple[str, ...], weights: np.ndarray
) -> Idea:
    """As `draw_idea`, and never one that is held out."""
    while held_out(idea := draw_idea(rng, names, weights)):
        pass
    return idea


def caption(idea: Idea, rng: np.random.Generator) -> str:
    """One way to ask for the idea."""
    subject = _subject(idea, rng)
    where = _where(idea, rng)
    before, after = STYLES[idea.style]
    if rng.random() < 0.06:
        subject = f"{rng.choice(FILLERS)} {subject}"
    text = _join(subject, where, rng)
    if idea.style != NO_STYLE or rng.random() < 0.25:
        if rng.random() < 0.65:
            text = f"{rng.choice(before)} {text}"
        else:
            text = f"{text}, {rng.choice(after)}"
    if rng.random() < 0.06:
        text = f"{text}, {_noise(rng)}"
    return text


def clean_caption(idea: Idea, rng: np.random.Generator) -> str:
    """One way to say what a picture shows: nothing that changes nothing, and nothing left out."""
    subject = _subject(idea, rng)
    where = f"on {article(_colour(idea.colour, rng))} background"
    if idea.scene != PLAIN:
        where = str(rng.choice(SCENES[idea.scene]))
    text = f"{subject} {where}" if rng.random() < 0.85 else f"{where}, {subject}"
    before, after = STYLES[idea.style]
    if idea.style == NO_STYLE and rng.random() < 0.75:
        return text
    return f"{rng.choice(before)} {text}" if rng.random() < 0.6 else f"{text}, {rng.choice(after)}"


def plain_caption(idea: Idea) -> str:
    """The plainest way to ask for the idea: no synonym, no filler, the same every time."""
    words = _subject(idea, None)
    text = f"{words} on {article(idea.colour)} background"
    if idea.scene != PLAIN:
        text = f"{words} {SCENES[idea.scene][0]}"
    return text if idea.style == NO_STYLE else f"{STYLES[idea.style][0][0]} {text}"


def every_word(names: Sequence[str] = tuple(THING)) -> list[str]:
    """Phrases that hold every word a caption about these objects may contain."""
    things = [THING[name] for name in names]
    phrases = [form for t in things for n in t.names for form in (article(n), plural(n))]
    phrases += [phrase for scene in SCENES.values() for phrase in scene] + list(SCENES)
    phrases += [phrase for pair in STYLES.values() for part in pair for phrase in part]
    phrases += [*COLOURS, "gray", "violet", *FILLERS]
    phrases += ["on a background one two three and next to left of right of the on top of above"]
    phrases += ["with holding lying in on relaxing in sitting beside , . ' - ! a an"]
    return phrases


def _name(name: str, rng: np.random.Generator | None) -> str:
    thing = THING[name]
    if rng is None or not thing.synonyms or rng.random() < 0.75:
        return name
    return str(rng.choice(thing.synonyms))


def _subject(idea: Idea, rng: np.random.Generator | None) -> str:
    def choose(*ways: str) -> str:
        return ways[0] if rng is None else str(rng.choice(ways))

    names = [_name(name, rng) for name in idea.objects]
    if idea.tint:
        names[0] = f"{_colour(idea.tint, rng)} {names[0]}"
    first, *others = [article(name) for name in names]
    match idea.layout:
        case "two" | "three":
            return f"{idea.layout} {plural(names[0])}"
        case "beside":
            other = others[0]
            return choose(
                f"{first} and {other}",
                f"{first} next to {other}",
                f"{first} left of {other}",
                f"{first} to the left of {other}",
                f"{other} right of {first}",
            )
        case "stack":
            return f"{first} {choose('on top of', 'above')} {others[0]}"
        case "hold":
            return f"{first} {choose('with', 'holding')} {others[0]}"
        case "lounge":
            how = choose("lying in", "in", "lying on", "relaxing in", "on")
            rest = f" with {others[1]}" if len(others) > 1 else ""
            return f"{first} {how} {others[0]}{rest}"
    return choose(first, first, f"one {names[0]}", names[0]) if rng is not None else first


def _colour(name: str, rng: np.random.Generator | None) -> str:
    return name if rng is None else str(rng.choice(COLOUR_WORDS.get(name, (name,))))


def _where(idea: Idea, rng: np.random.Generator) -> str:
    if idea.scene != PLAIN:
        return str(rng.choice(SCENES[idea.scene]))
    return f"on {article(_colour(idea.colour, rng))} background" if rng.random() < 0.9 else ""


def _join(subject: str, where: str, rng: np.random.Generator) -> str:
    if not where:
        return subject
    if rng.random() < 0.12:
        return f"{where}, {subject}"
    return f"{subject}{',' if rng.random() < 0.1 else ''} {where}"


def _noise(rng: np.random.Generator) -> str:
    if rng.random() < 0.6:
        return str(rng.choice(FILLERS))
    letters = rng.choice(list("abcdefghijklmnopqrstuvwxyz"), size=int(rng.integers(2, 6)))
    return "".join(letters)
