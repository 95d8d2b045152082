"""Why somebody cannot pay, as they are told. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bot.domain.credits import Balance
from bot.domain.quota import Quota


def poor(balance: Balance, quota: Quota, costs: Sequence[int]) -> str:
    """One sentence about the prices of so many grids."""
    cost = sum(costs)
    need = f"This costs {cost} credit{'s' if cost > 1 else ''} and you have {balance.spendable}"
    enough = sum(sofar <= balance.spendable for sofar in itertools.accumulate(costs))
    if enough:
        need += f", enough for {enough} of these {len(costs)} grids"
    if balance.held:
        need += f" ({balance.held} held for jobs under way)"
    if balance.room is not None and balance.spendable == balance.room:
        back = f"<t:{balance.resets_at:.0f}:R>"
        return f"{need}; the operator allows {quota.most} a {quota.period} in all, again {back}."
    if quota.credits == 0:
        return f"{need}; ask an admin of this server for credits."
    return f"{need}; your {quota.credits} a {quota.period} come back <t:{balance.resets_at:.0f}:R>."
