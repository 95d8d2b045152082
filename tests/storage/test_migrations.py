"""Each migration carries every row of a database of the version before over."""

from __future__ import annotations

import itertools
import json
import shutil
import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest

from bot.dispatch.outcome import SENTENCES
from bot.storage import prompts
from bot.storage.database import MIGRATIONS, migrate
from tests.storage import version_2

Rows = list[tuple[object, ...]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    version_2.restore(tmp_path / "easel.sqlite3")
    return tmp_path / "easel.sqlite3"


def migrated(path: Path, to: int, folder: Path) -> sqlite3.Connection:
    """The database at `path` at schema version `to`; `folder` takes the files for that."""
    for file in sorted(MIGRATIONS.glob("*.sql")):
        if int(file.name[:4]) <= to:
            shutil.copy(file, folder)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    assert migrate(connection, folder) == to
    return connection


def read(path: Path, sql: str) -> Rows:
    connection = sqlite3.connect(path)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


ENTRIES = (
    "l.id, {owner}.guild_id, {owner}.user_id, l.kind, l.amount, l.job_id, l.actor_id, l.reason,"
    " l.created_at"
)


def test_3_keeps_every_entry_of_the_ledger(path: Path, tmp_path: Path) -> None:
    before = read(path, f"SELECT {ENTRIES.format(owner='l')} FROM ledger l ORDER BY id")
    migrated(path, 3, tmp_path).close()
    after = read(
        path,
        f"SELECT {ENTRIES.format(owner='b')} FROM ledger l JOIN buckets b ON b.id = l.bucket_id"
        " ORDER BY l.id",
    )
    assert len(after) > 50
    assert after == before


def test_3_keeps_lasting_credits_and_makes_balances_of_entries(path: Path, tmp_path: Path) -> None:
    lasting = read(
        path,
        "SELECT guild_id, user_id, SUM(amount) FROM ledger WHERE bucket = ''"
        " GROUP BY guild_id, user_id ORDER BY 1, 2",
    )
    connection = migrated(path, 3, tmp_path)
    assert (
        lasting
        == connection.execute(
            "SELECT guild_id, user_id, balance FROM buckets WHERE kind = 'lasting' ORDER BY 1, 2"
        ).fetchall()
    )
    assert any(row[2] for row in lasting)
    wrong = connection.execute(
        "SELECT * FROM buckets b WHERE balance <>"
        " (SELECT SUM(amount) FROM ledger WHERE bucket_id = b.id)"
    ).fetchall()
    assert wrong == []
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_3_counts_what_jobs_used_of_the_allowance_on_each_day(path: Path, tmp_path: Path) -> None:
    used: dict[tuple[int, int, float], int] = defaultdict(int)
    resets = dict(
        ((guild, user), at)
        for guild, user, at in read(
            path,
            "SELECT guild_id, user_id, MAX(created_at) FROM ledger WHERE reason = 'reset'"
            " GROUP BY guild_id, user_id",
        )
    )
    for guild, user, cost, at in read(
        path,
        "SELECT j.guild_id, j.user_id, cost, created_at FROM jobs j WHERE cost > 0"
        " AND state NOT IN ('failed', 'cancelled') AND EXISTS (SELECT 1 FROM ledger h"
        " WHERE h.job_id = j.id AND h.kind = 'hold' AND h.bucket <> '')",
    ):
        if at > resets.get((guild, user), 0.0):
            used[guild, user, at // 86_400 * 86_400] += cost
    connection = migrated(path, 3, tmp_path)
    found = {
        (guild, user, day): -balance
        for guild, user, day, balance in connection.execute(
            "SELECT guild_id, user_id, granted_at, balance FROM buckets"
            " WHERE kind = 'allowance' AND forgiven_at IS NULL AND balance <> 0"
        )
    }
    assert len(used) > 5
    assert found == used
    connection.close()


def test_3_leaves_an_append_only_ledger(path: Path, tmp_path: Path) -> None:
    connection = migrated(path, 3, tmp_path)
    for sql in ("UPDATE ledger SET amount = 100", "DELETE FROM ledger"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(sql)
    left = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert not {name for name in left if name.endswith("_2")}
    connection.close()


ROWS = "job_id, channel_id, nonce, sending_at, tries, message_id"


def test_4_keeps_every_row_of_the_outbox(path: Path, tmp_path: Path) -> None:
    before = read(path, f"SELECT {ROWS} FROM outbox ORDER BY job_id")
    given_up = read(path, "SELECT job_id, given_up FROM outbox WHERE given_up IS NOT NULL")
    migrated(path, 4, tmp_path).close()
    assert len(before) > 30
    assert before == read(
        path, f"SELECT {ROWS} FROM deliveries WHERE kind = 'result' ORDER BY job_id"
    )
    # Why Discord refused them is kept, and they can be asked for again.
    assert given_up == read(
        path, "SELECT job_id, last_error FROM deliveries WHERE given_up = 'refused'"
    )


def test_4_ends_the_progress_messages_that_were_left(path: Path, tmp_path: Path) -> None:
    migrated(path, 4, tmp_path).close()
    ends = read(path, "SELECT job_id FROM deliveries WHERE kind = 'end' ORDER BY job_id")
    assert ends == sorted([(version_2.FAILED,), (version_2.CANCELLED,)])


def test_6_knows_what_the_kept_files_weigh(tmp_path: Path) -> None:
    path, images = tmp_path / "easel.sqlite3", tmp_path / "images"
    version_2.restore(path, images)
    rows = read(path, "SELECT job_id, idx, bytes FROM images WHERE evicted_at IS NULL")
    files = {images_path(images, job, idx).stat().st_ino: size for job, idx, size in rows}
    # Some were taken out of their grids.
    assert len(files) < len(rows)
    before = read(path, f"SELECT {PICTURES} FROM images ORDER BY job_id, idx")
    migrated(path, 6, tmp_path).close()
    assert read(path, "SELECT bytes FROM kept") == [(sum(files.values()),)]
    assert read(path, f"SELECT {PICTURES} FROM images ORDER BY job_id, idx") == before
    [linked] = read(
        path, f"SELECT linked_job, linked_idx FROM images WHERE job_id = '{version_2.UPSCALED}'"
    )
    assert linked == (version_2.GRID, 2)


def test_7_knows_what_each_job_is_made_from(path: Path, tmp_path: Path) -> None:
    requests = {job: json.loads(text) for job, text in read(path, "SELECT id, request FROM jobs")}
    sources = [
        (job, 0, "source", *request["source"])
        for job, request in sorted(requests.items())
        if request["source"]
    ]
    migrated(path, 7, tmp_path).close()
    assert len(sources) > 5
    assert sources == read(
        path, "SELECT job_id, place, role, tile_job, tile_idx FROM job_inputs ORDER BY job_id"
    )
    digests = read(
        path,
        "SELECT digest, sha256 FROM job_inputs LEFT JOIN images i"
        " ON (i.job_id, i.idx) = (tile_job, tile_idx)",
    )
    assert all(digest == sha256 for digest, sha256 in digests)
    assert any(digest for digest, _ in digests)


def test_11_leaves_every_job_as_it_was_and_alone(path: Path, tmp_path: Path) -> None:
    migrated(path, 10, tmp_path).close()
    before = read(path, "SELECT * FROM jobs ORDER BY rowid")
    ends = read(path, "SELECT * FROM deliveries ORDER BY id")
    connection = migrated(path, 11, tmp_path)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    assert read(path, "SELECT * FROM jobs ORDER BY rowid") == [(*row, None) for row in before]
    assert read(path, "SELECT * FROM deliveries ORDER BY id") == ends
    assert read(path, "SELECT * FROM proposals") == []


def test_12_adds_preferences_and_leaves_the_rest_alone(path: Path, tmp_path: Path) -> None:
    migrated(path, 11, tmp_path).close()
    names = read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
    before = {name: read(path, f"SELECT * FROM {name}") for (name,) in names}
    connection = migrated(path, 12, tmp_path)
    assert {name: read(path, f"SELECT * FROM {name}") for (name,) in names} == before
    assert sum(map(len, before.values())) > 100
    connection.execute("INSERT INTO preferences VALUES ('user', 7, '{}')")
    for sql in ("'user', 7, '{}'", "'guild', 7, '{}'"):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"INSERT INTO preferences VALUES ({sql})")
    connection.close()


def test_13_makes_room_for_styles_beside_everything(path: Path, tmp_path: Path) -> None:
    migrated(path, 12, tmp_path).close()
    tables = [name for (name,) in read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {name: read(path, f"SELECT * FROM {name}") for name in tables}
    migrated(path, 13, tmp_path).close()
    assert {name: read(path, f"SELECT * FROM {name}") for name in tables} == before
    assert read(path, "SELECT * FROM styles") == []


def test_14_says_of_no_row_that_somebody_is_to_be_told(path: Path, tmp_path: Path) -> None:
    migrated(path, 13, tmp_path).close()
    tables = [name for (name,) in read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {name: read(path, f"SELECT * FROM {name}") for name in tables}
    assert read(path, "SELECT 1 FROM deliveries WHERE given_up IS NOT NULL")
    connection = migrated(path, 14, tmp_path)
    connection.execute("INSERT INTO preferences VALUES ('user', 7, '{}')")
    connection.close()
    rows = before.pop("deliveries")
    assert len(rows) > 30
    assert read(path, "SELECT * FROM deliveries") == [(*row, 0) for row in rows]
    assert {name: read(path, f"SELECT * FROM {name}") for name in before} == before | {
        "preferences": [("user", 7, "{}")]
    }


def test_15_makes_every_result_searchable(path: Path, tmp_path: Path) -> None:
    migrated(path, 14, tmp_path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    hidden = "UPDATE jobs SET request = json_set(request, '$.extra', json('{\"stealth\": true}'))"
    connection.execute(f"{hidden} WHERE id = ?", (version_2.JAPANESE,))
    connection.execute("UPDATE jobs SET request = '{' WHERE id = ?", (version_2.EMOJI,))
    connection.close()
    tables = [name for (name,) in read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {name: read(path, f"SELECT * FROM {name}") for name in tables}
    connection = migrated(path, 15, tmp_path)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.execute("INSERT INTO prompts (prompts) VALUES ('integrity-check')")
    connection.close()
    assert {name: read(path, f"SELECT * FROM {name}") for name in tables} == before
    ended = read(
        path,
        "SELECT id, guild_id, channel_id FROM jobs WHERE state = 'succeeded'"
        " ORDER BY finished_at, rowid",
    )
    assert len(ended) == version_2.STATES["succeeded"]
    columns = "job_id, guild_id, channel_id"
    assert read(path, f"SELECT {columns} FROM results ORDER BY number") == ended
    unseen = "SELECT job_id FROM results WHERE hidden = 1"
    assert read(path, unseen) == [(version_2.JAPANESE,)]
    assert read(path, "SELECT DISTINCT gone, likes FROM results") == [(0, 0)]
    assert found(path, prompts.query("", prompts.asked_on(version_2.ATELIER)))
    japanese = read(path, f"SELECT request FROM jobs WHERE id = '{version_2.JAPANESE}'")
    words = json.loads(str(japanese[0][0]))["prompt"].split(" --")[0]
    assert found(path, prompts.query(words[:4])) == [version_2.JAPANESE]
    [(owner,)] = read(path, f"SELECT user_id FROM jobs WHERE id = '{version_2.UPSCALED}'")
    labels = (prompts.owned_by(int(str(owner))), prompts.done_by("upscale"))
    assert version_2.UPSCALED in found(path, prompts.query("", *labels))
    public = found(path, prompts.query("", prompts.shown_on(version_2.STUDIO)))
    assert version_2.GRID in public
    assert version_2.JAPANESE not in public
    assert version_2.EMOJI in found(path, prompts.query("", prompts.owned_by(version_2.MIA)))


def test_16_finds_messages_and_changes_no_row(path: Path, tmp_path: Path) -> None:
    migrated(path, 15, tmp_path).close()
    tables = [name for (name,) in read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {name: read(path, f"SELECT * FROM {name}") for name in tables}
    [(message, job)] = read(
        path, "SELECT message_id, job_id FROM deliveries WHERE message_id <> 0 LIMIT 1"
    )
    migrated(path, 16, tmp_path).close()
    assert {name: read(path, f"SELECT * FROM {name}") for name in tables} == before
    said = f"SELECT job_id FROM deliveries WHERE message_id = {message} AND message_id <> 0"
    assert read(path, said) == [(job,)]
    [(*_, plan)] = read(path, f"EXPLAIN QUERY PLAN {said}")
    assert "deliveries_of_message" in str(plan)


def test_17_lets_the_ledger_forget_words_and_nothing_else(path: Path, tmp_path: Path) -> None:
    migrated(path, 16, tmp_path).close()
    tables = [name for (name,) in read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {name: read(path, f"SELECT * FROM {name}") for name in tables}
    connection = migrated(path, 17, tmp_path)
    assert {name: read(path, f"SELECT * FROM {name}") for name in tables} == before
    for change in (
        "reason = 'other words'",
        "reason = '', amount = 9",
        "reason = '', job_id = NULL",
        "reason = '', actor_id = actor_id + 1",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(f"UPDATE ledger SET {change} WHERE kind = 'hold'")
    balances = connection.execute("SELECT id, balance FROM buckets ORDER BY id").fetchall()
    forgot = connection.execute("UPDATE ledger SET reason = ''")
    assert forgot.rowcount == len(before["ledger"]) > 50
    assert connection.execute("SELECT id, balance FROM buckets ORDER BY id").fetchall() == balances
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM ledger WHERE reason = ''")
    connection.close()


def test_spoilers_are_new_and_nothing_is_one(path: Path, tmp_path: Path) -> None:
    [file] = MIGRATIONS.glob("*_spoilers.sql")
    number = int(file.name[:4])
    migrated(path, number - 1, tmp_path).close()
    before = read(path, "SELECT * FROM results")
    migrated(path, number, tmp_path).close()
    assert read(path, "SELECT * FROM results") == [(*row, 0) for row in before]
    said = "SELECT number FROM results WHERE channel_id = 1 AND hidden = 0 ORDER BY number DESC"
    [(*_, plan)] = read(path, f"EXPLAIN QUERY PLAN {said}")
    assert "results_of_channel" in str(plan)


def test_nobody_looked_at_the_pictures_of_before(path: Path, tmp_path: Path) -> None:
    [file] = MIGRATIONS.glob("*_safety.sql")
    number = int(file.name[:4])
    migrated(path, number - 1, tmp_path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("INSERT INTO blobs (digest, bytes) VALUES ('ab', 3)")
    connection.close()
    names = [name for (name,) in read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {name: read(path, f"SELECT * FROM {name}") for name in names}
    connection = migrated(path, number, tmp_path)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    for table, new in {
        "images": (None,), "blobs": (None,), "results": (0,), "jobs": (0, 0),
    }.items():  # fmt: skip
        rows = before.pop(table)
        assert rows
        assert read(path, f"SELECT * FROM {table}") == [(*row, *new) for row in rows]
    assert {name: read(path, f"SELECT * FROM {name}") for name in before} == before
    assert read(path, "SELECT * FROM safety_settings") == []
    for wrong in ("1, 'burn', 0.5, 1", "1, 'block', 1.5, 1", "1, 'block', 0.5, 2"):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"INSERT INTO safety_settings VALUES ({wrong})")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE images SET score = 1.1")
    connection.close()


def test_the_overview_counts_what_was_there(path: Path, tmp_path: Path) -> None:
    [file] = MIGRATIONS.glob("*_overview.sql")
    number = int(file.name[:4])
    migrated(path, number - 1, tmp_path).close()
    jobs = read(path, "SELECT * FROM jobs ORDER BY rowid")
    grants = read(
        path,
        "SELECT b.guild_id, CAST(l.created_at AS INTEGER) / 86400, SUM(amount) FROM ledger l"
        " JOIN buckets b ON b.id = bucket_id WHERE l.kind = 'grant' AND amount > 0 GROUP BY 1, 2",
    )
    migrated(path, number, tmp_path).close()
    assert [row[:-1] for row in read(path, "SELECT * FROM jobs ORDER BY rowid")] == jobs
    why = read(path, "SELECT failure, failure_code FROM jobs WHERE state = 'failed'")
    assert len(why) == version_2.STATES["failed"]
    assert all(said == SENTENCES[str(code)] for said, code in why)
    assert read(path, "SELECT 1 FROM jobs WHERE state <> 'failed' AND failure_code <> ''") == []
    tally = "SELECT guild_id, day, {} total FROM tallies WHERE topic = {} ORDER BY 1, 2, 3"
    ended = "SELECT guild_id, day, {} COUNT(*) FROM ends WHERE {} GROUP BY 1, 2, {} ORDER BY 1, 2"
    for topic, name, which in (
        ("ended", "state", "1"), ("waited", "CAST(waited AS TEXT)", "drawn"),
        ("model", "model", "drawn"), ("failed", "failure_code", "state = 'failed'"),
    ):  # fmt: skip
        again = read(path, ended.format(f"{name},", which, 3) + ", 3")
        assert again == read(path, tally.format("name,", f"'{topic}'"))
        assert again
    assert grants == read(path, tally.format("", "'credits' AND name = 'granted'"))
    spent = "SELECT guild_id, user_id, SUM(cost) FROM ends WHERE state = 'succeeded' AND cost > 0"
    again = read(path, f"{spent} GROUP BY 1, 2 ORDER BY 1, 2")
    assert again == read(path, "SELECT * FROM spenders ORDER BY 1, 2")
    last = "SELECT guild_id, user_id, MAX(total) FROM spending GROUP BY 1, 2 ORDER BY 1, 2"
    assert again == read(path, last)
    assert read(path, "SELECT * FROM switches") == []


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("moderation", {"words", "places", "bans", "refusals", "timeout_rules"}),
        ("audit_logs", {"audit_logs"}),
        ("greetings", {"greetings"}),
    ],
)
def test_tables_are_new_and_all_else_stays(
    path: Path, tmp_path: Path, name: str, new: set[str]
) -> None:
    [file] = MIGRATIONS.glob(f"*_{name}.sql")
    number = int(file.name[:4])
    migrated(path, number - 1, tmp_path).close()
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'prompts%'"
    before = {str(name): read(path, f"SELECT * FROM {name}") for (name,) in read(path, names)}
    migrated(path, number, tmp_path).close()
    after = {str(name): read(path, f"SELECT * FROM {name}") for (name,) in read(path, names)}
    assert after == {**before, **{each: [] for each in new}}
    assert len(before["jobs"]) > 20


def test_jobs_of_before_have_no_language(path: Path, tmp_path: Path) -> None:
    [file] = MIGRATIONS.glob("*_locale.sql")
    number = int(file.name[:4])
    migrated(path, number - 1, tmp_path).close()
    before = read(path, "SELECT * FROM jobs")
    migrated(path, number, tmp_path).close()
    assert read(path, "SELECT * FROM jobs") == [(*row, "") for row in before]
    assert before


def found(path: Path, query: str) -> list[object]:
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT job_id FROM prompts JOIN results ON number = prompts.rowid WHERE prompts MATCH ?",
        (query,),
    ).fetchall()
    connection.close()
    return [job for (job,) in rows]


def test_20_makes_room_for_what_is_bought_beside_everything(path: Path, tmp_path: Path) -> None:
    migrated(path, 19, tmp_path).close()
    names = [name for (name,) in read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    tables = [name for name in names if not name.startswith("prompts")]
    before = {name: read(path, f"SELECT * FROM {name}") for name in tables}
    connection = migrated(path, 20, tmp_path)
    assert {name: read(path, f"SELECT * FROM {name}") for name in tables} == before
    [bucket] = connection.execute(
        "SELECT id FROM buckets WHERE kind = 'lasting' LIMIT 1"
    ).fetchone()
    add = "INSERT INTO entitlements (id, sku_id, user_id, guild_id, deleted, consumed, bucket_id,"
    add += " credits) VALUES "
    connection.execute(f"{add} (1, 2, 3, 0, 0, 0, {bucket}, 5)")
    for row in (
        f"(2, 2, 3, 0, 0, 0, {bucket}, 5)",  # a bucket is one entitlement's
        "(1, 2, 3, 0, 0, 0, NULL, NULL)",
        "(3, 2, 3, 0, 0, 0, NULL, 5)",
        "(4, 2, 3, 0, 2, 0, NULL, NULL)",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(add + row)
    connection.close()


PICTURES = "job_id, idx, sha256, bytes, created_at, evicted_at"


def images_path(images: Path, job: object, index: object) -> Path:
    return images / str(job)[:2] / str(job)[2:4] / str(job) / f"{index}.webp"


def test_19_keeps_settings_and_the_calendar_of_who_was_there(path: Path, tmp_path: Path) -> None:
    [file] = MIGRATIONS.glob("*_plans.sql")
    number = int(file.name[:4])
    connection = migrated(path, number - 1, tmp_path)
    connection.executemany(
        "INSERT INTO quota_settings (guild_id, scope, target_id, credits, period, running, waiting)"
        " VALUES (7, ?, ?, ?, ?, ?, ?)",
        [("server", 7, 5, "day", None, None), ("role", 8, 600, "month", 2, 9),
         ("user", 9, None, None, 4, None)],
    )  # fmt: skip
    connection.commit()
    connection.close()
    buckets = read(path, "SELECT * FROM buckets ORDER BY id")
    people = set(read(path, "SELECT guild_id, user_id FROM buckets UNION"
                            " SELECT guild_id, user_id FROM jobs"))  # fmt: skip
    migrated(path, number, tmp_path).close()
    assert read(path, "SELECT * FROM buckets ORDER BY id") == [(*row, "") for row in buckets]
    assert set(read(path, "SELECT guild_id, user_id FROM accounts")) == people != set()
    assert set(read(path, "SELECT started_at FROM accounts")) == {(0.0,)}
    said = "SELECT scope, target_id, setting, plan FROM quota_settings WHERE guild_id = 7"
    assert [(scope, id, json.loads(it), plan) for scope, id, it, plan in read(path, said)] == [
        ("role", 8, {"credits": 600, "period": "month", "running": 2, "waiting": 9}, ""),
        ("server", 7, {"credits": 5, "period": "day"}, ""),
        ("user", 9, {"running": 4}, ""),
    ]


def test_24_and_on_make_room_for_a_desk_beside_everything(path: Path, tmp_path: Path) -> None:
    [file] = MIGRATIONS.glob("*_desk.sql")
    number = int(file.name[:4])
    connection = migrated(path, number - 1, tmp_path)
    job = connection.execute("SELECT id, guild_id FROM jobs LIMIT 1").fetchone()
    report = "INSERT INTO reports (guild_id, job_id, reporter_id, reason, created_at)"
    connection.execute(f"{report} VALUES (?, ?, 5, 'rude', 1.0)", (job[1], job[0]))
    connection.commit()
    connection.close()
    before = read(path, "SELECT * FROM reports")
    connection = migrated(path, number + 1, tmp_path)
    assert read(path, "SELECT * FROM reports") == before
    assert connection.execute("SELECT COUNT(*) FROM desk_cards").fetchone()[0] == 0
    connection.execute("INSERT INTO desks VALUES (?, 7)", (job[1],))
    connection.execute(f"{report} VALUES (?, ?, 6, '', 2.0)", (job[1], job[0]))
    connection.execute("UPDATE reports SET answer = 'dismissed' WHERE reporter_id = 6")
    [card] = connection.execute("SELECT kind, subject, revision FROM desk_cards").fetchall()
    assert tuple(card) == ("report", job[0], 2)
    with pytest.raises(sqlite3.IntegrityError):  # nobody answers what was not said
        connection.execute(
            "INSERT INTO appeals (id, guild_id, user_id, kind, texts, why, refused_at, answer,"
            " answered_at) VALUES ('a', 1, 2, 'ban', '[]', '', 1.0, 'denied', 2.0)"
        )
    connection.close()


def test_27_reads_the_trail_of_before_in_order_and_posts_it_nowhere(
    path: Path, tmp_path: Path
) -> None:
    [file] = MIGRATIONS.glob("*_audit_logs.sql")
    number = int(file.name[:4])
    migrated(path, number - 1, tmp_path).close()
    guild, trail = "1200000000000000100", "SELECT * FROM audit WHERE guild_id = {} AND id > 5"
    before = read(path, trail.format(guild))
    connection = migrated(path, number, tmp_path)
    [plan] = connection.execute(f"EXPLAIN QUERY PLAN {trail.format(guild)} ORDER BY id").fetchall()
    assert "audit_in_order" in str(plan[3])
    assert connection.execute(f"{trail.format(guild)} ORDER BY id").fetchall() == before
    assert len(before) > 3
    assert connection.execute("SELECT * FROM audit_logs").fetchall() == []
    add = "INSERT INTO audit_logs (guild_id, channel_id, posted, upto, nonce, sending_at) VALUES"
    connection.execute(f"{add} ({guild}, 7, 5, NULL, NULL, NULL)")
    connection.execute(f"{add} (8, 7, 5, 9, 'n', 1.0)")
    for row in (
        f"({guild}, 7, 5, NULL, NULL, NULL)",  # a server has one
        "(9, 7, 5, 9, NULL, 1.0)",  # what is being posted has a nonce
        "(9, 7, 5, 9, 'n', NULL)",
        "(9, 7, 5, NULL, 'n', 1.0)",
        "(9, 7, NULL, NULL, NULL, NULL)",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(add + row)
    connection.close()


@pytest.mark.parametrize("table", ["purges", "drains"])
def test_29_and_31_make_room_beside_everything(path: Path, tmp_path: Path, table: str) -> None:
    [file] = MIGRATIONS.glob(f"*_{table}.sql")
    number = int(file.name[:4])
    migrated(path, number - 1, tmp_path).close()
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    before = {name: read(path, f"SELECT COUNT(*) FROM {name}") for (name,) in read(path, tables)}
    migrated(path, number, tmp_path).close()
    after = {name: read(path, f"SELECT COUNT(*) FROM {name}") for (name,) in read(path, tables)}
    assert after == {**before, table: [(0,)]}


def test_30_and_32_keep_what_appeals_against_pictures_are_about(path: Path, tmp_path: Path) -> None:
    [file], [uses] = MIGRATIONS.glob("*_appeal_jobs.sql"), MIGRATIONS.glob("*_appeal_uses.sql")
    number = int(file.name[:4])
    connection = migrated(path, number - 1, tmp_path)
    jobs = [row[0] for row in connection.execute("SELECT id FROM jobs ORDER BY id LIMIT 3")]
    connection.executemany(
        "INSERT INTO appeals (id, guild_id, user_id, kind, texts, why, refused_at, used_by)"
        " VALUES (?, 1, 2, ?, '[]', '', 1.0, ?)",
        [(jobs[0], "picture", None), (jobs[1], "picture", jobs[2]), ("a" * 32, "words", jobs[2])],
    )
    connection.commit()
    connection.close()
    kept = "SELECT id, kind, texts, why, refused_at, said, answer FROM appeals ORDER BY id"
    before, about = read(path, kept), "SELECT * FROM appeal_jobs ORDER BY appeal_id"
    migrated(path, number, tmp_path).close()
    assert read(path, about) == [(job, job) for job in jobs[:2]]
    connection = migrated(path, int(uses.name[:4]), tmp_path)
    assert read(path, kept) == before
    assert read(path, about) == [(jobs[0], jobs[0], None), (jobs[1], jobs[1], jobs[2])]
    assert read(path, "SELECT kind, used_by FROM appeals WHERE used_by IS NOT NULL") == [
        ("words", jobs[2])
    ]
    connection.execute("DELETE FROM appeals")
    assert read(path, "SELECT * FROM appeal_jobs") == []
    connection.close()


def test_33_counts_the_queue_and_changes_no_job(path: Path, tmp_path: Path) -> None:
    [file] = MIGRATIONS.glob("*_queued.sql")
    number = int(file.name[:4])
    connection = migrated(path, number - 1, tmp_path)
    connection.execute("UPDATE jobs SET state = 'waiting' WHERE rowid % 3 = 0")
    connection.close()
    before = read(path, "SELECT rowid, * FROM jobs ORDER BY rowid")
    connection = migrated(path, number, tmp_path)
    assert read(path, "SELECT rowid, * FROM jobs ORDER BY rowid") == before
    assert read(path, "SELECT * FROM jobs_of_people ORDER BY number") == before

    def queued() -> int:
        waiting = connection.execute("SELECT COUNT(*) FROM jobs WHERE state = 'waiting'")
        [(told,)] = connection.execute("SELECT jobs FROM queued").fetchall()
        assert told == waiting.fetchone()[0]
        return told

    first = queued()
    assert first > 5
    next_one = "(SELECT id FROM jobs WHERE state = 'waiting' ORDER BY rowid LIMIT 1)"
    for state, left in (("running", first - 1), ("succeeded", first - 2), ("waiting", first - 2)):
        connection.execute(f"UPDATE jobs SET state = ? WHERE id = {next_one}", (state,))
        assert queued() == left
    again = connection.execute("UPDATE jobs SET state = 'waiting' WHERE state = 'running'")
    assert queued() == first - 2 + again.rowcount
    connection.execute(
        "INSERT INTO jobs (id, guild_id, channel_id, user_id, action, request, state, cost,"
        " running_limit, created_at) VALUES ('new', 1, 1, 1, 'imagine', '{}', 'waiting', 1, 1, 1.0)"
    )
    assert queued() == first - 1 + again.rowcount
    connection.execute("DELETE FROM jobs WHERE id = 'new'")
    assert queued() == first - 2 + again.rowcount
    connection.close()


def test_34_takes_words_out_of_the_sources_and_knows_nothing_of_what_rolls_over(
    path: Path, tmp_path: Path
) -> None:
    [file] = MIGRATIONS.glob("*_carried.sql")
    number = int(file.name[:4])
    connection = migrated(path, number - 1, tmp_path)
    connection.executemany(
        "INSERT INTO buckets (guild_id, user_id, kind, source, granted_at, origin)"
        " VALUES (1, 2, 'lasting', ?, 1.0, ?)",
        [("for Anna Smith", "offer:7"), ("welcome", "welcome"), ("gift code", "code:7")],
    )
    connection.commit()
    connection.close()
    before = read(path, "SELECT * FROM buckets ORDER BY id")
    migrated(path, number, tmp_path).close()
    after = read(path, "SELECT * FROM buckets ORDER BY id")
    assert set(read(path, "SELECT carries, carries_since FROM accounts")) == {(None, 0.0)}
    assert [row for row in after if row not in before] == [
        tuple("grant" if each == "for Anna Smith" else each for each in row)
        for row in before
        if "for Anna Smith" in row
    ]
    assert len(after) == len(before)


WORDS = {
    "INSERT INTO jobs (id, guild_id, channel_id, user_id, action, request, cost, running_limit,"
    " created_at, state) VALUES (:n, 0, 0, 0, '', '', 0, 0, 0, :word)":
    ("waiting", "running", "succeeded", "failed", "cancelled"),
    "INSERT INTO buckets (guild_id, user_id, source, granted_at, kind)"
    " VALUES (0, 0, '', :n, :word)":
    ("lasting", "allowance", "lapsed"),
    "INSERT INTO deliveries (job_id, channel_id, nonce, kind) VALUES (:n, 0, :n, :word)":
    ("result", "end", "dm", "show"),
    "INSERT INTO tallies (guild_id, day, name, total, topic) VALUES (0, 0, :n, 0, :word)":
    ("ended", "drawn", "waited", "model", "failed", "credits", "refused"),
    **{
        "INSERT INTO ledger (bucket_id, job_id, actor_id, reason, created_at, amount, kind)"
        f" VALUES (0, {job}, 0, '', 0, {amount}, :word)": (word,)
        for word, job, amount in (
            ("grant", "NULL", 1), ("hold", ":n", -1), ("capture", ":n", 0), ("release", ":n", 1),
            ("expire", "NULL", -1),
        )
    },
}  # fmt: skip


def test_a_column_holds_the_words_that_it_is_for_and_no_other(tmp_path: Path) -> None:
    """In whatever way its check says them."""
    connection = sqlite3.connect(tmp_path / "easel.sqlite3", isolation_level=None)
    migrate(connection)
    numbers = map(str, itertools.count())
    for sql, words in WORDS.items():
        for word in words:
            connection.execute(sql, {"n": next(numbers), "word": word})
        with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
            connection.execute(sql, {"n": next(numbers), "word": "odd"})
