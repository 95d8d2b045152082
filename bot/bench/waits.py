"""How long people wait: a thousand of them in a simulated town, first come, first served, fairly,
and fairly with batching.
"""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.bench import foresight
from bot.bench.figures import Figure, Section, below, percentile
from bot.bench.town import GRID, Ask, Machine, Policy, Town

FIFO, FAIR = Policy("first come, first served", fair=False), Policy("fair")
BATCHING = Policy("fair, with batching", batching=True)
POLICIES = (FIFO, FAIR, BATCHING)
# As measured on a card, see BENCHMARKS.md; and a card that one grid saturates, at 60 % of the
# matrix products of an H200.
SDXL = Machine(0.0456, 0.0123, 0.0, 0.25)
SATURATED = Machine(0.0, 0.0142, 0.0, 0.22)
STEPS = (20, 30, 50)
DUMPERS, DUMP = 4, 25
BAR = 36
AIM_S = 20
TITLE = "A thousand people"
HOW = (
    "The product's own queue, routing, turns and batch knee, with a clock that jumps: grids of SDXL"
    " at 1024² with 20, 30 or 50 steps, whose steps take as long as was measured on a card. Seconds"
    " from asking to the grid. A thousand people, some of whom ask a hundred times as often as"
    " others; they come at random, in waves, and now and then many at once; 70 % of what the cards"
    " can draw one grid at a time is asked for, and beside them four people ask for 25 grids each"
    " at once for every card. Medians of twenty towns of 300 and five of a thousand people, on none"
    " of which a policy was tuned. Whatever is done about dumpers, the others wait for each other:"
    " the rows where nobody dumped tell how long. The bound is for a card that always draws as"
    " quickly as with two grids in each step, stops and goes on for nothing and knows who comes;"
    " and nobody may wait there for longer"
    " than the longest wait by first come, first served."
)


@dataclass(frozen=True)
class Run:
    """Towns that are simulated for so many seconds, those of a thousand people for `crowded`: so
    many of `large` ones. Of the small ones there are more, for the luck of a few hundred grids
    moves their p95 by a third.

    `first` is the seed of the first: the policies were tuned on towns before it.
    """

    small: int = 20
    large: int = 5
    first: int = 100
    seconds: float = 1800.0
    crowded: float = 600.0
    cards: Sequence[int] = (1, 2, 4, 8)


@dataclass(frozen=True)
class Waits:
    """Seconds of p50, p95 and p99 of everybody but the dumpers."""

    p50: float
    p95: float
    p99: float

    def __str__(self) -> str:
        return f"{self.p50:.1f} / {self.p95:.1f} / {self.p99:.1f} s"


async def measure(quick: bool) -> Section:
    """All of it, beside the event loop."""
    run = Run(small=1, large=1, seconds=300.0, crowded=200.0, cards=(1, 2)) if quick else Run()
    return await asyncio.to_thread(_section, run)


def _section(run: Run) -> Section:
    figures: list[Figure] = []
    for machine, name in ((SDXL, "the card as measured"), (SATURATED, "a card that a grid fills")):
        light = {policy: dumped(policy, machine, run) for policy in POLICIES}
        what = f"{DUMPERS} dumpers, {name}: p95 of 300 others"
        figures.append(below(what, light[BATCHING].p95, AIM_S, "s"))
        figures += [
            Figure(f"… {policy.name}: p50 / p95 / p99", f"{waits}")
            for policy, waits in light.items()
        ]
        figures += _undumped(machine, run)
    towns = {cards: [crowd(policy, cards, run) for policy in POLICIES] for cards in run.cards}
    figures += [
        Figure(f"{_cards(cards)}, {policy.name}: p50 / p95 / p99", f"{waits}")
        for cards, each in towns.items()
        for policy, waits in zip(POLICIES, each, strict=True)
    ]
    return Section(TITLE, HOW, figures, list(plotted(towns)))


def _undumped(machine: Machine, run: Run) -> list[Figure]:
    towns = [[ask for ask in asks if not _dumps(ask.person)] for asks in _evenly(machine, run)]
    waits = _median([_town(BATCHING, 1, machine, asks) for asks in towns])
    bound = statistics.median(_least_p95(machine, asks) for asks in towns)
    return [
        Figure(f"… {BATCHING.name}, had nobody dumped: p50 / p95 / p99", f"{waits}"),
        Figure("… in any order, had nobody dumped: p95 at least", f"{bound:.1f} s"),
    ]


def _least_p95(machine: Machine, asks: Sequence[Ask]) -> float:
    step_s = machine.step_s(2 * GRID) / 2
    works = [(ask.at, ask.steps * step_s + machine.decode_s) for ask in asks]
    return foresight.least(works, 0.95, max(foresight.in_order(works)))


def dumped(policy: Policy, machine: Machine, run: Run) -> Waits:
    """300 people who ask as often as each other, and the dumpers, on one card."""
    return _median([_town(policy, 1, machine, asks) for asks in _evenly(machine, run)])


def _evenly(machine: Machine, run: Run) -> list[list[Ask]]:
    seeds = range(run.first, run.first + run.small)
    return [even(seed, machine, run.seconds) for seed in seeds]


def crowd(policy: Policy, cards: int, run: Run) -> Waits:
    """A thousand people and the dumpers."""
    seeds = range(run.first, run.first + run.large)
    return _median(
        [_town(policy, cards, SDXL, waves(seed, SDXL, cards, run.crowded)) for seed in seeds]
    )


def _town(policy: Policy, cards: int, machine: Machine, asks: Sequence[Ask]) -> Waits:
    town = Town(cards, machine, policy)
    town.run(asks)
    waits = [
        wait for person, each in town.waits.items() if not _dumps(person) for wait in each
    ]  # fmt: skip
    return Waits(*(percentile(waits, share) for share in (0.5, 0.95, 0.99)))


def _dumps(person: str) -> bool:
    return person.startswith("D")


def _median(towns: Sequence[Waits]) -> Waits:
    return Waits(
        *(
            statistics.median(getattr(each, name) for each in towns)
            for name in ("p50", "p95", "p99")
        )
    )


def even(seed: int, machine: Machine, seconds: float) -> list[Ask]:
    """Everybody as often as the others, at random."""
    dice = random.Random(seed)
    rate = 0.7 / machine.grid_s(statistics.mean(STEPS))
    came = at_random(dice, rate, seconds)
    asks = [Ask(at, f"{dice.randrange(300)}", dice.choice(STEPS)) for at in came]
    return asks + dumps(dice, seconds, 1)


def waves(seed: int, machine: Machine, cards: int, seconds: float) -> list[Ask]:
    """Some ask a hundred times as often; two waves, and a crowd at once in each."""
    dice = random.Random(seed)
    rate = 0.7 * cards / machine.grid_s(statistics.mean(STEPS))
    people, often = range(1000), [1 / (1 + number / 10) for number in range(1000)]
    times = [at for at in at_random(dice, 1.5 * rate, seconds)
             if dice.random() < (1.5 if 4 * at // seconds % 2 else 0.5) / 1.5]  # fmt: skip
    for wave in (0.35, 0.85):
        times += [seconds * wave + dice.uniform(0, 60) for _ in range(round(20 * rate))]
    asks = [Ask(at, f"{dice.choices(people, often)[0]}", dice.choice(STEPS)) for at in times]
    return asks + dumps(dice, seconds, cards)


def at_random(dice: random.Random, rate: float, seconds: float) -> list[float]:
    """A Poisson process."""
    times, at = [], dice.expovariate(rate)
    while at < seconds:
        times.append(at)
        at += dice.expovariate(rate)
    return times


def dumps(dice: random.Random, seconds: float, cards: int) -> list[Ask]:
    """Each dumper's, at one moment."""
    return [
        Ask(at, f"D{number}", 30)
        for number in range(DUMPERS)
        for at in [dice.uniform(0, 0.8 * seconds)]
        for _ in range(DUMP * cards)
    ]


def plotted(towns: dict[int, list[Waits]]) -> Iterator[str]:
    """A bar for each p95, as long as the wait."""
    longest = max(waits.p95 for each in towns.values() for waits in each)
    for cards, each in towns.items():
        for policy, waits in zip(POLICIES, each, strict=True):
            bar = "█" * max(1, round(BAR * waits.p95 / longest))
            yield f"`{bar:<{BAR}}` p95 {waits.p95:.0f} s: {_cards(cards)}, {policy.name}"


def _cards(number: int) -> str:
    return f"{number} card" + "s" * (number > 1)
