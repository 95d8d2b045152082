"""What is to be posted or brought to its end in a channel, as a row of the outbox."""

from __future__ import annotations

import enum
from dataclasses import dataclass

MIB = 1 << 20
ENVELOPE = 64 * 1024
"""Head room for what surrounds a file in a request."""

UPLOAD_LIMIT = 10 * MIB - ENVELOPE
"""Bytes of a file that may be posted everywhere; some servers take more."""


class Kind(enum.StrEnum):
    """RESULT posts the pictures of a job. END brings its progress message to the job's end: away
    when the pictures are posted, else it says how the job ended. DM posts them once more in the
    direct messages of who asked; SHOW is for the asking person alone."""

    RESULT = "result"
    END = "end"
    DM = "dm"
    SHOW = "show"


class GivenUp(enum.StrEnum):
    """Why a result is not posted; the value is what the row says."""

    REFUSED = "refused"
    TOO_LARGE = "too_large"
    GONE = "gone"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Delivery:
    """`sent_before` is when a POST with `nonce` was first begun, None when never; `message` is set
    once it is known to be there. `audience` is the user who alone may see it, 0 for everybody; in
    direct messages `channel` is that user, too."""

    id: int
    job: str
    kind: Kind
    channel: int
    nonce: str
    audience: int = 0
    sent_before: float | None = None
    message: int = 0
    tries: int = 0
    given_up: GivenUp | None = None
