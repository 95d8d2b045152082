"""`easel health`: whether the bot of these settings answers. For Docker and process supervisors."""

from __future__ import annotations

import http.client
import sys

from bot.domain.errors import EaselError
from bot.settings import Settings

PATIENCE_S = 4.0


def health(settings: Settings, *, ready: bool = False) -> int:
    """Print what /healthz says, or /readyz; 0 when all is well, or when HEALTH_PORT is 0.

    Raises EaselError when the bot does not answer, or is not well, or not ready.
    """
    if settings.health_port:
        sys.stdout.write(f"{health_of(settings.health_port, ready=ready)}\n")
    else:
        sys.stdout.write("HEALTH_PORT is 0, so the bot cannot be asked.\n")
    return 0


def health_of(port: int, *, ready: bool = False) -> str:
    """What the bot on this port says of itself. Raises EaselError as `health` does."""
    # Not by urllib, which would ask a proxy for our own loopback.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/readyz" if ready else "/healthz")
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        raise EaselError(f"The bot does not answer on HEALTH_PORT {port} ({error}).") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise EaselError(f"The bot is not {'ready' if ready else 'well'}: {said}")
    return said
