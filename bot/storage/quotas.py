"""What a server's admins decided on: settings, plans, and who has which; what things cost."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import NotFound, UserError
from bot.domain.language import N_, _
from bot.domain.people import Account
from bot.domain.presets import PRESETS
from bot.domain.quota import (
    SCOPES,
    SILENT,
    Claim,
    Decision,
    Level,
    Quota,
    QuotaSetting,
    Scope,
    decide,
    spelled,
)
from bot.domain.tariff import Tariff
from bot.storage import entitlements, tariffs
from bot.storage.audit import write_audit
from bot.storage.database import Database

PLANS_MAX = 25
"""Of a server: as many as one menu holds."""
_UNKNOWN = N_("There is no plan of this name here; `/plan list` has them.")

Target = tuple[Scope, int]


@dataclass(frozen=True)
class Book:
    """Everything that is set on a server: own settings and plans by target, plans by name."""

    settings: Mapping[Target, QuotaSetting]
    assigned: Mapping[Target, str]
    plans: Mapping[str, QuotaSetting]


class QuotaRepository:
    """Decisions by guild; every change is written together with its audit entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def quota(self, account: Account, claim: Claim, now: float) -> Quota:
        """What holds for a person on a server now."""
        return await self._database.read(lambda c: quota_of(c, account, claim, now))

    async def book(self, guild: int) -> Book:
        """Everything that is set."""
        return await self._database.read(lambda c: _book(c, guild))

    async def set_quota(
        self, guild: int, scope: Scope, target: int, setting: QuotaSetting, actor: int, now: float
    ) -> QuotaSetting:
        """Lay `setting` over what was there; returns the result."""

        def run(connection: sqlite3.Connection) -> QuotaSetting:
            merged = setting.over(_book(connection, guild).settings.get((scope, target), SILENT))
            connection.execute(
                "INSERT INTO quota_settings (guild_id, scope, target_id, setting)"
                " VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET setting = excluded.setting",
                (guild, scope, target, json.dumps(merged.plain())),
            )
            detail = {"scope": scope, "target": target, **setting.plain()}
            write_audit(connection, guild, actor, "quota set", detail, now)
            return merged

        return await self._database.transaction(run)

    async def clear_quota(
        self, guild: int, scope: Scope, target: int, actor: int, now: float
    ) -> bool:
        """Forget a setting; False when there was none. A plan stays."""

        def run(connection: sqlite3.Connection) -> bool:
            found = connection.execute(
                "UPDATE quota_settings SET setting = '{}' WHERE guild_id = ? AND scope = ?"
                " AND target_id = ? AND setting <> '{}'",
                (guild, scope, target),
            ).rowcount
            _forget_empty(connection, guild)
            detail = {"scope": scope, "target": target}
            write_audit(connection, guild, actor, "quota reset limits", detail, now)
            return bool(found)

        return await self._database.transaction(run)

    async def save_plan(
        self, guild: int, name: str, gives: QuotaSetting, actor: int, now: float,
        silent: frozenset[str] = frozenset(), new: bool | None = None,
    ) -> QuotaSetting:  # fmt: skip
        """Lay `gives` over the plan of that name, or a new one; it is silent then about `silent`.
        Where `new` is given, only over one of these. Returns what it gives. Raises UserError for
        too many, for one without words and for a new one that is there; NotFound for none."""

        def run(connection: sqlite3.Connection) -> QuotaSetting:
            plans = _plans(connection, guild)
            known = spelled(name, plans)
            if new is False and known is None:
                raise NotFound(_(_UNKNOWN))
            if new and known is not None:
                raise UserError(_("There is a plan of that name already; choose it to change it."))
            if known is None and len(plans) >= PLANS_MAX:
                raise UserError(
                    _("A server has at most {most} plans; remove one first.", most=PLANS_MAX)
                )
            before = plans.get(known or name, QuotaSetting())
            if (merged := gives.over(before.without(silent))).empty:
                raise UserError(_("A plan says at least one thing; remove it instead."))
            _save(connection, guild, known or name, merged, now)
            detail = {"plan": known or name, **gives.plain(), **before.gone(silent)}
            write_audit(connection, guild, actor, "plan set", detail, now)
            return merged

        return await self._database.transaction(run)

    async def remove_plan(self, guild: int, name: str, actor: int, now: float) -> str:
        """It is nobody's any more; returns its name. Raises NotFound."""

        def run(connection: sqlite3.Connection) -> str:
            known = _known(connection, guild, name)
            connection.execute("DELETE FROM plans WHERE guild_id = ? AND name = ?", (guild, known))
            connection.execute(
                "UPDATE quota_settings SET plan = '' WHERE guild_id = ? AND plan = ?",
                (guild, known),
            )
            _forget_empty(connection, guild)
            write_audit(connection, guild, actor, "plan remove", {"plan": known}, now)
            return known

        return await self._database.transaction(run)

    async def assign(
        self, guild: int, scope: Scope, target: int, name: str, actor: int, now: float
    ) -> str:
        """This target has that plan from now on, or none where the name is empty; returns the name
        of the plan. Raises NotFound."""

        def run(connection: sqlite3.Connection) -> str:
            known = _known(connection, guild, name) if name else ""
            _assign(connection, guild, scope, target, known)
            detail = {"scope": scope, "target": target, "plan": known}
            write_audit(connection, guild, actor, "plan give", detail, now)
            return known

        return await self._database.transaction(run)

    async def adopt(
        self, guild: int, preset: str, plans: Mapping[str, QuotaSetting], actor: int, now: float
    ) -> None:
        """These plans, the first of which is everybody's, in the place of what the server had for
        everybody; what roles and members have of their own stays. Raises UserError for too many."""

        def run(connection: sqlite3.Connection) -> None:
            there = _plans(connection, guild)
            names = [spelled(each, there) or each for each in plans]
            if len(there.keys() | names) > PLANS_MAX:
                raise UserError(
                    _("A server has at most {most} plans; remove some first.", most=PLANS_MAX)
                )
            for place, (name, gives) in enumerate(zip(names, plans.values(), strict=True)):
                _save(connection, guild, name, gives, now + place / 1000)  # in their order
            connection.execute(
                "UPDATE quota_settings SET setting = '{}' WHERE guild_id = ? AND scope = 'server'",
                (guild,),
            )
            _assign(connection, guild, "server", guild, names[0])
            write_audit(connection, guild, actor, "plan preset", {"preset": preset}, now)

        await self._database.transaction(run)

    async def tariff(self, guild: int) -> Tariff:
        """What things cost there."""
        return await self._database.read(lambda c: tariffs.of(c, guild))

    async def set_tariff(self, guild: int, tariff: Tariff, actor: int, now: float) -> None:
        """What things cost there from now on; what waits was paid for."""
        await self._database.transaction(lambda c: tariffs.write(c, guild, tariff, actor, now))


def quota_of(connection: sqlite3.Connection, account: Account, claim: Claim, now: float) -> Quota:
    """What holds for a person on a server; what is decided by it belongs inside the same
    transaction."""
    return decided(connection, account, claim, now).quota


def decided(connection: sqlite3.Connection, account: Account, claim: Claim, now: float) -> Decision:
    """The same, with who decided what."""
    bought = entitlements.plans_of(connection, account.user, account.guild, now)
    book = _book(connection, account.guild, account.user, whole=bool(bought))
    user: Target = ("user", account.user)
    roles: list[Target] = [
        ("role", role) for role in claim.roles if ("role", role) in book.settings
    ]
    server: Target = ("server", account.guild)
    groups = [
        *([level] for level in _levels(book, user)),
        _owned(book, bought),
        [level for role in roles for level in _levels(book, role)],
        *([level] for level in _levels(book, server)),
    ]
    return decide(claim.fallback, groups, claim.caps)


# What a plan that is sold gives on a server that has none of its name.
_PRESET = {name: gives for each in PRESETS.values() for name, gives in each.plans.items()}
_LAST_ID = (1 << 63) - 1


def _owned(book: Book, bought: Sequence[str]) -> list[Level]:
    """What plans of these names give, as the server has them."""
    plans = {**_PRESET, **book.plans} if bought else {}
    sold = {name.casefold(): (name, gives) for name, gives in plans.items()}
    named = [sold[each] for each in dict.fromkeys(map(str.casefold, bought)) if each in sold]
    return [Level(gives, "bought", plan=name) for name, gives in named]


def _levels(book: Book, target: Target) -> list[Level]:
    """The target's own setting, and what its plan says besides."""
    own, plan = book.settings.get(target, SILENT), book.assigned.get(target, "")
    levels = [Level(own, *target)]
    if plan in book.plans:
        levels.append(Level(book.plans[plan].besides(own), *target, plan=plan))
    return levels


def _book(
    connection: sqlite3.Connection, guild: int, user: int | None = None, whole: bool = True
) -> Book:
    """Of users only what this one has, if one is named. Without the plans, unless
    somebody has one, where it need not be `whole`."""
    rows = connection.execute(
        "SELECT scope, target_id, setting, plan FROM quota_settings"
        " WHERE guild_id = ?1 AND scope IN ('server', 'role') UNION ALL"
        " SELECT scope, target_id, setting, plan FROM quota_settings"
        " WHERE guild_id = ?1 AND scope = 'user' AND target_id BETWEEN ?2 AND ?3",
        (guild, user or 0, _LAST_ID if user is None else user),
    ).fetchall()
    rows.sort(key=lambda row: (SCOPES.index(row[0]), row[1]))
    plans = _plans(connection, guild) if whole or any(row[3] for row in rows) else {}
    return Book(
        {(row[0], row[1]): _read(row[2]) for row in rows},
        {(row[0], row[1]): spelled(row[3], plans) or row[3] for row in rows if row[3]},
        plans,
    )


def _plans(connection: sqlite3.Connection, guild: int) -> dict[str, QuotaSetting]:
    rows = connection.execute(
        "SELECT name, gives FROM plans WHERE guild_id = ? ORDER BY created_at, name", (guild,)
    )
    return {row[0]: _read(row[1]) for row in rows}


def _read(said: str) -> QuotaSetting:
    return SILENT if said == "{}" else QuotaSetting.read(json.loads(said))


def _known(connection: sqlite3.Connection, guild: int, name: str) -> str:
    if found := spelled(name, _plans(connection, guild)):
        return found
    raise NotFound(_(_UNKNOWN))


def _save(
    connection: sqlite3.Connection, guild: int, name: str, gives: QuotaSetting, now: float
) -> None:
    connection.execute(
        "INSERT INTO plans (guild_id, name, gives, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET gives = excluded.gives",
        (guild, name, json.dumps(gives.plain()), now),
    )


def _assign(
    connection: sqlite3.Connection, guild: int, scope: Scope, target: int, plan: str
) -> None:
    connection.execute(
        "INSERT INTO quota_settings (guild_id, scope, target_id, plan) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET plan = excluded.plan",
        (guild, scope, target, plan),
    )
    _forget_empty(connection, guild)


def _forget_empty(connection: sqlite3.Connection, guild: int) -> None:
    connection.execute(
        "DELETE FROM quota_settings WHERE guild_id = ? AND setting = '{}' AND plan = ''", (guild,)
    )
