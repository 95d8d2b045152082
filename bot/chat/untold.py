"""Telling people, beside an answer that they got, what the operator wants everybody to know, and
what could not be brought to them before."""

from __future__ import annotations

import logging

import discord

from bot.chat import asking, cards, purging, replies, wording
from bot.domain.errors import StoreUnavailable
from bot.domain.language import N_, _
from bot.service import Service

log = logging.getLogger(__name__)

ANNOUNCED = "announced"
"""What an interaction has in its extras whose answer says the operator's notice itself."""
_DRAINING = N_(
    "I was started again without an update, so I still begin nothing new. Nothing is being drawn:"
    " it is safe to update. `/operator undrain` goes on."
)


async def tell(service: Service, interaction: discord.Interaction) -> None:
    """Say it privately, if there is anything, what was not brought once; never raises."""
    notice = service.levers.notice
    if notice and not interaction.extras.get(ANNOUNCED):
        await replies.aside(interaction, wording.announced("", notice).strip())
    asker, origin = asking.asker(interaction), asking.origin(interaction)
    kept = service.levers.kept
    if kept and kept.actor == asker.user and await replies.aside(interaction, _(_DRAINING)):
        service.levers.kept = None
    try:
        async with service.outbox.telling(asker, origin) as rows:
            if rows and await replies.aside(interaction, wording.untold(rows.values())):
                await service.outbox.told(rows)
        answered = await service.appeals.untold(asker, origin)
        outcomes, fitting = cards.outcomes(answered)
        told = fitting if outcomes and await replies.aside(interaction, outcomes) else 0
        if left := answered[told:]:
            await service.appeals.tell_again(left)
        async with service.purging.telling(asker, origin) as purges:
            if purges and await replies.aside(interaction, "\n".join(map(purging.done, purges))):
                await service.purging.told(*purges)
    except StoreUnavailable as error:
        log.warning("what somebody is to be told waits for another time: %s", error)
