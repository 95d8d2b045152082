"""What an account has, and what pays a price. Pure rules.

The allowance of a period is no money: what is left of it is the limit less what was used since the
period began, so that a changed limit or period holds at once. Lasting credits are money: each
bucket of them has one source, and an end or none.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Balance(NamedTuple):
    """Whole credits of an account: what is left of the `allowance` of this period, which comes
    back at `resets_at` (UTC seconds), what stays, and what is held for jobs under way.

    `pooled` is what the server's pool has for its members; it is not the account's own. `room` is
    what the operator's cap still allows in this period; None is no cap.
    """

    allowance_left: int
    lasting: int
    held: int
    allowance: int
    resets_at: float
    room: int | None = None
    pooled: int = 0

    @property
    def there(self) -> int:
        """Whatever a cap says."""
        return self.allowance_left + self.lasting + self.pooled

    @property
    def spendable(self) -> int:
        return self.there if self.room is None else min(self.there, self.room)

    @property
    def bound(self) -> bool:
        """Whether the operator's cap allows less than there is."""
        return self.spendable < self.there


@dataclass(frozen=True)
class Bucket:
    """Lasting credits of one source; `expires_at` is UTC seconds, None is never. Of a `pool` they
    are a server's, and pay after all that is somebody's own."""

    id: int
    left: int
    expires_at: float | None = None
    pool: bool = False


@dataclass(frozen=True)
class Due:
    """Lasting credits that somebody has a right to and that are not in the book yet: they are
    written with the next job, and count until then as if they were. `key` is where they come from,
    once for each account, or more of what is in a `bucket` already; of what an `actor` offered,
    there may be a `reason` in their words."""

    source: str
    key: str
    amount: int
    expires_at: float | None
    actor: int | None = None
    reason: str = ""
    bucket: int | None = None


Payment = list[tuple[int | None, int]]
"""(bucket, or None for the allowance; credits), each bucket once."""


def payment(balance: Balance, buckets: Sequence[Bucket], cost: int) -> Payment:
    """What pays `cost`: what lapses soonest first, a pool last.

    The buckets are all that `balance` counts, and `cost` at most `balance.spendable`.
    """
    if not buckets:
        return [(None, cost)] if cost else []
    sources: list[tuple[bool, float, int | None, int]] = [
        (False, balance.resets_at, None, balance.allowance_left)
    ]
    for each in buckets:
        lapses = math.inf if each.expires_at is None else each.expires_at
        sources.append((each.pool, lapses, each.id, each.left))
    parts = []
    for _, _, bucket, left in sorted(sources, key=lambda source: source[:2]):
        part = min(left, cost)
        cost -= part
        if part:
            parts.append((bucket, part))
    return parts


def shares(
    parts: Sequence[tuple[int | None, int]], costs: Iterable[tuple[T, int]]
) -> list[tuple[T, int | None, int]]:
    """Who is paid from which bucket how much, where `parts` pay exactly the sum of `costs`."""
    if len(parts) == 1:
        return [(payee, parts[0][0], cost) for payee, cost in costs if cost]
    credits = iter([bucket for bucket, part in parts for _ in range(part)])
    return [
        (payee, bucket, part)
        for payee, cost in costs
        for bucket, part in Counter(itertools.islice(credits, cost)).items()
    ]
