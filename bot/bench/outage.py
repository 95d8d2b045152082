"""What the bot weighs while finished grids wait for Discord, and while they are uploaded then."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from bot.bench.figures import Figure, Section, below
from bot.bench.stage import UPLOAD, Seen, Stage, loaded, stage

AWAY_MIB = 150
UPLOADING_MIB = 120
NEVER_ENDING = 10**9
TITLE = "Discord is away"
HOW = (
    "2048² grids of photographic pictures are drawn while every POST of a message fails; they wait"
    " until the outage is over and are uploaded then. Memory is the highest resident size of the"
    " bot's own process since the part began; the worker and the encoder are other processes."
)


@dataclass(frozen=True)
class Run:
    """`grids` of 2 × 2 pictures of `side`² are asked for by as many people; Discord is away for at
    least `away_s`."""

    grids: int = 60
    side: int = 1024
    away_s: float = 60.0
    patience_s: float = 600.0


FULL = Run()
QUICK = Run(grids=4, away_s=4.0, patience_s=120.0)


@dataclass(frozen=True)
class Weather:
    """What the bot saw in the outage and after it, and how often it tried meanwhile."""

    before_mib: float
    away: Seen
    after: Seen
    tries: int
    grids: int
    caught_up_s: float


async def measure(quick: bool) -> Section:
    """One outage, and what follows."""
    run = QUICK if quick else FULL
    weather = await play(run)
    return Section(TITLE, HOW, figures_of(run, weather), notes_of(run, weather))


async def play(run: Run) -> Weather:
    """The whole of it on a bot that has drawn once before."""
    options = {"side": run.side, "step_seconds": 0.02, "previews": 0}
    async with stage(
        engine="bot.bench.grainy:create", options=options, model_native=run.side, model_steps=10
    ) as place:
        people = place.people(run.grids)
        await loaded(place, people[0], 120)
        return await _weathered(place, run)


async def _weathered(place: Stage, run: Run) -> Weather:
    """Ask, wait out the outage, and wait for everything that was drawn in it."""
    channels = place.channels(12)
    before = (await place.report()).memory["rss"]
    place.sandbox.faults.fail("POST", UPLOAD, 503, times=NEVER_ENDING)
    await place.mark()
    first, began = len(place.sandbox.log), time.monotonic()
    for number, person in enumerate(place.guests):
        await person.slash(
            "imagine", prompt="a lighthouse in a storm", channel=channels[number % len(channels)]
        )
    away = await _until_drawn(place, run, began)
    tries = sum(
        call.method == "POST" and call.path == "/channels/{channel_id}/messages"
        for call in place.sandbox.log[first:]
    )
    place.sandbox.faults.clear()
    await place.mark()
    over = time.monotonic()
    await place.results_of(run.grids, run.patience_s)
    after = await place.report()
    return Weather(before, away, after, tries, len(place.results), time.monotonic() - over)


async def _until_drawn(place: Stage, run: Run, began: float) -> Seen:
    """What the bot saw until every grid was drawn and the outage had lasted long enough."""
    async with asyncio.timeout(run.patience_s):
        while True:
            seen = await place.report()
            if len(seen.drawings) >= run.grids and time.monotonic() - began >= run.away_s:
                return seen
            await asyncio.sleep(1.0)


def figures_of(run: Run, weather: Weather) -> list[Figure]:
    waiting = f"{run.grids} finished grids of 2048² wait"
    return [
        below(f"{waiting}: memory", weather.away.memory["peak"], AWAY_MIB, "MiB"),
        below("… are uploaded: memory", weather.after.memory["peak"], UPLOADING_MIB, "MiB"),
        Figure("… before the outage", f"{weather.before_mib:.0f} MiB"),
        Figure("tries to post during the outage", str(weather.tries)),
        Figure("all of them visible after its end", f"{weather.caught_up_s:.1f} s"),
    ]


def notes_of(run: Run, weather: Weather) -> list[str]:
    return [
        f"{weather.grids} grids were delivered, each once; the outage lasted at least"
        f" {run.away_s:g} s. CPU of the bot: {weather.away.cpu:.1f} s during it,"
        f" {weather.after.cpu:.1f} s afterwards."
    ]
