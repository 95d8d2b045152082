"""Whether every invariant holds that can be read from outside: rows, and what was seen in channels.

Each sentence that comes back is a violation. Knows no code of the bot but its table of books.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.storage import statements
from tests.chaos.witness import Post, Witness

ENDS = {"succeeded", "failed", "cancelled"}


@dataclass(frozen=True)
class Limits:
    """What one person may have on one server: credits a period, jobs drawn at once and waiting."""

    credits: int
    running: int
    waiting: int


@contextlib.contextmanager
def opened(data: Path) -> Iterator[sqlite3.Connection]:
    """One state of the bot's database, to read."""
    address = f"{(data / 'easel.sqlite3').absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)
    with contextlib.closing(connection):
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        yield connection


def at_any_time(rows: sqlite3.Connection, limits: Limits) -> list[str]:
    """What has to hold in the rows whatever is under way."""
    return [*_books(rows, limits), *_limits(rows, limits)]


def seen(witness: Witness) -> list[str]:
    """What has to hold in the channels whatever is under way."""
    return [*twice(witness), *(f"leak: {each}" for each in witness.leaks)]


def in_the_end(rows: sqlite3.Connection, witness: Witness, limits: Limits) -> list[str]:
    """What has to hold when all is over and nothing is wrong any more."""
    found = [*at_any_time(rows, limits), *seen(witness)]
    if (said := rows.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
        found.append(f"damaged: {said}")
    found += [f"damaged: {tuple(row)}" for row in rows.execute("PRAGMA foreign_key_check")]
    jobs = {row["id"]: row for row in rows.execute("SELECT * FROM jobs")}
    found += [f"lost: job {job} was shown and is in no row" for job in witness.jobs - jobs.keys()]
    found += [*_ends(rows, jobs.values()), *_shown(rows, jobs.values(), witness)]
    found += [
        f"never ends: message {message} still offers to stop job {job} ({_state(jobs, job)})"
        for message, job in witness.unfinished.items()
    ]
    return found


def _state(jobs: dict[str, sqlite3.Row], job: str) -> str:
    return jobs[job]["state"] if job in jobs else "unknown"


def twice(witness: Witness) -> Iterator[str]:
    """Results that stood in a channel twice at the same time."""
    for job, posts in witness.posts.items():
        for one, other in itertools.pairwise(posts):
            if one.gone is None or one.gone > other.at:
                yield f"twice: job {job} is in messages {one.message} and {other.message}"


def again(witness: Witness) -> int:
    """Results that were posted again after somebody had deleted the first, which is documented."""
    return sum(len(posts) - 1 for posts in witness.posts.values()) - len(list(twice(witness)))


def _books(rows: sqlite3.Connection, limits: Limits) -> Iterator[str]:
    for fault in statements.faults(rows):
        yield f"books: {fault}"
    kept = "SELECT * FROM buckets WHERE balance < 0 AND kind <> 'allowance'"
    for row in rows.execute(kept):
        yield f"overspent: lasting credits of {row['guild_id']}/{row['user_id']} are below nothing"
    over = "SELECT * FROM buckets WHERE kind = 'allowance' AND -balance > ?"
    for row in rows.execute(over, (limits.credits,)):
        yield (
            f"overspent: {-row['balance']} of {limits.credits} in one period of"
            f" {row['guild_id']}/{row['user_id']}"
        )
    sums = (
        "SELECT b.id, b.balance, COALESCE(SUM(l.amount), 0) AS sum FROM buckets b"
        " LEFT JOIN ledger l ON l.bucket_id = b.id GROUP BY b.id HAVING b.balance <> sum"
    )
    for row in rows.execute(sums):
        yield f"books: bucket {row['id']} says {row['balance']}, its entries {row['sum']}"
    yield from _spent(rows, limits)


def _spent(rows: sqlite3.Connection, limits: Limits) -> Iterator[str]:
    """By another road: what an account's pictures cost, against all that it was ever given."""
    given: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows.execute("SELECT guild_id, user_id, kind FROM buckets"):
        given[row[0], row[1]] += limits.credits * (row["kind"] == "allowance")
    grants = (
        "SELECT guild_id, user_id, SUM(amount) FROM ledger l JOIN buckets b ON b.id = bucket_id"
        " WHERE l.kind IN ('grant', 'expire') GROUP BY 1, 2"
    )
    for guild, user, amount in rows.execute(grants):
        given[guild, user] += amount
    costs = (
        "SELECT guild_id, user_id, SUM(cost) FROM jobs WHERE state <> 'failed'"
        " AND state <> 'cancelled' GROUP BY 1, 2"
    )
    for guild, user, cost in rows.execute(costs):
        if cost > given[guild, user]:
            yield f"overspent: {guild}/{user} drew for {cost} and had {given[guild, user]}"


def _limits(rows: sqlite3.Connection, limits: Limits) -> Iterator[str]:
    counts = (
        "SELECT guild_id, user_id, SUM(state = 'running') AS running, COUNT(*) AS all_of_them"
        " FROM jobs WHERE state IN ('waiting', 'running') GROUP BY guild_id, user_id"
    )
    for row in rows.execute(counts):
        who = f"{row['guild_id']}/{row['user_id']}"
        if row["running"] > limits.running:
            yield f"limit: {row['running']} jobs of {who} are drawn at once"
        if row["all_of_them"] > limits.running + limits.waiting:
            yield f"limit: {row['all_of_them']} jobs of {who} are under way"


def _ends(rows: sqlite3.Connection, jobs: Iterable[sqlite3.Row]) -> Iterator[str]:
    """One end for every job, and for every hold the end that its job says."""
    entries: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in rows.execute("SELECT job_id, kind, amount FROM ledger WHERE job_id IS NOT NULL"):
        entries[row["job_id"]].append(row)
    pictures = Counter(row[0] for row in rows.execute("SELECT job_id FROM images"))
    for job in jobs:
        if job["state"] not in ENDS:
            yield f"lost: job {job['id']} is {job['state']} for ever"
            continue
        drawn = job["state"] == "succeeded"
        kinds = Counter(row["kind"] for row in entries[job["id"]])
        end = "capture" if drawn else "release"
        if set(kinds) != ({"hold", end} if job["cost"] else set()) or kinds["hold"] != kinds[end]:
            yield f"books: job {job['id']} is {job['state']} and has {dict(kinds)}"
        spent = -sum(row["amount"] for row in entries[job["id"]])
        if spent != (job["cost"] if drawn else 0):
            yield f"books: job {job['id']} is {job['state']} and cost {spent}"
        wanted = 1 if job["action"] == "upscale" else 4
        if drawn and pictures[job["id"]] != wanted:
            yield f"lost: job {job['id']} was paid and has {pictures[job['id']]} pictures"


def _shown(
    rows: sqlite3.Connection, jobs: Iterable[sqlite3.Row], witness: Witness
) -> Iterator[str]:
    """Every result in its channel, and no row that says otherwise."""
    owed: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in rows.execute("SELECT * FROM deliveries"):
        owed[row["job_id"]].append(row)
        if not row["message_id"] and row["given_up"] is None:
            yield f"lost: {row['kind']} of job {row['job_id']} is still owed ({row['last_error']})"
    for job in jobs:
        posts: list[Post] = witness.posts.get(job["id"], [])
        given_up = any(row["given_up"] for row in owed[job["id"]])
        if job["state"] != "succeeded" and posts:
            yield f"books: job {job['id']} is {job['state']} and was shown"
        if job["state"] == "succeeded" and not posts and not given_up:
            yield f"lost: job {job['id']} was paid and never shown"
        if job["state"] == "failed" and not given_up:
            yield from _told(job, witness)
        for row in owed[job["id"]]:
            told = {post.message for post in posts}
            if row["kind"] == "result" and row["message_id"] and str(row["message_id"]) not in told:
                yield f"lost: job {job['id']} is said to be in message {row['message_id']}"


def _told(job: sqlite3.Row, witness: Witness) -> Iterator[str]:
    """Who asked for a picture that failed reads so once, unless the message is deleted where it
    would stand."""
    messages = witness.references[job["reference"]]
    gone = any(
        message in witness.deleted for message, of in witness.notices.items() if of == job["id"]
    )
    if not messages and not gone:
        yield f"lost: nobody was told that job {job['id']} failed ({job['failure']})"
    if len(messages) > 1:
        yield f"twice: that job {job['id']} failed is said in {sorted(messages)}"
