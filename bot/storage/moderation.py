"""What a server's admins decided about words, places and time-outs; every change is written
together with its audit entry."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import asdict

from bot.domain.errors import UserError
from bot.domain.language import _, spoken
from bot.domain.moderation import PlaceKind, ServerRules, TimeoutRule, WordKind
from bot.storage.audit import write_audit
from bot.storage.database import Database

WORDS_MAX = 500
PLACES_MAX = 100
"""Of one server, channels and roles each."""


class ModerationRepository:
    """Rows of `words`, `places` and `timeout_rules`. One method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rules(self, guild: int) -> ServerRules:
        """Everything that holds on a server."""
        return await self._database.read(lambda c: _rules(c, guild))

    async def put_words(
        self, guild: int, kind: WordKind, words: Sequence[str], actor: int, now: float
    ) -> int:
        """Keep words as of a kind, whatever they were before; how many that changed. Raises
        UserError, and keeps none, where a server would have more than `WORDS_MAX`."""

        def run(connection: sqlite3.Connection) -> int:
            changed = connection.executemany(
                "INSERT INTO words (guild_id, word, kind, actor_id) VALUES (?1, ?2, ?3, ?4)"
                " ON CONFLICT DO UPDATE SET kind = ?3, actor_id = ?4 WHERE kind <> ?3",
                [(guild, word, kind.value, actor) for word in words],
            ).rowcount
            count = _count(connection, "words WHERE guild_id = ?", guild)
            if count > WORDS_MAX:
                raise UserError(
                    _(
                        "This server would have {count} words, and at most {most} are kept;"
                        " `/moderation unblock` makes room.",
                        count=spoken().number(count),
                        most=spoken().number(WORDS_MAX),
                    )
                )
            if changed > 0:
                detail = {"kind": kind.value, "words": [*words]}
                write_audit(connection, guild, actor, "words", detail, now)
            return max(0, changed)

        return await self._database.transaction(run)

    async def forget_words(
        self, guild: int, words: Collection[str], actor: int, now: float
    ) -> list[str]:
        """Forget these, or all without any; those that were there."""

        def run(connection: sqlite3.Connection) -> list[str]:
            known = [word for word, _kind in _rules(connection, guild).words]
            gone = [word for word in known if not words or word in words]
            connection.executemany(
                "DELETE FROM words WHERE guild_id = ? AND word = ?",
                [(guild, word) for word in gone],
            )
            if gone:
                detail = {"kind": "", "words": gone}
                write_audit(connection, guild, actor, "words", detail, now)
            return gone

        return await self._database.transaction(run)

    async def change_places(
        self, guild: int, kind: PlaceKind, add: Collection[int], drop: Collection[int] | None,
        actor: int, now: float,
    ) -> ServerRules:  # fmt: skip
        """Keep some and forget others, all of them where that is None; how the rules are then.
        Raises UserError for more than `PLACES_MAX`."""

        def run(connection: sqlite3.Connection) -> ServerRules:
            gone = _places(connection, guild, kind) if drop is None else drop
            connection.executemany(
                "DELETE FROM places WHERE guild_id = ? AND kind = ? AND place_id = ?",
                [(guild, kind.value, each) for each in gone],
            )
            connection.executemany(
                "INSERT INTO places (guild_id, kind, place_id) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [(guild, kind.value, each) for each in add],
            )
            left = _places(connection, guild, kind)
            if len(left) > PLACES_MAX:
                raise UserError(_("At most {n} of them can be named.", n=PLACES_MAX))
            detail = {"kind": kind.value, "places": sorted(left)}
            write_audit(connection, guild, actor, "places", detail, now)
            return _rules(connection, guild)

        return await self._database.transaction(run)

    async def set_timeouts(self, guild: int, rule: TimeoutRule, actor: int, now: float) -> None:
        """What refusals lead to on a server from now on."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO timeout_rules (guild_id, refusals, within_s, lasts_s)"
                " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET refusals = ?2, within_s = ?3,"
                " lasts_s = ?4",
                (guild, rule.refusals, rule.within_s, rule.lasts_s),
            )
            write_audit(connection, guild, actor, "timeouts", asdict(rule), now)

        await self._database.transaction(run)


def _rules(connection: sqlite3.Connection, guild: int) -> ServerRules:
    words = connection.execute(
        "SELECT word, kind FROM words WHERE guild_id = ? ORDER BY word", (guild,)
    ).fetchall()
    rule = connection.execute(
        "SELECT refusals, within_s, lasts_s FROM timeout_rules WHERE guild_id = ?", (guild,)
    ).fetchone()
    return ServerRules(
        tuple((row["word"], WordKind(row["kind"])) for row in words),
        _places(connection, guild, PlaceKind.CHANNEL),
        _places(connection, guild, PlaceKind.ROLE),
        TimeoutRule(*rule) if rule else TimeoutRule(),
    )


def _places(connection: sqlite3.Connection, guild: int, kind: PlaceKind) -> frozenset[int]:
    found = connection.execute(
        "SELECT place_id FROM places WHERE guild_id = ? AND kind = ?", (guild, kind.value)
    )
    return frozenset(row["place_id"] for row in found.fetchall())


def _count(connection: sqlite3.Connection, rows: str, guild: int) -> int:
    return connection.execute(f"SELECT COUNT(*) FROM {rows}", (guild,)).fetchone()[0]
