"""What one bot process sustains, by the costs that are measured here and by what people do."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import statistics
from dataclasses import dataclass
from pathlib import Path

from bot.bench import crowd, ledger, reach
from bot.bench.child import Child
from bot.bench.figures import Figure, Section
from bot.bench.reach import Costs, Habits, Load, Room
from bot.bench.stage import Stage, loaded, stage
from bot.engine.local import SIMULATED

TITLE = "Capacity"
USERS = (1_000, 10_000, 100_000, 1_000_000)
HABITS, ROOM = Habits(), Room()
HOW = (
    "One process with gateway, queue and ledger; cards draw elsewhere. Measured in this run: the"
    " bot's processor time for a grid, from asking to its upload, while they flow; for another"
    " click (every second one writes something); for an event that it passes over; commits of"
    " submits by 32 at once; the database for each grid, ledger and delivery included; and what"
    " servers (20 channels, 10 roles) and members weigh in discord.py's memory. What people do is"
    f" assumed: a user asks for {HABITS.grids:g} grids a day, {HABITS.busy:.0%} of a day falls"
    f" into its busiest hour, each grid brings {HABITS.clicks:g} more clicks; a server has"
    f" {HABITS.members:g} members, of whom {HABITS.active:.1%} are users, and each reacts to"
    f" {HABITS.reactions:g} message a day. A limit is reached at {ROOM.core:.0%} of one core,"
    f" {ROOM.requests:.0%} of Discord's 50 requests a second, {ROOM.commits:.0%} of the commits,"
    f" {ROOM.mib / 1024:g} GiB of memory, or when shards take {ROOM.start_s / 60:g} minutes to"
    " begin, one every 5 s. A row of users has what happens in a second of their busiest hour, by"
    " how much the database grows, and the limit that is nearest."
)


@dataclass(frozen=True)
class Run:
    """People who keep a grid each in the bot for `flow_s`, and so many clicks."""

    people: int = 100
    flow_s: float = 15.0
    clicks: int = 300


QUICK = Run(people=20, flow_s=2.0, clicks=10)


async def measure(quick: bool) -> Section:
    """Costs first, then what they come to."""
    return section(await play(QUICK if quick else Run(), quick))


async def play(run: Run, quick: bool) -> Costs:
    """Everything that is measured."""
    async with stage(
        engine=SIMULATED,
        options={"step_seconds": 0, "previews": 0},
        ticking=False,
        model_steps=1,
    ) as place:
        people, channels = place.people(run.people), place.channels(crowd.CHANNELS)
        await loaded(place, people[0], 60)
        idle = (await place.report()).memory.get("rss", 0.0)
        click_s = await _click_s(place, run)
        before = _kept(place.folder)
        watched = crowd.Run(people=run.people, settle_s=2.0, flow_s=run.flow_s)
        flow = await crowd.flowing(place, watched, people, channels)
        (bytes_, jobs), (less, fewer) = _kept(place.folder), before
        kept = (bytes_ - less) / max(1, jobs - fewer)
    books = ledger.Run(few=3, many=200, singles=1, turns=3)
    seen = await ledger.play(ledger.Run(few=3, many=20, singles=1, turns=1) if quick else books)
    async with Child("bot.bench.caching") as child:
        weighed = await child.ask(ask="report")
    return Costs(
        flow.cpu_per_job, click_s, weighed["event_s"], statistics.median(seen.submits), kept,
        idle, weighed["server_mib"], weighed["member_mib"],
    )  # fmt: skip


async def _click_s(place: Stage, run: Run) -> float:
    """Processor seconds of the bot for a click, one after another."""
    commands = itertools.cycle(_CLICKS)
    await place.mark()
    for _ in range(run.clicks):
        await (await place.guests[0].slash(next(commands))).ack()
    return (await place.report()).cpu / run.clicks


_CLICKS = ("info", "fast", "history", "relax")


def _kept(folder: Path) -> tuple[int, int]:
    """Bytes that the database's rows fill, wherever they lie, and its jobs."""
    with contextlib.closing(sqlite3.connect(folder / "easel.sqlite3")) as connection:
        numbers = [
            connection.execute(query).fetchone()[0]
            for query in (
                "PRAGMA page_size", "PRAGMA page_count", "PRAGMA freelist_count",
                "SELECT COUNT(*) FROM jobs",
            )
        ]  # fmt: skip
    size, pages, free, jobs = numbers
    return size * (pages - free), jobs


def section(costs: Costs) -> Section:
    """The part of the report."""
    loads = [reach.load(users, HABITS, costs, ROOM) for users in USERS]
    figures = [*_measured(costs), *(_row(each) for each in loads)]
    return Section(TITLE, HOW, figures, notes_of(costs))


def _measured(costs: Costs) -> list[Figure]:
    return [
        Figure("the bot's processor time for a grid", f"{1000 * costs.grid_s:.1f} ms"),
        Figure("… for another click", f"{1000 * costs.click_s:.1f} ms"),
        Figure("… for an event that it passes over", f"{1e6 * costs.event_s:.0f} µs"),
        Figure("commits a second, 32 at once", f"{costs.commits:,.0f}"),
        Figure("the database for a grid", f"{costs.grid_bytes / 1024:.1f} KiB"),
        Figure(
            "memory: idle / a server / a member",
            f"{costs.idle_mib:.0f} MiB / {1024 * costs.server_mib:.1f} KiB /"
            f" {1024 * costs.member_mib:.2f} KiB",
        ),
    ]


def _row(load: Load) -> Figure:
    """What so many users come to, and the limit that is nearest."""
    who = f"{load.users:,} users, {load.servers:,} servers, {load.shards:,} shards"
    told = (
        f"{load.grids_s:.3g} grids, {load.grids_s + load.clicks_s:.3g} interactions and"
        f" {load.events_s:.3g} other events a second; {_size(load.database_day)} a day"
    )
    return Figure(who, told, f"{load.first}: {load.used[load.first]:.0%}", load.held)


def _size(count: float) -> str:
    """Bytes for people."""
    return f"{count / (1 << 30):.3g} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.3g} MiB"


def notes_of(costs: Costs) -> list[str]:
    """Where one process ends, and by which limits."""
    most = reach.most(HABITS, costs, ROOM)
    order = sorted(most.used, key=lambda name: -most.used[name])
    then = [f"{name} {most.used[name]:.0%}" for name in order[1:]]
    return [
        f"One process serves {most.users:,} users on {most.servers:,} servers,"
        f" {most.grids_s:.1f} grids and {most.grids_s + most.clicks_s:.0f} interactions a second;"
        f" {most.first} comes first, then {', '.join(then)}.",
        f"A channel takes one grid a second, by Discord's limit: {reach.channel_users(HABITS):,}"
        " such users, were all to draw in one.",
        "The cards are not counted: at 3.6 s a grid of SDXL a card draws 0.28 a second.",
    ]
