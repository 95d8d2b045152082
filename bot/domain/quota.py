"""What a person may do on a server: credits, jobs, speeds, sizes, models. Pure rules.

Precedence: a user's own setting, then the plan that a user was given, then plans that were bought,
then what roles have, then the server's default, then the operator's. Each field is decided apart,
so a role may raise only one; of several roles, or plans that were bought, the most generous counts.
Where both a setting and a plan speak for the same role or user, the setting does. The operator's
caps stand above them all.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from bot.domain.period import Period
from bot.domain.speed import Speed

# Whom a setting is for: everybody on a server, members with a role, one user.
Scope = Literal["server", "role", "user"]
SCOPES: tuple[Scope, ...] = ("server", "role", "user")
SPEEDS = frozenset(Speed)


@dataclass(frozen=True)
class Quota:
    """What holds for one user: whole credits each period, grids drawn at once, jobs waiting.

    `most` is the operator's cap on what may be spent in a period, whatever pays; None is no cap.
    `welcome` credits come once, at first use, and end with the first period where they `lapse`.
    With `rollover`, what is left of a period's credits stays for the next. Who may be `relaxed`
    draws relaxed and free of charge once the credits are out. `pool` lets them draw on the
    server's. `batch` is how many grids one command may ask for, `side` that of the largest square
    whose pixels a picture may have (0: whatever the model draws), `models` which may be used
    (none: all).
    """

    credits: int = 25
    period: Period = Period.DAY
    running: int = 3
    waiting: int = 10
    most: int | None = None
    welcome: int = 0
    lapse: bool = False
    rollover: bool = False
    relaxed: bool = False
    pool: bool = True
    speeds: frozenset[Speed] = SPEEDS
    batch: int = 40
    side: int = 0
    models: frozenset[str] = frozenset()


@dataclass(frozen=True)
class QuotaSetting:
    """One line an admin wrote, or what a plan gives; None leaves a field to the next in precedence.

    `credits` and `period` go together.
    """

    credits: int | None = None
    period: Period | None = None
    running: int | None = None
    waiting: int | None = None
    welcome: int | None = None
    lapse: bool | None = None
    rollover: bool | None = None
    relaxed: bool | None = None
    pool: bool | None = None
    speeds: frozenset[Speed] | None = None
    batch: int | None = None
    side: int | None = None
    models: frozenset[str] | None = None

    @property
    def empty(self) -> bool:
        return self is SILENT or self == SILENT

    def over(self, older: QuotaSetting) -> QuotaSetting:
        """This setting where it speaks, `older` where it is silent."""
        said = self.said()
        if self.credits is None and self.period is None:
            return replace(older, **said)
        return replace(older, **{"credits": None, "period": None, **said})

    def besides(self, stronger: QuotaSetting) -> QuotaSetting:
        """What is left of it where a stronger one speaks."""
        return self.without(stronger.said().keys())

    def without(self, names: Iterable[str]) -> QuotaSetting:
        """The same, silent about these fields."""
        return replace(self, **dict.fromkeys(names))

    def gone(self, silent: Collection[str]) -> dict[str, Any]:
        """Those of these fields of which it speaks, as an audit entry says that it does no more."""
        names = sorted(self.said().keys() & silent)
        return {"silent": names} if names else {}

    def said(self) -> dict[str, Any]:
        """The fields that it decides, by name."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: _plain(value) for name, value in self.said().items()}

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> QuotaSetting:
        """The other way; what another version knows besides is left out."""
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in said.items() if name in known}
        if "period" in values:
            values["period"] = Period(values["period"])
        if "speeds" in values:
            values["speeds"] = frozenset(each for each in Speed if each.value in values["speeds"])
        if "models" in values:
            values["models"] = frozenset(values["models"])
        return cls(**values)


SILENT = QuotaSetting()


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


Limits = TypeVar("Limits", Quota, QuotaSetting)


@dataclass(frozen=True)
class Caps:
    """What the operator allows at most, whatever admins say; 0 is no cap."""

    credits: int = 0
    running: int = 0
    waiting: int = 0

    def bound(self, limits: Limits) -> Limits:
        """The limits where they are lower; a cap never raises one."""
        return replace(
            limits,
            credits=_least(limits.credits, self.credits),
            running=_least(limits.running, self.running),
            waiting=_least(limits.waiting, self.waiting),
        )


def _least(value: Any, cap: int) -> Any:
    return min(value, cap) if cap and value is not None else value


@dataclass(frozen=True)
class Level:
    """Who speaks: a setting for a `target`, or the `plan` of that name that it has. A plan that was
    bought has no target."""

    setting: QuotaSetting
    scope: Scope | Literal["bought", "operator"] = "operator"
    target: int = 0
    plan: str = ""


@dataclass(frozen=True)
class Decision:
    """A quota, and who decided each of its fields; the operator where none is named. A field that
    a cap lowers is in `capped`, and `also` has who adds to what one of `by` allows."""

    quota: Quota
    by: Mapping[str, Level] = field(default_factory=dict)
    capped: frozenset[str] = frozenset()
    also: Mapping[str, tuple[Level, ...]] = field(default_factory=dict)

    def levels(self, name: str) -> tuple[Level | None, ...]:
        """All who decide a field together; None is the operator."""
        return (self.by.get(name), *self.also.get(name, ()))


def decide(fallback: Quota, groups: Sequence[Sequence[Level]], caps: Caps = Caps()) -> Decision:
    """The quota that holds for a user. Groups come in their precedence, see the module's; within
    one the most generous of each field counts."""
    chosen: dict[str, Level] = {}
    groups = [group for group in groups if any(not each.setting.empty for each in group)]
    if not groups:
        return _undecided(fallback, caps)
    for group in groups:
        for name in _FIELDS:
            speaking = [each for each in group if getattr(each.setting, name) is not None]
            if name not in chosen and speaking:
                chosen[name] = max(speaking, key=lambda level: _generosity(level.setting, name))
    values = {name: getattr(level.setting, name) for name, level in chosen.items()}
    if "credits" in chosen:
        values["period"] = chosen["credits"].setting.period or Period.DAY
    also: dict[str, tuple[Level, ...]] = {}
    for name in ("speeds", "models"):  # of equals in precedence all that any of them allows
        if name in chosen:
            values[name], also[name] = _united(chosen[name], groups, name)
    return replace(_capped(replace(fallback, **values), chosen, caps), also=also)


@functools.lru_cache(64)
def _undecided(fallback: Quota, caps: Caps) -> Decision:
    """Where nobody says anything, as is so for nearly everybody."""
    return _capped(fallback, {}, caps)


def _capped(wanted: Quota, chosen: Mapping[str, Level], caps: Caps) -> Decision:
    bound = replace(caps.bound(wanted), most=caps.credits or wanted.most)
    capped = {name for name in _CAPPED if getattr(bound, name) != getattr(wanted, name)}
    return Decision(bound, chosen, frozenset(capped))


_FIELDS = [each.name for each in fields(QuotaSetting) if each.name != "period"]
_CAPPED = ("credits", "running", "waiting")


def _generosity(setting: QuotaSetting, name: str) -> float:
    value = getattr(setting, name)
    if name == "credits":
        return value / (setting.period or Period.DAY).days
    if name == "lapse":
        return not value
    if name in ("side", "models"):  # none is no limit
        return float(value if isinstance(value, int) else len(value)) or float("inf")
    return float(value if isinstance(value, int) else len(value))


def _united(
    best: Level, groups: Sequence[Sequence[Level]], name: str
) -> tuple[frozenset[Any], tuple[Level, ...]]:
    """What the best and its equals allow together, and those that add to what it does."""
    found, adding = getattr(best.setting, name), list[Level]()
    group = next(group for group in groups if any(each is best for each in group))
    for each in group:
        more = getattr(each.setting, name)
        if found and more and not more <= found:  # no models are all of them
            found |= more
            adding.append(each)
    return found, tuple(adding)


@dataclass(frozen=True)
class Claim:
    """What decides on a quota beside the settings of a server's admins: what holds where they are
    silent, the roles that the person has there, and the operator's caps. A `permit` is the id of an
    appeal that lets their words pass, once."""

    fallback: Quota = Quota()
    roles: frozenset[int] = frozenset()
    caps: Caps = Caps()
    permit: str = ""
