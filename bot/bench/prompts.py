"""What it costs to understand a prompt, and to plan what it asks for."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.bench.figures import Section, below, percentile
from bot.domain.prompt import MAX_LENGTH, Prompt
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests

TITLE = "Prompts"
HOW = (
    f"Prompts of {MAX_LENGTH:,} characters, of prose, of parameters, of weights and of dashes in"
    " prose, are read and made into requests in turns. Forty permutations are planned at once."
)
LONGEST_MS = 2.0
PERMUTED_MS = 50.0
_LONG = (
    "a quiet harbour at dawn, fishing boats, soft light over the water, gulls, ",
    "a lighthouse on a cliff — no people, wide — its lamp lit --no fog, rain ",
    "a red barn::2 a green field::1.5 a low sun::0.5 ",
    "well-worn steps, a half-open door, a 1920–1930 street, state-of-the-art lamps, ",
)
_TAIL = "--ar 3:2 --stylize 250 --chaos 20 --seed 7 --v 6.1 --style raw"
_LONGER = 600
"""Room for the canonical form, which writes every weight and name out."""
_PERMUTED = "a {red, green, blue, grey} {barn, boat} {at dawn, at noon, at dusk, at night, in fog}"


async def measure(quick: bool) -> Section:
    """Timed one by one."""
    times = 50 if quick else 500
    prompts = [_filled(text) for text in _LONG]
    reading = [_timed(lambda each=each: _planned(each)) for _ in range(times) for each in prompts]
    permuting = [_timed(lambda: _planned(_PERMUTED)) for _ in range(times // 10)]
    figures = [
        below(f"{MAX_LENGTH:,} characters, p99", _ms(reading), LONGEST_MS, "ms"),
        below("40 permutations, p99", _ms(permuting), PERMUTED_MS, "ms"),
    ]
    return Section(TITLE, HOW, figures)


def _ms(seconds: list[float]) -> float:
    return percentile(seconds, 0.99) * 1000


def _filled(text: str) -> str:
    room = MAX_LENGTH - len(_TAIL) - _LONGER
    return f"{(text * (room // len(text) + 1))[:room].rstrip(' -—')} {_TAIL}"


def _planned(text: str) -> list[object]:
    return [
        requests.imagine(EMBEDDED_CARD, reading.prompt) for reading in Prompt.read_all(text, 40)
    ]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
