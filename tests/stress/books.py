"""Whether what is stored and what stands in the channels is right, when all is over."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

from tests.kit.channels import FakeDiscord
from tests.stress.weather import CREDITS, DIRECT_CREDITS


class Books:
    """What the rows say after the house was closed, read without any code of the bot."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.row_factory = sqlite3.Row
        self.jobs = self.rows("SELECT * FROM jobs")

    def close(self) -> None:
        self._connection.close()

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def in_state(self, *states: str) -> list[sqlite3.Row]:
        return [job for job in self.jobs if job["state"] in states]

    def worth(self, guild: int, user: int) -> int:
        """Credits that an account has, from what it was given and what its pictures cost."""
        (granted,) = self.rows(
            "SELECT COALESCE(SUM(amount), 0) AS sum FROM ledger JOIN buckets b ON b.id = bucket_id"
            " WHERE ledger.kind = 'grant' AND guild_id = ? AND user_id = ?", guild, user,
        )  # fmt: skip
        account = (guild, user)
        spent = [
            job["cost"]
            for job in self.in_state("succeeded")
            if (job["guild_id"], job["user_id"]) == account
        ]
        return (CREDITS if guild else DIRECT_CREDITS) + granted["sum"] - sum(spent)


def check_books(books: Books, images: Path) -> None:
    """Every job has one end, and every hold the end that its job says."""
    assert books.rows("PRAGMA integrity_check")[0][0] == "ok"
    assert books.rows("PRAGMA foreign_key_check") == []
    assert len(books.in_state("succeeded", "failed", "cancelled")) == len(books.jobs)
    for job in books.jobs:
        entries = books.rows("SELECT kind, amount FROM ledger WHERE job_id = ?", job["id"])
        kinds = Counter(entry["kind"] for entry in entries)
        end = "capture" if job["state"] == "succeeded" else "release"
        assert set(kinds) == ({"hold", end} if job["cost"] else set()), dict(job)
        assert kinds["hold"] == kinds[end], dict(job)
        spent = job["cost"] if end == "capture" else 0
        assert -sum(entry["amount"] for entry in entries) == spent, dict(job)
        if end == "capture":
            check_pictures(books, job, images)


def check_pictures(books: Books, job: sqlite3.Row, images: Path) -> None:
    """What was paid for is there."""
    stored = books.rows("SELECT idx FROM images WHERE job_id = ?", job["id"])
    folder = images / job["id"][:2] / job["id"][2:4] / job["id"]
    assert len(stored) == (1 if job["action"] == "upscale" else 4), dict(job)
    assert all((folder / f"{row['idx']}.webp").is_file() for row in stored), dict(job)
    assert not list(folder.glob("upload.*")), "its file was kept after it was posted"


def check_channels(books: Books, channels: FakeDiscord, recorded: dict[str, int]) -> None:
    """One result for each job that succeeded, one sentence for each that failed, and no progress
    message that looks as if its job went on."""
    posted = Counter(
        file.filename.rpartition("_")[2].partition(".")[0]
        for message in channels.messages.values()
        for file in message.attachments
    )
    assert posted == Counter(job["id"] for job in books.in_state("succeeded"))
    said = [message.content for message in channels.messages.values()]
    for job in books.in_state("failed"):
        assert sum(job["reference"] in text for text in said) == 1, dict(job)
    for job in books.jobs:
        notice = channels.messages.get(recorded.get(job["id"], 0))
        if job["state"] == "succeeded":
            assert notice is None, dict(job)
        elif job["id"] in recorded:
            assert notice is not None, dict(job)
            assert not notice.components, dict(job)
