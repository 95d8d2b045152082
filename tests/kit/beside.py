"""The processes beside the bot's that all bots of a test run share."""

from __future__ import annotations

from bot.service.errand import Errands

ERRANDS = Errands(idle_s=3600.0)
