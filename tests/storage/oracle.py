"""What the books of credits should say, in plain Python: one credit at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bot.domain.credits import Balance
from bot.domain.period import Period
from bot.domain.quota import Quota

DAY_S = 86_400.0


@dataclass
class Source:
    """Lasting credits. Of each that was given it is known what came of it."""

    given: int
    expires_at: float | None = None
    origin: str = ""
    pool: bool = False
    left: int = -1
    ended: int = 0

    def __post_init__(self) -> None:
        self.left = self.given


@dataclass
class Hold:
    """A job's payment; `allowance` counts until it is released or forgiven."""

    at: float
    cost: int
    allowance: int = 0
    lasting: list[Source] = field(default_factory=list)
    open: bool = True
    released: bool = False


@dataclass
class Offer:
    key: str
    amount: int
    expires_at: float | None


class Oracle:
    """One account and the pool of its server."""

    def __init__(self) -> None:
        self.started: float | None = None
        self.sources: list[Source] = []
        self.holds: dict[str, Hold] = {}
        self.offers: list[Offer] = []
        self.taken_back = 0
        self.carries = (0, Period.DAY, 0.0)

    def start(self, now: float) -> float:
        return now if self.started is None else self.started

    def began(self, quota: Quota, now: float) -> float:
        return quota.period.began(now, self.start(now))

    def used(self, since: float, until: float = math.inf) -> int:
        """Of the allowance, which counts by days."""
        return sum(
            hold.allowance
            for hold in self.holds.values()
            if since <= hold.at // DAY_S * DAY_S < until
        )

    def allowance_left(self, quota: Quota, now: float) -> int:
        return max(0, quota.credits - self.used(self.began(quota, now)))

    def dues(self, quota: Quota, now: float) -> list[Source]:
        """What the account has a right to and does not have yet."""
        ends = quota.period.ends(now, self.start(now))
        found = []
        if self.started is None and quota.welcome:
            found.append(Source(quota.welcome, ends if quota.lapse else None, "welcome"))
        for offer in self.offers:
            if offer.expires_at is None or offer.expires_at > now:
                found.append(Source(offer.amount, offer.expires_at, offer.key))
        had = {source.origin for source in self.sources}
        new = [source for source in found if source.origin not in had]
        return new + self.rollover(quota, now)

    def rollover(self, quota: Quota, now: float) -> list[Source]:
        """What was left of the period before when it was over, or came back since, under what the
        account drew in it at the latest."""
        start, began = self.start(now), self.began(quota, now)
        credits, period, since = self.carries
        if not quota.rollover or began <= start or period != quota.period or since >= began:
            return []
        ends, key = quota.period.ends(now, start), f"rollover:{began:.0f}"
        had = [source for source in self.sources if source.origin == key]
        used = self.used(max(start, quota.period.began(began - 1, start)), began)
        left = min(credits, quota.credits) - used - sum(source.given for source in had)
        if left <= 0 or any(source.expires_at != ends for source in had):
            return []
        return [Source(left, ends, key)]

    def lasting(self, now: float, pool: bool = False) -> list[Source]:
        """Soonest to end first."""
        live = [
            s
            for s in self.sources
            if s.left and s.pool == pool and (s.expires_at is None or s.expires_at > now)
        ]
        return sorted(live, key=lambda s: s.expires_at or math.inf)

    def room(self, quota: Quota, now: float) -> int | None:
        if quota.most is None:
            return None
        began = self.began(quota, now)
        charged = sum(h.cost for h in self.holds.values() if h.at >= began and not h.released)
        return max(0, quota.most - charged)

    def balance(self, quota: Quota, now: float) -> Balance:
        own = sum(source.left for source in self.lasting(now))
        due = sum(source.left for source in self.dues(quota, now))
        return Balance(
            self.allowance_left(quota, now),
            own + due,
            sum(hold.cost for hold in self.holds.values() if hold.open),
            allowance=quota.credits,
            resets_at=quota.period.ends(now, self.start(now)),
            room=self.room(quota, now),
            pooled=sum(s.left for s in self.lasting(now, pool=True)) if quota.pool else 0,
        )

    def pay(self, job: str, cost: int, quota: Quota, now: float) -> bool:
        """Take each credit from what lapses soonest, the pool's last; False, and nothing taken or
        written, when too few."""
        if self.balance(quota, now).spendable < cost:
            return False
        resets_at = quota.period.ends(now, self.start(now))
        self.settle(quota, now, always=True)
        left = self.allowance_left(quota, now)
        hold = Hold(now, cost)
        for _ in range(cost):
            lasting = self.lasting(now)
            soonest = (lasting[0].expires_at or math.inf) if lasting else math.inf
            if left - hold.allowance > 0 and (not lasting or resets_at <= soonest):
                hold.allowance += 1
                continue
            source = (lasting or self.lasting(now, pool=True))[0]
            source.left -= 1
            hold.lasting.append(source)
        self.holds[job] = hold
        return True

    def settle(self, quota: Quota, now: float, *, always: bool = False) -> None:
        """Write what is due, and with it what has ended and when the account began."""
        if not (always or self.dues(quota, now)):
            return
        self.expire(now, own=True)
        self.sources += self.dues(quota, now)
        if self.started is None:
            self.started = now // DAY_S * DAY_S
        if (quota.credits if quota.rollover else 0, quota.period) != self.carries[:2]:
            self.carries = (quota.credits if quota.rollover else 0, quota.period, now)

    def end(self, job: str, *, spent: bool) -> None:
        hold = self.holds[job]
        hold.open = False
        if not spent:
            hold.allowance, hold.released = 0, True
            for source in hold.lasting:
                source.left += 1

    def take_back(self, amount: int, now: float, pool: bool = False) -> int:
        taken = 0
        while taken < amount and (lasting := self.lasting(now, pool)):
            lasting[0].left -= 1
            taken += 1
        self.taken_back += taken
        return taken

    def forgive(self) -> None:
        for hold in self.holds.values():
            hold.allowance = 0

    def expire(self, now: float, *, own: bool = False) -> None:
        """Credits whose end has come are written off, each once."""
        for source in self.sources:
            over = source.expires_at is not None and source.expires_at <= now
            if over and not (own and source.pool):
                source.ended += source.left
                source.left = 0
