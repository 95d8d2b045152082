"""Settings read again while the bot runs: those that are safe to change hold from then on.

Belongs to the composition root. Says names in the log, never values.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from bot.app import rules_of
from bot.domain.errors import SettingsError
from bot.ops.logfile import log_from
from bot.service.rules import Rules
from bot.settings import Settings

log = logging.getLogger(__name__)

Apply = Callable[[Settings, Rules], None]


class Reloading:
    """`read` gets the settings as they are now; it raises SettingsError where they are wrong. What
    `settings` said at the start is what it read then."""

    def __init__(self, settings: Settings, read: Callable[[], Settings]) -> None:
        self._settings = settings
        self._read = read
        self._apply: list[Apply] = []

    def tell(self, apply: Apply) -> None:
        """Call this with what holds from then on."""
        self._apply.append(apply)

    def reload(self) -> None:
        """Read again. A value that is wrong changes nothing and is one sentence in the log."""
        try:
            new = self._read()
            rules = rules_of(new)
        except SettingsError as error:
            log.error("the settings stay as they are: %s", error)
            return
        changed = self._settings.differing(new, live=True)
        later = self._settings.differing(new, live=False)
        self._settings = new
        for apply in self._apply if changed else ():
            apply(new, rules)
        log_from(new.log_level)
        log.info("settings read again: %s", "; ".join(_said(changed, later)) or "nothing changed")


def _said(changed: Sequence[str], later: Sequence[str]) -> list[str]:
    said = [f"{', '.join(changed)} changed"] if changed else []
    return said + ([f"{', '.join(later)} changes at the next start"] if later else [])
