"""The pictures that a drawing is made from, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.action import Tile

SOURCE = "source"
"""The role of the picture that a drawing starts from."""
IMAGE = "image"
"""The role of a picture that is a prompt, like words."""
STYLE = "style"
"""The role of a picture that is one for the look alone."""
ORIGIN = "origin"
"""The role of the picture that a grid was drawn from, in what was taken out of that grid."""
MASK = "mask"
"""The role of the picture that is light where the source is to be drawn anew."""
ORIGIN_MASK = "origin_mask"
"""The role of the mask by which a grid was drawn, in what was taken out of that grid."""


@dataclass(frozen=True)
class Input:
    """A picture that a drawing is made from, by what it is for: "source", "mask" or another role.

    `digest` is the sha256 hex of its file, None where only the tile is known; `tile` is None for a
    file that is no tile of a job.
    """

    role: str
    digest: str | None = None
    tile: Tile | None = None
    weight: float = 1.0

    @classmethod
    def read(cls, *, role: Any, digest: Any, tile: Any, weight: Any) -> Input:
        """What `to_json` made. Raises ValueError, TypeError and LookupError."""
        named = None if digest is None else str(digest)
        return cls(str(role), named, tile and Tile(str(tile[0]), int(tile[1])), float(weight))

    def to_json(self) -> dict[str, Any]:
        """Plain data; `read` is the inverse."""
        tile = [self.tile.job, self.tile.index] if self.tile else None
        return {"role": self.role, "digest": self.digest, "tile": tile, "weight": self.weight}

    def identified(self, digests: Mapping[Tile, str]) -> Input:
        """With what the file of its tile turned out to be."""
        return replace(self, digest=digests.get(self.tile, self.digest)) if self.tile else self
