"""INTERACTION_CREATE as the gateway sends it.

Knows the shape only; the interaction itself is decided elsewhere.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.guild import Guild
from bot.sandbox.world.interaction import COMPONENT, MODAL_SUBMIT, Interaction, file_limit
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.world import World


def interaction_create(it: Interaction, world: World, renderer: Renderer) -> dict[str, Any]:
    """The payload for the bot."""
    channel = it.channel
    guild = world.guild_of(channel)
    may = world.rights.granted(it.user_id, channel)
    held = world.shop.active(it.user_id, channel.guild_id)
    shape: dict[str, Any] = {
        "id": it.id,
        "application_id": BOT_ID,
        "type": it.type,
        "data": it.data,
        "token": it.token,
        "version": 1,
        "channel_id": channel.id,
        "channel": channel.json() | {"permissions": str(may)},
        "app_permissions": str(world.rights.app_permissions(channel)),
        "locale": world.users[it.user_id].locale,
        "entitlements": [each.json() for each in held],
        "entitlement_sku_ids": [each.sku.id for each in held],
        "authorizing_integration_owners": {"0": channel.guild_id or "0"},
        "context": 0 if guild is not None else 1,
        "attachment_size_limit": file_limit(world, it),
    }
    if guild is None:
        shape["user"] = world.users[it.user_id].json()
    else:
        shape |= _in_guild(guild, it.user_id, may)
    if it.type in (COMPONENT, MODAL_SUBMIT) and it.message is not None:
        shape["message"] = renderer.message(it.message)
    return shape


def _in_guild(guild: Guild, user_id: str, may: int) -> dict[str, Any]:
    return {
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
        "member": guild.members[user_id].json() | {"permissions": str(may)},
    }
