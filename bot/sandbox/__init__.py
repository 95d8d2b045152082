"""A small, strict stand-in for Discord on loopback: gateway, REST, files and one page.

It imports aiohttp and the standard library only and knows nothing of the bot it serves.

    async with Sandbox() as sandbox:
        ...  # start a bot with DISCORD_API_URL=sandbox.api_url and sandbox.token
        await sandbox.bot_ready()
        asked = await sandbox.person("Mia").slash("imagine", prompt="a fox")
        await asked.ack()
"""

from bot.sandbox.people.invocation import Invocation
from bot.sandbox.people.person import Person
from bot.sandbox.rules.errors import ApiError, InteractionFailed, NotResponding, Refused
from bot.sandbox.rules.modals import accept as accept_form
from bot.sandbox.rules.validation import check_message
from bot.sandbox.server import TOKEN, Sandbox
from bot.sandbox.world.bus import News
from bot.sandbox.world.goods import Entitlement
from bot.sandbox.world.interaction import DEFER
from bot.sandbox.world.message import StoredMessage
from bot.sandbox.world.pictures import avatar
from bot.sandbox.world.snowflake import MovableClock

__all__ = [
    "DEFER",
    "TOKEN",
    "ApiError",
    "Entitlement",
    "InteractionFailed",
    "Invocation",
    "MovableClock",
    "News",
    "NotResponding",
    "Person",
    "Refused",
    "Sandbox",
    "StoredMessage",
    "accept_form",
    "avatar",
    "check_message",
]
