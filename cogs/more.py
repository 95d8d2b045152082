"""⋯ under results: what their owners can do with them besides drawing on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.chat import asking, menu, replies
from bot.chat.acknowledge import Acknowledger
from bot.chat.buttons import COVER, DELETE, MAKING, MORE, PNG, RECIPE, UNCOVER, Deed
from bot.chat.results import Results
from bot.domain.action import Tile
from bot.domain.language import N_, _
from bot.service import Service
from bot.service.owned import Owned
from bot.service.pictures import Picture

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_MAKING = N_("How it came to be: what was seen of it on the way, then the picture.")
_DELETED = N_(
    "Deleted: its message, its pictures and its words. What was taken out of it or drawn from it is"
    " a result of its own and stays."
)


class More(commands.Cog):
    """Answers the owner alone."""

    def __init__(self, service: Service, results: Results, acknowledger: Acknowledger) -> None:
        self._service = service
        self._results = results
        self._acknowledger = acknowledger
        self.presses: dict[str, Deed] = {
            MORE: self._open,
            COVER: self._cover,
            UNCOVER: self._cover,
            RECIPE: self._recipe,
            PNG: self._pngs,
            MAKING: self._making,
            DELETE: self._delete,
        }

    async def _open(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        owned = await self._acknowledger.privately(interaction, self._owned(interaction, tile))
        await replies.private(interaction, embed=menu.embed(owned), view=menu.view(owned))

    async def _cover(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        await self._acknowledger.at_once(interaction)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        job = await self._service.owned.coverable(asker, origin, tile.job, code == COVER)
        # First what is known of it: a message that is on its way follows that when it is there.
        await self._service.owned.cover(job, code == COVER)
        try:
            await self._results.cover(job, code == COVER)
        except discord.HTTPException:
            await self._service.owned.cover(job, code != COVER)
            raise
        owned = await self._owned(interaction, tile)
        await replies.look(interaction, menu.view(owned), menu.embed(owned))

    async def _recipe(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        await self._acknowledger.at_once(interaction, private=True)
        job = (await self._owned(interaction, tile)).job
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        data, use = await self._service.recipes.written(asker, origin, job)
        file = Picture(data, len(data), f"recipe_{job.id}.json", "")
        await menu.send(interaction, use, [file])

    async def _pngs(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        await self._acknowledger.at_once(interaction, private=True)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        limit = self._results.upload_limit(interaction.guild_id or 0)
        made = await self._service.owned.pngs(asker, origin, tile.job, limit)
        png = made[0].filename.endswith(".png")
        whole = _("Without any loss:") if png else _(_AS_WEBP)
        await menu.send(interaction, whole, made)

    async def _making(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        await self._acknowledger.at_once(interaction, private=True)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        data = await self._service.owned.making(asker, origin, tile.job)
        name = f"making_{tile.job}.webp"
        said = _(_MAKING)
        await menu.send(interaction, said, [Picture(data, len(data), name, said)])

    async def _delete(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        await self._acknowledger.at_once(interaction)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        await self._service.owned.delete(asker, origin, tile.job)
        await replies.instead(interaction, _(_DELETED))

    async def _owned(self, interaction: discord.Interaction, tile: Tile) -> Owned:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        return await self._service.owned.of(asker, origin, tile.job)


_AS_WEBP = N_("Without any loss, as WebP: as PNG they are too large to be sent here.")


async def setup(bot: EaselBot) -> None:
    cog = More(bot.service, bot.pump.results, bot.acknowledger)
    await bot.add_cog(cog)
    bot.presses |= cog.presses
