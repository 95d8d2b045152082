"""200 people at once: how soon each is answered, how many jobs a second flow, what it weighs.

The engine draws at once, so that nothing but the bot and Discord's own limits is measured.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.bench.figures import MEMORY_MIB, Figure, Section, at_least, below, percentile, spread
from bot.bench.stage import CALLBACK, Seen, Stage, loaded, stage
from bot.engine.local import SIMULATED
from bot.sandbox import DEFER, Invocation, Person, StoredMessage

ACK_SHARE = 1.15
CPU_MS = 12
JOBS_PER_S = 45
# Each takes one message a second.
CHANNELS = 60
TITLE = "200 people at once"
HOW = (
    "Answers: everybody sends /imagine in the same instant to a bot whose engine takes 2 s a job;"
    " the answer counts when the sandbox has accepted it. A bare bot and Easel take turns, five"
    " times; their medians of p99 are compared. Jobs: everybody asks again as soon as"
    " their grid is out; the engine draws at once, in one worker; grids of 256² go to 60 channels"
    " under Discord's limits: 50 requests a second, 5 messages in 5 s for each channel."
)


@dataclass(frozen=True)
class Run:
    """How many people, how many bursts on a fresh bot each (whose jobs take `job_s`), and how long
    the flow is watched after `settle_s`."""

    people: int = 200
    bursts: int = 5
    settle_s: float = 5.0
    flow_s: float = 20.0
    job_s: float = 2.0


FULL = Run()
QUICK = Run(bursts=1, settle_s=2.0, flow_s=4.0)


@dataclass(frozen=True)
class Burst:
    """Seconds until each was answered, infinite for who was not, and how many were told first that
    the bot is "thinking"."""

    seconds: Sequence[float]
    deferred: int
    cpu: float = 0.0


@dataclass(frozen=True)
class Flow:
    """Grids that became visible in `seconds`, what the bot saw, and refusals for being too fast."""

    grids: int
    seconds: float
    seen: Seen
    refused: int
    visible: Sequence[float]

    @property
    def rate(self) -> float:
        return self.grids / self.seconds

    @property
    def cpu_per_job(self) -> float:
        """Seconds of the bot's CPU for each grid."""
        return self.seen.cpu / max(1, self.grids)


async def measure(quick: bool) -> Section:
    """Easel, and beside it a bot that only answers, for what the rest costs."""
    run = QUICK if quick else FULL
    bare, bursts = [], []
    for _ in range(run.bursts):  # in turns: the machine is not always equally fast
        bare.append(await play_burst(run, bare=True))
        bursts.append(await play_burst(run))
    async with stage(
        engine=SIMULATED,
        options={"step_seconds": 0, "previews": 0},
        ticking=False,
        model_steps=1,
    ) as place:
        people, channels = place.people(run.people), place.channels(CHANNELS)
        await loaded(place, people[0], 60)
        idle = (await place.report()).memory
        flow = await flowing(place, run, people, channels)
    return Section(TITLE, HOW, figures_of(bursts, bare, flow, idle), notes_of(bursts, bare, flow))


async def play_burst(run: Run, *, bare: bool = False) -> Burst:
    """One burst on a bot that has answered once before."""
    options = {"step_seconds": run.job_s / 10, "previews": 0}
    async with stage(
        engine=SIMULATED, options=options, bare=bare, ticking=False, model_steps=10
    ) as place:
        people, channels = place.people(run.people), place.channels(CHANNELS)
        await burst(place, people[:1], channels)
        if not bare:
            await place.results_of(1, 60)
        await place.mark()
        answered = await burst(place, people, channels)
        return replace(answered, cpu=(await place.report()).cpu)


async def burst(place: Stage, people: list[Person], channels: list[str]) -> Burst:
    """Everybody asks at once; returns when each was answered or told that the bot is silent."""
    first = len(place.sandbox.log)
    opened = []
    for number, person in enumerate(people):
        press = await ask(person, channels[number % len(channels)])
        opened.append(press.interaction)
    waiting = list(opened)

    def over() -> bool:
        waiting[:] = [each for each in waiting if each.callback is None and each.failed is None]
        return not waiting

    await place.sandbox.wait_for(over, 60)
    kinds = [each.callback["type"] for each in opened if each.callback]
    # The log follows the answers by a moment.
    await place.sandbox.wait_for(lambda: len(_answers(place, first)) >= len(kinds), 10)
    times = _answers(place, first)
    seconds = [times.get(each.id, math.inf) - each.created_at for each in opened]
    return Burst(seconds, kinds.count(DEFER))


def _answers(place: Stage, first: int) -> dict[str, float]:
    """Unix seconds by interaction of the answers logged since entry `first`."""
    return {
        call.url.split("/")[2]: call.time
        for call in place.sandbox.log[first:]
        if call.path == CALLBACK and call.status == 200
    }


async def flowing(place: Stage, run: Run, people: list[Person], channels: list[str]) -> Flow:
    """Keep one job of everybody in the bot and count what comes out."""
    homes = {person.id: (person, channels[n % len(channels)]) for n, person in enumerate(people)}
    asking: set[asyncio.Task[object]] = set()

    def again(message: StoredMessage) -> None:
        owner = message.content.rsplit("<@", 1)[-1].split(">")[0]
        if owner in homes:
            asking.add(asyncio.ensure_future(ask(*homes[owner])))

    place.on_result = again
    for home in homes.values():
        await ask(*home)
    await asyncio.sleep(run.settle_s)
    await place.mark()
    first, began = len(place.sandbox.log), time.monotonic()
    await asyncio.sleep(run.flow_s)
    seconds, grids = time.monotonic() - began, len(place.results)
    place.on_result = lambda message: None
    seen = await place.report()
    refused = sum(call.status == 429 for call in place.sandbox.log[first:])
    return Flow(grids, seconds, seen, refused, place.drawn_to_visible(seen.drawings))


async def ask(person: Person, channel: str) -> Invocation:
    return await person.slash("imagine", prompt="a red fox asleep in snow", channel=channel)


def figures_of(
    bursts: Sequence[Burst], bare: Sequence[Burst], flow: Flow, idle: dict[str, float]
) -> list[Figure]:
    acks = [seconds for each in bursts for seconds in each.seconds]
    least = [seconds for each in bare for seconds in each.seconds]
    share = statistics.median(_p99s(bursts)) / statistics.median(_p99s(bare))
    most = flow.seen.memory["peak"]
    return [
        below("interaction → acknowledged: p99, as a multiple of a bare bot's", share, ACK_SHARE),
        Figure("interaction → acknowledged: p50 / p99 / maximum", spread(acks)),
        Figure("… by a bare discord.py bot that does nothing else", spread(least)),
        at_least("jobs a second, sustained (Discord allows 50)", flow.rate, JOBS_PER_S),
        Figure("drawn → visible at that rate: p95", _seconds(flow.visible)),
        below("bot's CPU a job", 1000 * flow.cpu_per_job, CPU_MS, "ms"),
        below("memory of the bot, highest", most, MEMORY_MIB, "MiB"),
        Figure("… at rest, RSS / PSS", _rss(idle)),
        Figure("… after the crowd, RSS / PSS", _rss(flow.seen.memory)),
        Figure(
            "torch in the bot's process",
            "yes" if flow.seen.torch else "no",
            "no",
            not flow.seen.torch,
        ),
    ]


def _p99s(bursts: Sequence[Burst]) -> list[float]:
    return [percentile(each.seconds, 0.99) for each in bursts]


def notes_of(bursts: Sequence[Burst], bare: Sequence[Burst], flow: Flow) -> list[str]:
    share = flow.seen.cpu / flow.seconds
    deferred = sum(each.deferred for each in bursts)
    return [
        f"{deferred} of {sum(len(each.seconds) for each in bursts)} answers were “thinking…”,"
        " filled in afterwards. The bot's CPU until the last of a burst was answered:"
        f" {_least_cpu(bursts)}; the bare bot's: {_least_cpu(bare)}.",
        f"The bot used {share:.0%} of a core while jobs flowed; Discord refused {flow.refused}"
        f" of its requests with 429 in {flow.seconds:.0f} s.",
        "The sandbox and the 200 people share the machine with the bot; the bare bot's line is"
        " what they and discord.py take.",
    ]


def _least_cpu(bursts: Sequence[Burst]) -> str:
    return f"{1000 * min(each.cpu for each in bursts):.0f} ms"


def _seconds(values: Sequence[float]) -> str:
    return f"{percentile(values, 0.95):.2f} s" if values else "–"


def _rss(memory: dict[str, float]) -> str:
    return " / ".join(
        f"{memory[part]:.0f} MiB" if part in memory else "–" for part in ("rss", "pss")
    )
