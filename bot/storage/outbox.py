"""Results that are to be posted: the table is the queue."""

from __future__ import annotations

import secrets


def new_nonce() -> str:
    """24 characters; Discord takes up to 25."""
    return secrets.token_hex(12)
