"""An extension that answers errors as `cogs.imagine` does, without its cog."""

from __future__ import annotations

from bot.chat import replies
from bot.chat.client import EaselBot


async def setup(bot: EaselBot) -> None:
    bot.tree.error(replies.answer)
