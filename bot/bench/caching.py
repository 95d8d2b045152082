"""What servers and members weigh in discord.py's memory, as the bot has it configured, and what an
event costs that it passes over: `python -m bot.bench.caching`, a process of its own.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
from typing import Any
from unittest.mock import Mock

from bot.bench import child, gauges
from bot.chat.client import EaselBot
from bot.ops.garbage import settle

SERVERS, MEMBERS, EVENTS = 2000, 100, 20_000
_CHANNELS, _ROLES = 20, 10
_FIRST = 1_000_000_000_000_000_000


def server(number: int, members: int) -> dict[str, Any]:
    """GUILD_CREATE of a server like many, as Discord sends it to a bot that may not see members:
    the bot itself, and so many others."""
    guild = _FIRST + number * 1_000_000
    roles = [
        {"id": str(guild + n), "name": f"role {n}", "color": 0, "hoist": False, "position": n,
         "permissions": "2248473465835073", "managed": False, "mentionable": False, "flags": 0}
        for n in range(_ROLES)
    ]  # fmt: skip
    channels = [
        {"id": str(guild + 100 + n), "type": 0, "name": f"channel-{n}", "position": n,
         "permission_overwrites": [], "topic": "What is said here", "nsfw": False,
         "last_message_id": None, "rate_limit_per_user": 0, "parent_id": None, "flags": 0}
        for n in range(_CHANNELS)
    ]  # fmt: skip
    return {
        "id": str(guild), "name": f"Server {number}", "owner_id": str(guild + 1), "icon": None,
        "description": None, "features": [], "emojis": [], "stickers": [], "roles": roles,
        "channels": channels, "threads": [], "voice_states": [], "presences": [],
        "members": [_member(guild + 1000 + n) for n in range(1 + members)],
        "member_count": 175, "large": False, "unavailable": False, "joined_at": _JOINED,
        "verification_level": 0, "default_message_notifications": 0, "mfa_level": 0,
        "explicit_content_filter": 0, "premium_tier": 0, "nsfw_level": 0, "afk_timeout": 300,
        "preferred_locale": "en-US", "system_channel_flags": 0, "stage_instances": [],
        "guild_scheduled_events": [], "soundboard_sounds": [],
    }  # fmt: skip


_JOINED = "2026-01-01T00:00:00.000000+00:00"


def _member(number: int) -> dict[str, Any]:
    user = {"id": str(number), "username": f"user{number}", "discriminator": "0", "avatar": None,
            "global_name": "Somebody", "bot": False}  # fmt: skip
    return {"user": user, "roles": [], "joined_at": _JOINED, "deaf": False, "mute": False,
            "flags": 0}  # fmt: skip


def reaction(number: int) -> str:
    """MESSAGE_REACTION_ADD, as it comes over the wire: to a message that is not the bot's."""
    guild = _FIRST + number % SERVERS * 1_000_000
    return json.dumps({
        "user_id": str(guild + 7), "message_id": str(guild + 9), "channel_id": str(guild + 100),
        "guild_id": str(guild), "type": 0, "burst": False, "emoji": {"id": None, "name": "👍"},
        "message_author_id": str(guild + 7), "member": _member(guild + 7),
    })  # fmt: skip


async def weigh() -> dict[str, float]:
    """MiB a server and a member, and processor seconds an event."""
    bot = EaselBot(Mock(), ())
    await bot._async_setup_hook()
    bot._connection.shard_count, bot._connection.shard_ids = 1, [0]
    settle()
    server_mib = _mib(bot, range(SERVERS), 0) / SERVERS
    few = range(SERVERS, SERVERS + SERVERS // 10)
    member_mib = max(0.0, _mib(bot, few, MEMBERS) / len(few) - server_mib) / MEMBERS
    events = [reaction(number) for number in range(EVENTS)]
    began = time.process_time()
    for number, event in enumerate(events):
        bot._connection.parsers["MESSAGE_REACTION_ADD"](json.loads(event))
        if number % 100 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    event_s = (time.process_time() - began) / EVENTS
    return {"server_mib": server_mib, "member_mib": member_mib, "event_s": event_s}


def _mib(bot: EaselBot, numbers: range, members: int) -> float:
    gc.collect()
    before = gauges.own()
    for number in numbers:
        bot._connection.parsers["GUILD_CREATE"](json.loads(json.dumps(server(number, members))))
    gc.collect()
    return gauges.own() - before


async def main() -> None:
    weighed = await weigh()
    await child.serve(lambda asked: weighed)


if __name__ == "__main__":
    asyncio.run(main())
