"""What each table holds of a person, and what becomes of it when they want to be forgotten.

A table that is not listed here fails a test: whoever adds one decides.
"""

from __future__ import annotations

from dataclasses import dataclass

_JOBS = "job_id IN (SELECT id FROM jobs WHERE user_id = :user)"


@dataclass(frozen=True)
class Holding:
    """One table. `mine` is the condition for rows of `:user`, None where no row is anybody's;
    `forgotten` says what deletion does to them. Columns in `structured` hold JSON."""

    table: str
    mine: str | None
    forgotten: str
    structured: tuple[str, ...] = ()


HOLDINGS = (
    Holding("profiles", "user_id = :user", "deleted"),
    Holding(
        "preferences", "scope = 'user' AND owner_id = :user", "deleted", structured=("chosen",)
    ),
    Holding("jobs", "user_id = :user", "emptied: numbers stay for the books", ("request",)),
    Holding("job_inputs", _JOBS, "deleted"),
    Holding("images", _JOBS, "deleted, with the files"),
    Holding("results", _JOBS, "deleted"),
    Holding("prompts", None, "terms of `results`, deleted by their trigger"),
    Holding("likes", "user_id = :user", "deleted"),
    Holding(
        "deliveries", f"{_JOBS} OR audience = :user OR untold = :user", "deleted, with the messages"
    ),
    Holding("letters", f"user_id = :user OR {_JOBS}", "deleted, with the messages of own pictures"),
    Holding("blob_uses", "user_id = :user", "deleted"),
    Holding(
        "blobs", "digest IN (SELECT digest FROM blob_uses WHERE user_id = :user)",
        "deleted, with the files, where nobody else brought them",
    ),
    Holding("proposals", "user_id = :user", "deleted", ("plan",)),
    Holding("accounts", "user_id = :user", "kept: dates, and a number that rolls over"),
    Holding("buckets", "user_id = :user", "kept: numbers alone"),
    Holding(
        "ledger",
        "actor_id = :user OR bucket_id IN (SELECT id FROM buckets WHERE user_id = :user)",
        "kept without words, so that the books balance and nobody resets a limit",
    ),
    Holding(
        "quota_settings", "scope = 'user' AND target_id = :user", "kept: what admins decided",
        ("setting",),
    ),
    Holding(
        "audit",
        "actor_id = :user OR json_extract(detail, '$.user') = :user OR"
        " json_extract(detail, '$.scope') = 'user' AND json_extract(detail, '$.target') = :user",
        "kept without words: what admins did", ("detail",),
    ),
    Holding(
        "styles",
        "EXISTS (SELECT 1 FROM audit a WHERE a.guild_id = styles.guild_id AND a.actor_id = :user"
        " AND a.deed IN ('style add', 'style edit')"
        " AND json_extract(a.detail, '$.name') = styles.name)",
        "kept: a server's", ("loras",),
    ),
    Holding("plans", None, "a server's"),
    Holding("tariffs", None, "a server's"),
    Holding("offers", "actor_id = :user", "kept without words: a server's"),
    Holding("codes", "actor_id = :user", "kept without words: a server's"),
    Holding("code_tries", "user_id = :user", "kept for an hour, so that nobody guesses on"),
    Holding(
        "entitlements", "user_id = :user",
        "kept: numbers alone, so that nothing that was bought is granted twice",
    ),
    Holding("shop_visits", "user_id = :user", "deleted"),
    Holding("plans_sold", None, "the operator's"),
    Holding("words", "actor_id = :user", "kept: a server's"),
    Holding("places", None, "channels and roles alone"),
    Holding(
        "bans", "user_id = :user OR actor_id = :user", "kept without words: what admins decided"
    ),
    Holding(
        "refusals", "user_id = :user", "kept: numbers alone, so that nobody resets a time-out",
        ("moments",),
    ),
    Holding("timeout_rules", None, "servers alone"),
    Holding("appeals", "user_id = :user", "deleted", ("texts", "why")),
    Holding("appeal_jobs", _JOBS, "deleted"),
    Holding("purges", "user_id = :user OR actor_id = :user", "deleted when it is done"),
    Holding("audit_logs", None, "servers alone"),
    Holding("desks", None, "servers alone"),
    Holding("desk_cards", None, "numbers alone, until it is answered"),
    Holding("reports", "reporter_id = :user", "deleted"),
    Holding("erasures", "scope = 'user' AND owner_id = :user", "deleted when it is done"),
    Holding("removals", "person_id = :user", "deleted when it is done"),
    Holding("tallies", None, "numbers of servers alone"),
    Holding("wait_bounds", None, "the same everywhere"),
    Holding("spending", "user_id = :user", "kept: numbers alone"),
    Holding("spenders", "user_id = :user", "kept: numbers alone"),
    Holding("switches", None, "servers, and what the operator says to all"),
    Holding("drains", "actor_id = :user", "deleted with the update that it is for"),
    Holding("departures", None, "servers alone"),
    Holding("greetings", None, "servers alone"),
    Holding("safety_settings", None, "servers alone"),
    Holding("kept", None, "one number"),
    Holding("queued", None, "a number of everybody"),
)  # fmt: skip
