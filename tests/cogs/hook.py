"""An extension that answers errors as `cogs.imagine` does, without its cog."""

from __future__ import annotations

from bot.client import EaselBot
from cogs.ui import replies


async def setup(bot: EaselBot) -> None:
    bot.tree.error(replies.answer)
