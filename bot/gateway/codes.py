"""Codes by which a connection to Discord is closed."""

from __future__ import annotations

KEEP, LEAVE = 4000, 1000
"""By us: the session goes on later, or ends."""

FINAL = {
    4004: "it refuses DISCORD_TOKEN",
    4010: "there is no such shard",
    4011: "it wants more shards; set SHARDS to 0",
    4012: "this version of Easel is too old",
    4013: "this version of Easel is too old",
    4014: "this version of Easel asks for what the developer portal does not allow",
}
"""By Discord, where no other try is better, and why."""
