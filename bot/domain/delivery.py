"""What is to be posted, as a row of the outbox."""

from __future__ import annotations

from dataclasses import dataclass


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
