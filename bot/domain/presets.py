"""Plans to begin with: what a server's admins may choose in its first hour. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.language import N_
from bot.domain.period import Period
from bot.domain.quota import QuotaSetting
from bot.domain.speed import Speed

FAST = frozenset({Speed.FAST, Speed.RELAX})


@dataclass(frozen=True)
class Preset:
    """Plans by name, the first of which is everybody's. `about` completes "This server: "."""

    title: str
    about: str
    plans: Mapping[str, QuotaSetting]


PRESETS: Mapping[str, Preset] = {
    "open": Preset(
        N_("Open house"),
        N_("everybody draws as they like: 100 grids a day, then relaxed for free"),
        {"Everybody": QuotaSetting(100, Period.DAY, 3, 20, relaxed=True)},
    ),
    "dalle": Preset(
        N_("DALL·E 2 style"),
        N_(
            "50 credits in the first month, 15 in each after it, none carried over; more by `/quota"
            " grant` or gift codes"
        ),
        {
            "Free": QuotaSetting(
                15, Period.MONTH, 2, 5, welcome=35, lapse=True, rollover=False, relaxed=False,
                speeds=FAST, batch=7,
            ),
        },
    ),
    "midjourney": Preset(
        N_("Midjourney style"),
        N_(
            "25 grids to try it; give roles or members Basic, Standard or Pro, which draw relaxed"
            " for free from Standard on"
        ),
        {
            "Trial": QuotaSetting(
                0, Period.MONTH, 1, 3, welcome=25, relaxed=False, speeds=frozenset({Speed.FAST}),
                batch=4,
            ),
            "Basic": QuotaSetting(
                200, Period.MONTH, 3, 10, relaxed=False, speeds=FAST | {Speed.TURBO}, batch=4
            ),
            "Standard": QuotaSetting(
                900, Period.MONTH, 3, 10, relaxed=True, speeds=FAST | {Speed.TURBO}, batch=10
            ),
            "Pro": QuotaSetting(
                1800, Period.MONTH, 12, 24, relaxed=True, speeds=FAST | {Speed.TURBO}, batch=36
            ),
        },
    ),
    "closed": Preset(
        N_("Closed beta"),
        N_("nobody draws but whom you give the plan Tester, by a role or one by one"),
        {
            "Nobody": QuotaSetting(0, Period.DAY, 1, 1, pool=False),
            "Tester": QuotaSetting(50, Period.DAY, 3, 10, pool=True),
        },
    ),
}  # fmt: skip
