"""How much of the time the worker draws while Discord is slow and 20 jobs wait.

The closest peer, whose worker uploads and edits between two jobs, was measured at 0.21 and 0.64 in
these two cases.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from bot.bench.drawings import busy_fraction, gaps
from bot.bench.figures import Figure, Section, at_least, percentile, spread
from bot.bench.stage import EDIT, UPLOAD, Seen, loaded, stage

AIM = 0.98
EDIT_S = 0.15
TITLE = "Worker busy"
HOW = (
    "20 jobs of 5 users wait; the engine is simulated; Discord takes 0.15 s for an edit and the"
    " time named for an upload; everything goes to one channel, under its limit of 5 messages in"
    " 5 s. Busy is the sum of drawing times over the time from the first start to the last end."
)


@dataclass(frozen=True)
class Run:
    """Seconds a job takes on the engine and an upload takes at Discord; the pictures' side."""

    job_s: float
    upload_s: float
    side: int
    peer: float = 0.0
    jobs: int = 20
    users: int = 5
    steps: int = 10


RUNS = (Run(0.5, 0.4, 512, 0.21), Run(4.0, 0.8, 1024, 0.64))
QUICK = (Run(0.5, 0.4, 512, 0.21, jobs=6, users=3),)


async def measure(quick: bool) -> Section:
    """Each case on a fresh bot."""
    figures: list[Figure] = []
    notes: list[str] = []
    for run in QUICK if quick else RUNS:
        seen, visible = await play(run)
        figures += figures_of(run, seen)
        notes.append(
            f"{run.job_s:g} s a job: {len(seen.drawings)} grids of {2 * run.side}²; drawn →"
            f" visible p95 {percentile(visible, 0.95):.2f} s, the upload's {run.upload_s:g} s and"
            " the channel's limit included."
        )
    return Section(TITLE, HOW, figures, notes)


async def play(run: Run) -> tuple[Seen, list[float]]:
    """What the bot saw, and seconds from drawn to visible."""
    # One at a time: where several share steps, a worker that waits does not show.
    options = {"side": run.side, "step_seconds": run.job_s / run.steps, "slots": 1}
    async with stage(
        engine="bot.bench.grainy:create",
        options=options,
        model_native=run.side,
        model_steps=run.steps,
    ) as place:
        people = place.people(run.users)
        await loaded(place, people[0], 60)
        place.sandbox.faults.latency("POST", UPLOAD, run.upload_s)
        place.sandbox.faults.latency("PATCH", EDIT, EDIT_S)
        await place.mark()
        for person in itertools.islice(itertools.cycle(people), run.jobs):
            await person.slash("imagine", prompt="a lighthouse on a cliff in a storm")
        await place.results_of(run.jobs, 60 + run.jobs * (1 + run.job_s))
        seen = await place.report()
        return seen, place.drawn_to_visible(seen.drawings)


def figures_of(run: Run, seen: Seen) -> list[Figure]:
    name = f"{run.job_s:g} s a job, {run.upload_s:g} s an upload"
    return [
        at_least(f"{name}: busy", busy_fraction(seen.drawings), AIM),
        Figure(f"{name}: the closest peer", f"{run.peer:g}"),
        Figure(f"{name}: gap between drawings, p50 / p99 / maximum", spread(gaps(seen.drawings))),
    ]
