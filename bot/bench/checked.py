"""What the check of pictures costs, and how often it is wrong about innocent ones."""

from __future__ import annotations

from collections.abc import Sequence

from bot.bench.child import Child
from bot.bench.figures import Figure, Section, below, milliseconds, percentile
from bot.domain.safety import THRESHOLD

TITLE = "The picture check"
MOST_MS = 25.0
HOW = (
    "The classifier in the box, in a process of its own: a picture of 512² again and again on one"
    " core, and pictures that the embedded model draws of everything that it knows, none of which"
    f" is unsafe. A false alarm is a score of {THRESHOLD:g} or more."
)
_CHECKING = "bot.bench.checking"


async def measure(quick: bool) -> Section:
    """Raises EaselError."""
    async with Child(_CHECKING) as child:
        seconds = (await child.ask(times=10 if quick else 200))["seconds"]
    async with Child(_CHECKING) as child:
        scores = (await child.ask(pictures=4 if quick else 500))["scores"]
    return Section(TITLE, HOW, figures_of(seconds, scores))


def figures_of(seconds: Sequence[float], scores: Sequence[float]) -> list[Figure]:
    """Time, then alarms."""
    alarms = sum(score >= THRESHOLD for score in scores)
    highest = percentile(scores, 1.0)
    return [
        below("a picture of 512² on one core, p50", milliseconds(seconds, 0.5), MOST_MS, "ms"),
        Figure("the same, p99", f"{milliseconds(seconds, 0.99):.3g} ms"),
        Figure("false alarms", f"{alarms} of {len(scores)}"),
        Figure(
            "scores of these, p50 / p99 / maximum",
            f"{percentile(scores, 0.5):.3f} / {percentile(scores, 0.99):.3f} / {highest:.3f}",
        ),
    ]
