"""A small, strict stand-in for Discord on loopback: gateway, REST, files and one page.

It imports aiohttp and the standard library only and knows nothing of the bot it serves.

    async with Sandbox() as sandbox:
        ...  # start a bot with DISCORD_API_URL=sandbox.api_url and sandbox.token
        await sandbox.bot_ready()
        press = await sandbox.person("Mia").slash("imagine", prompt="a fox")
        await press.ack()
"""

from bot.sandbox.people.person import Person, Press
from bot.sandbox.rules.errors import InteractionFailed, NotResponding, Refused
from bot.sandbox.server import TOKEN, Sandbox
from bot.sandbox.world.snowflake import MovableClock

__all__ = [
    "TOKEN",
    "InteractionFailed",
    "MovableClock",
    "NotResponding",
    "Person",
    "Press",
    "Refused",
    "Sandbox",
]
