"""Why somebody cannot pay, as they are told. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bot.domain.credits import Balance
from bot.domain.language import N_, _, counted, moment, spoken
from bot.domain.period import Period
from bot.domain.quota import Quota

_MOST = {
    # Translators: {need} is such as "This costs 4 credits and you have 1".
    Period.DAY: N_("{need}; the operator allows {most} a day in all, again {when}."),
    Period.WEEK: N_("{need}; the operator allows {most} a week in all, again {when}."),
    Period.MONTH: N_("{need}; the operator allows {most} a month in all, again {when}."),
}
_AGAIN = {
    Period.DAY: N_("{need}; your {credits} a day come back {when}."),
    Period.WEEK: N_("{need}; your {credits} a week come back {when}."),
    Period.MONTH: N_("{need}; your {credits} a month come back {when}."),
}


def poor(balance: Balance, quota: Quota, costs: Sequence[int]) -> str:
    """One sentence about the prices of so many grids."""
    number, need = spoken().number, _need(balance, costs)
    if balance.held:
        held = number(balance.held)
        need = _("{need} ({held} held for jobs under way)", need=need, held=held)
    when = moment(balance.resets_at, "R")
    if balance.room is not None and balance.spendable == balance.room:
        most = number(quota.most or 0)
        return _(_MOST[quota.period], need=need, most=most, when=when)
    if quota.credits == 0:
        return _("{need}; ask an admin of this server for credits.", need=need)
    return _(_AGAIN[quota.period], need=need, credits=number(quota.credits), when=when)


def _need(balance: Balance, costs: Sequence[int]) -> str:
    cost, left = sum(costs), spoken().number(balance.spendable)
    enough = sum(sofar <= balance.spendable for sofar in itertools.accumulate(costs))
    if not enough:
        return counted(
            "This costs {n} credit and you have {left}",
            "This costs {n} credits and you have {left}",
            cost,
            left=left,
        )
    return counted(
        "This costs {n} credit and you have {left}, enough for {enough} of these {grids} grids",
        "This costs {n} credits and you have {left}, enough for {enough} of these {grids} grids",
        cost,
        left=left,
        enough=enough,
        grids=len(costs),
    )
