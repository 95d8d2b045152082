"""What is to be posted, as a row of the outbox."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
ENVELOPE = 64 * 1024
"""Head room for what surrounds a file in a request."""

UPLOAD_LIMIT = 10 * MIB - ENVELOPE
"""Bytes of a file that may be posted everywhere; some servers take more."""


@dataclass(frozen=True)
class Delivery:
    """A result that is to be posted. `sent_before` is when a POST with `nonce` was first begun,
    None when never; `message` is set once it is known to be there."""

    job: str
    channel: int
    nonce: str
    sent_before: float | None = None
    message: int = 0
    tries: int = 0
