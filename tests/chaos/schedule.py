"""Who does what and what goes wrong when, by a seed alone: the same seed gives the same schedule.

Pure. A fault comes when so many jobs were accepted; what somebody does is decided by numbers that
are applied to what is there when it is done.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

DEEDS = {"imagine": 46, "vary": 14, "reroll": 8, "upscale": 22, "cancel": 6, "grant": 7}
WORDS = ("fox", "owl", "boat", "lamp", "hare", "moth", "fern", "well", "harp", "tide")


@dataclass(frozen=True)
class Deed:
    """`person` and `place` are numbers of people and channels, `pick` a share of what can be picked
    from, such as grids to press on."""

    number: int
    what: str
    person: int
    place: int
    pick: float
    words: str
    amount: int


@dataclass(frozen=True)
class Blow:
    """`fault` comes at the job of this number; `seed` decides how hard it hits. `beside` comes
    with it, where it is not empty."""

    number: int
    at: int
    fault: str
    seed: int
    beside: str = ""


@dataclass(frozen=True)
class Schedule:
    seed: int
    people: int
    places: int
    blows: tuple[Blow, ...]

    def deeds(self) -> Iterator[Deed]:
        """Without an end: people go on until the jobs are there."""
        dice = random.Random(f"deeds of {self.seed}")
        number = 0
        while True:
            [what] = dice.choices(list(DEEDS), list(DEEDS.values()))
            yield Deed(
                number, what, dice.randrange(self.people), dice.randrange(self.places),
                dice.random(), _prompt(dice), dice.choice([5, 10, 20, 40]),
            )  # fmt: skip
            number += 1


def _prompt(dice: random.Random) -> str:
    words = f"a {dice.choice(WORDS)} and a {dice.choice(WORDS)} {dice.randrange(10_000)}"
    more = dice.choices(["", " --ar 3:2", " --seed 7", " --v 7"], [70, 10, 10, 10])[0]
    return words + more


def schedule(
    seed: int, jobs: int, every: int, faults: Mapping[str, int], *, people: int, places: int,
    beside: Sequence[str] = (),
) -> Schedule:  # fmt: skip
    """A fault about `every` so many jobs, chosen by weight; each comes once before any comes for
    the second time, as long as there is room for all. With one of three comes one of `beside`."""
    dice = random.Random(f"blows of {seed}")
    pairs = random.Random(f"pairs of {seed}")
    names, weights = list(faults), list(faults.values())
    first = dice.sample(names, len(names)) if names else []
    blows, at = [], every // 2
    while names and at < jobs:
        number = len(blows)
        [other] = dice.choices(names, weights)
        name = first[number] if number < len(first) else other
        second = pairs.choice(["", "", pairs.choice(beside)]) if beside else ""
        blows.append(Blow(number, at, name, dice.randrange(1 << 30), second))
        at += max(1, round(every * dice.uniform(0.6, 1.4)))
    return Schedule(seed, people, places, tuple(blows))
