"""/describe: four prompts for a picture."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, described, forms, keycaps, replies
from bot.chat.acknowledge import Acknowledger, first_answer
from bot.chat.presenter import Presenter
from bot.chat.speech import of_message, of_person, of_place
from bot.domain import describing
from bot.domain.action import Tile
from bot.domain.errors import StoreUnavailable, Unable
from bot.domain.language import _, speaking
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_FORM_S = 2.0
"""How long a form may take to be there: Discord waits for three seconds."""


class Describe(commands.Cog):
    """Everybody sees the answer and may press its buttons; who presses pays."""

    def __init__(self, service: Service, presenter: Presenter, acknowledger: Acknowledger) -> None:
        self._service = service
        self._presenter = presenter
        self._quickly = acknowledger.quickly
        self._privately = acknowledger.privately
        self._at_once = acknowledger.at_once

    @app_commands.command(description="Get four prompts for a picture")
    @app_commands.describe(
        image="The picture; nothing is drawn or charged", link="Or a link to one"
    )
    async def describe(
        self,
        interaction: discord.Interaction,
        image: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 2000] | None = None,
    ) -> None:
        address = _one_of(image, link)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        work = self._service.describing.describe(asker, origin, address)
        hidden = self._service.preferences.hides(asker, origin, "a picture")
        found = await (self._privately if hidden else self._quickly)(interaction, work)
        with speaking(of_person(interaction) if hidden else of_place(interaction)):
            made = described.embed(found)
            shown = {"embed": made, "view": described.view(made)}
        await replies.pictured(interaction, described.file(found), private=hidden, **shown)

    async def again(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Put other prompts for the same picture in the place of these."""
        message = interaction.message
        work = self._service.describing.describe(
            asking.asker(interaction), asking.origin(interaction), described.picture_of(message),
            keycaps.prompts_of(message),
        )  # fmt: skip
        found = await self._quickly(interaction, work)
        with speaking(of_message(interaction)):
            made = described.embed(found)
            shown = {"embed": made, "view": described.view(made)}
        await replies.pictured(interaction, described.file(found), **shown)

    async def draw(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Draw one of the prompts as if it was typed, or ask for a change of it before."""
        asking.require_permissions(interaction)
        text = keycaps.prompt_of(interaction.message, tile.index, _(described.LOST))
        if await self._remixes(interaction):
            await first_answer(interaction, interaction.response.send_modal(described.form(text)))
            return
        await self._draw(interaction, text)

    async def every(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Offer to draw all of the prompts, at a price that is told before."""
        asking.require_permissions(interaction)
        keycaps.prompt_of(interaction.message, 1, _(described.LOST))
        await self._draw(interaction, describing.together(keycaps.prompts_of(interaction.message)))

    async def taken(self, interaction: discord.Interaction, argument: str) -> None:
        """A form with a prompt came back; what was written is not lost whatever comes of it."""
        prompt = forms.texts(interaction)["prompt"]
        try:
            asking.require_permissions(interaction)
            await self._draw(interaction, prompt)
        except Exception as error:
            await replies.give_back_prompt(interaction, error, prompt)

    async def _draw(self, interaction: discord.Interaction, text: str) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        await self._at_once(interaction)
        asked = await self._service.drawing.imagine(asker, origin, text)
        await self._presenter.answer(interaction, asked)

    async def _remixes(self, interaction: discord.Interaction) -> bool:
        """Whether who presses wants to change prompts before they are drawn."""
        try:
            async with asyncio.timeout(_FORM_S):
                return (await self._service.preferences.own(asking.asker(interaction))).remix
        except TimeoutError:
            raise StoreUnavailable("locked", "too slow for a form") from None


def _one_of(image: discord.Attachment | None, link: str | None) -> str:
    """Raises Unable for none, and for both."""
    if (image is None) is (link is None):
        raise Unable(_("Give one picture: upload it as `image`, or give a `link` to it."))
    return image.url if image else str(link).strip().strip("<>")


async def setup(bot: EaselBot) -> None:
    cog = Describe(bot.service, bot.presenter, bot.acknowledger)
    await bot.add_cog(cog)
    bot.presses |= {
        described.DRAW: cog.draw, described.AGAIN: cog.again, described.EVERY: cog.every,
    }  # fmt: skip
    bot.forms[described.FORM] = cog.taken
