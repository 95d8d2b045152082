"""Telling people, beside an answer that they got, what could not be brought to them before."""

from __future__ import annotations

import logging

import discord

from bot.chat import asking, replies, wording
from bot.domain.errors import StoreUnavailable
from bot.service import Service

log = logging.getLogger(__name__)


async def tell(service: Service, interaction: discord.Interaction) -> None:
    """Say it privately, once, if there is anything; never raises."""
    asker, origin = asking.asker(interaction), asking.origin(interaction)
    try:
        async with service.outbox.telling(asker, origin) as rows:
            if rows and await replies.aside(interaction, wording.untold(rows.values())):
                await service.outbox.told(rows)
    except StoreUnavailable as error:
        log.warning("what somebody is to be told waits for another time: %s", error)
