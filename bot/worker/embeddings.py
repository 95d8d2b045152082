"""What texts mean to a model, kept across jobs: the same prompt again, the empty negative always.

Knows tensors by name; not what they are for. Imported in a worker only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from bot.worker.families.rows import Rows, bytes_of

LIMIT_BYTES = 64 << 20
"""Some 400 texts of Stable Diffusion, or 15 of what reads 512 tokens by T5."""


class Embeddings:
    """`encode` is asked once for each text, as long as it is remembered; the least recently used
    is forgotten first. Where `state` is another, a text has another meaning."""

    def __init__(
        self,
        encode: Callable[[str | None, bool], Rows],
        limit_bytes: int = LIMIT_BYTES,
        state: Callable[[], Hashable] = tuple,
    ) -> None:
        self._encode = encode
        self._limit = limit_bytes
        self._state = state
        self._rows: OrderedDict[Hashable, Rows] = OrderedDict()
        self._held = 0

    def of(self, text: str | None, negative: bool = False) -> Rows:
        """What `encode` gives."""
        key = text, negative, self._state()
        if key in self._rows:
            self._rows.move_to_end(key)
            return self._rows[key]
        rows = self._rows[key] = self._encode(text, negative)
        self._held += bytes_of(rows)
        while self._held > self._limit and len(self._rows) > 1:
            _, forgotten = self._rows.popitem(last=False)
            self._held -= bytes_of(forgotten)
        return rows

    def clear(self) -> None:
        """Forget everything: the encoders have changed, or memory is short."""
        self._rows.clear()
        self._held = 0
