"""Refusals that people may appeal against, what they say, and what it comes to."""

from __future__ import annotations

import json
import math
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace

from bot.domain.desk import Appeal, Refused
from bot.domain.errors import BlockedWords, UserError
from bot.domain.grounds import GROUNDS, Ground, RefusalKind, TimedOut, Told
from bot.domain.job import Job
from bot.domain.language import _, counted
from bot.domain.people import Account
from bot.domain.request import GenerationRequest
from bot.storage import desk, preferences
from bot.storage.audit import write_audit
from bot.storage.database import Database
from bot.storage.rows import request_of

DAY_S = 86_400.0
"""An appeal can be made so long after a refusal, and what it lets pass so long after the answer."""
KEPT_S = 30 * DAY_S
"""Answers."""
_APPROVED = "answer = 'approved' AND answered_at > ?"
_LIVE = f"{_APPROVED} AND used_by IS NULL"
_OF = "user_id = ? AND guild_id = ?"


class AppealRepository:
    """Rows of `appeals`. One method is one transaction. `why` is the ground with the language that
    it was told in, as JSON; of a row of an earlier version the sentence."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def offer(self, refused: Refused, now: float, id: str = "") -> str:
        """Somebody may appeal against this: its id, that of an open one for the same; empty where
        the server has no desk."""

        def run(connection: sqlite3.Connection) -> str:
            connection.execute(
                "DELETE FROM appeals WHERE said IS NULL AND refused_at < ?", (now - DAY_S,)
            )
            connection.execute("DELETE FROM appeals WHERE answered_at < ?", (now - KEPT_S,))
            return _known(connection, refused, now) or _insert(connection, refused, now, id)

        # Most servers have none, and a refusal is to be no work for the writer there.
        if not await self._database.read(lambda c: desk.desk_of(c, refused.account.guild)):
            return ""
        return await self._database.transaction(run)

    async def get(self, id: str) -> Appeal | None:
        """As it is now."""
        row = await self._database.read(
            lambda c: c.execute("SELECT * FROM appeals WHERE id = ?", (id,)).fetchone()
        )
        return row and _appeal(row)

    async def make(self, id: str, said: str, now: float, most: int) -> None:
        """What somebody says of a refusal goes to the desk. Raises UserError for one that they made
        before, and for more than `most` of a person in a day."""

        def run(connection: sqlite3.Connection) -> None:
            row = connection.execute("SELECT * FROM appeals WHERE id = ?", (id,)).fetchone()
            if row is None or row["said"] is not None:
                raise UserError(_("You appealed against this before; the answer comes to you."))
            if row["refused_at"] < now - DAY_S:
                raise UserError(
                    _("This was refused more than a day ago; ask a moderator yourself.")
                )
            count = connection.execute(
                "SELECT COUNT(*) FROM appeals WHERE user_id = ? AND said_at > ?",
                (row["user_id"], now - DAY_S),
            ).fetchone()[0]
            if count >= most:
                raise UserError(
                    counted(
                        "You made {n} appeal within a day, which is all one may.",
                        "You made {n} appeals within a day, which is all one may.",
                        most,
                    )
                )
            connection.execute(
                "UPDATE appeals SET said = ?, said_at = ? WHERE id = ?", (said, now, id)
            )
            desk.put(connection, row["guild_id"], "appeal", id)
            detail = {"user": row["user_id"], "kind": row["kind"]}
            write_audit(connection, row["guild_id"], row["user_id"], "appeal", detail, now)

        await self._database.transaction(run)

    async def answer(self, appeal: Appeal, approved: bool, actor: int, now: float) -> bool:
        """It is answered, and what follows is done; False where it was before."""
        verdict = "approved" if approved else "denied"

        def run(connection: sqlite3.Connection) -> bool:
            answered = connection.execute(
                "UPDATE appeals SET answer = ?, answered_at = ? WHERE id = ? AND answer IS NULL"
                " AND said IS NOT NULL",
                (verdict, now, appeal.id),
            )
            if not answered.rowcount:
                return False
            if approved:
                _lift(connection, appeal)
            if preferences.read(connection, "user", appeal.user).auto_dm:
                connection.execute(
                    "UPDATE appeals SET letter_at = ? WHERE id = ?", (now, appeal.id)
                )
            detail = {
                "user": appeal.user, "kind": appeal.kind, "card": appeal.id, "verdict": verdict,
            }  # fmt: skip
            write_audit(connection, appeal.guild, actor, "appeal answered", detail, now)
            return True

        return await self._database.transaction(run)

    async def permits(self, account: Account, now: float) -> list[Appeal]:
        """Prompts of somebody that pass once, whatever their words."""
        rows = await self._database.read(
            lambda c: c.execute(
                f"SELECT * FROM appeals WHERE {_OF} AND kind = 'words' AND {_LIVE}",
                (account.user, account.guild, now - DAY_S),
            ).fetchall()
        )
        return [_appeal(row) for row in rows]

    async def untold(self, user: int, guild: int) -> list[Appeal]:
        """Answers that somebody does not know of that server, or in direct messages (0) of all;
        from now on they do."""
        where = "user_id = ?1 AND answer IS NOT NULL AND NOT told AND (guild_id = ?2 OR ?2 = 0)"
        found = await self._database.read(
            lambda c: c.execute(f"SELECT 1 FROM appeals WHERE {where}", (user, guild)).fetchone()
        )
        if found is None:
            return []
        rows = await self._database.transaction(
            lambda c: c.execute(
                f"UPDATE appeals SET told = 1 WHERE {where} RETURNING *", (user, guild)
            ).fetchall()
        )
        return [_appeal(row) for row in rows]

    async def tell_again(self, appeals: Sequence[Appeal]) -> None:
        """They could not be told."""
        await self._database.transaction(
            lambda c: c.executemany(
                "UPDATE appeals SET told = 0 WHERE id = ?", [(each.id,) for each in appeals]
            )
        )

    async def letter(self, now: float) -> Appeal | None:
        """An answer that is to be sent by direct message."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM appeals WHERE letter_at <= ? ORDER BY letter_at LIMIT 1", (now,)
            ).fetchone()
        )
        return row and _appeal(row)

    async def lettered(self, appeal: Appeal, again_at: float | None = None) -> None:
        """It was sent, or cannot be; or it is tried again then."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE appeals SET letter_at = ? WHERE id = ?", (again_at, appeal.id)
            )
        )


def use_appeals(connection: sqlite3.Connection, permit: str, jobs: Sequence[Job]) -> None:
    """What was allowed once is drawn by these, of one account: by a `permit` for words, if it is
    named, and pictures that were stopped. Belongs inside their transaction; raises BlockedWords
    where others were quicker."""
    now, account = jobs[0].created_at, jobs[0].account
    if permit:
        used = connection.execute(
            f"UPDATE appeals SET used_by = ? WHERE id = ? AND {_LIVE}",
            (jobs[0].id, permit, now - DAY_S),
        )
        if not used.rowcount:
            raise BlockedWords(_("This prompt was allowed once, and was drawn meanwhile."))
    approved = connection.execute(
        "SELECT s.*, j.request FROM"
        f" (SELECT id, answered_at FROM appeals WHERE {_OF} AND {_APPROVED}) a"
        " JOIN appeal_jobs s ON s.appeal_id = a.id AND s.used_by IS NULL"
        " JOIN jobs j ON j.id = s.job_id ORDER BY a.answered_at, a.id, j.rowid",
        (account.user, account.guild, now - DAY_S),
    ).fetchall()
    left = [*jobs]
    for row in approved:
        before = request_of(row["request"])
        if same := next((each for each in left if _same(each.request, before)), None):
            left.remove(same)
            connection.execute(
                "UPDATE appeal_jobs SET used_by = ? WHERE appeal_id = ? AND job_id = ?",
                (same.id, row["appeal_id"], row["job_id"]),
            )


def spared(connection: sqlite3.Connection, job: str) -> bool:
    """Whether moderators let its picture be shown, covered, whatever the check finds; or the grid
    that it was taken out of."""
    found = connection.execute(
        "SELECT 1 FROM appeal_jobs WHERE used_by = ?1 OR used_by ="
        " (SELECT source_job FROM jobs WHERE id = ?1 AND action = 'upscale')",
        (job,),
    )
    return found.fetchone() is not None


def _same(one: GenerationRequest, other: GenerationRequest) -> bool:
    """Whether they ask for the same, whatever comes of it."""
    return replace(one, seed=0, extra=()) == replace(other, seed=0, extra=())


def _known(connection: sqlite3.Connection, refused: Refused, now: float) -> str:
    """The id of an open one against the same, which was said again now."""
    found = connection.execute(
        f"SELECT id FROM appeals WHERE {_OF} AND kind = ? AND texts = ? AND answer IS NULL",
        (
            refused.account.user, refused.account.guild, refused.ground.kind,
            json.dumps(refused.texts),
        ),
    ).fetchone()  # fmt: skip
    if found is None or refused.ground.kind == "picture":
        return ""
    connection.execute(
        "UPDATE appeals SET refused_at = ?, why = ? WHERE id = ? AND said IS NULL",
        (now, _why(refused), found["id"]),
    )
    return found["id"]


def _insert(connection: sqlite3.Connection, refused: Refused, now: float, id: str) -> str:
    id = id or uuid.uuid4().hex
    connection.execute(
        "INSERT INTO appeals (id, guild_id, user_id, kind, texts, why, refused_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            id, refused.account.guild, refused.account.user, refused.ground.kind,
            json.dumps(refused.texts), _why(refused), now,
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO appeal_jobs (appeal_id, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(id, job) for job in refused.jobs],
    )
    return id


def _lift(connection: sqlite3.Connection, appeal: Appeal) -> None:
    """What kept them from drawing when they appealed."""
    key = (appeal.guild, appeal.user)
    if appeal.kind == "ban":
        connection.execute(
            "DELETE FROM bans WHERE guild_id = ? AND user_id = ? AND created_at <= ?",
            (*key, appeal.refused_at),
        )
    if appeal.kind == "timeout":
        # A later one, which ends later, is not what they appealed against.
        ends_at = appeal.ground.ends_at if isinstance(appeal.ground, TimedOut) else math.inf
        connection.execute(
            "DELETE FROM refusals WHERE guild_id = ? AND user_id = ? AND ends_at <= ?",
            (*key, ends_at),
        )


def _why(refused: Refused) -> str:
    return json.dumps({**asdict(refused.ground), "locale": refused.locale}, ensure_ascii=False)


def _read(kind: RefusalKind, why: str) -> tuple[Ground, str]:
    """The ground, and the language in which it was told."""
    if not why.startswith("{"):
        return Told(why), ""
    kept = json.loads(why)
    locale = kept.pop("locale")
    return GROUNDS[kind](**kept), locale


def _appeal(row: sqlite3.Row) -> Appeal:
    ground, locale = _read(row["kind"], row["why"])
    return Appeal(
        row["id"], row["guild_id"], row["user_id"], row["kind"], tuple(json.loads(row["texts"])),
        ground, row["refused_at"], row["said"], row["answer"], locale,
    )  # fmt: skip
