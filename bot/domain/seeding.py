"""How the seeds of a grid's pictures come from the seed of the grid."""

from __future__ import annotations

import enum
import hashlib

from bot.domain.prompt.values import SEED_MAX


class Seeding(enum.IntEnum):
    """The rule, by the number that is stored."""

    FOLLOWING = 1
    """Seed + index, modulo 2³². So did schema 1, whose neighbouring seeds share three of four
    pictures. With one picture it is that picture's own seed."""
    SCATTERED = 2
    """The first 32 bits, most significant first, of the SHA-256 of the ASCII text
    `easel <seed> <index>`, both in decimal, the index from 0."""

    def seed_of(self, seed: int, index: int) -> int:
        """The seed of the picture at 0-based `index`."""
        if self is Seeding.FOLLOWING:
            return (seed + index) % (SEED_MAX + 1)
        digest = hashlib.sha256(f"easel {seed} {index}".encode()).digest()
        return int.from_bytes(digest[:4], "big")
