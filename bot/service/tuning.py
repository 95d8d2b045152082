"""What the operator's settings say anew while the bot runs."""

from __future__ import annotations

from bot.service.rulebook import Rulebook
from bot.service.rules import Rules


class Tuning:
    """Holds what is shared by those who decide."""

    def __init__(self, rules: Rules, rulebook: Rulebook) -> None:
        self._rules = rules
        self._rulebook = rulebook

    def apply(self, new: Rules) -> None:
        """From now on what is asked for is judged by `new`; what was accepted stays so."""
        before = self._rules.blocked_words
        self._rules.become(new)
        if self._rules.blocked_words != before:
            self._rulebook.block(self._rules.blocked_words)
