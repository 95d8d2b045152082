"""/edit and /vary: drawing on a picture that somebody sends, or on a result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, pointing
from bot.chat.acknowledge import Acknowledger
from bot.chat.looking import Looking
from bot.chat.presenter import Presenter
from bot.domain.errors import InvalidPrompt
from bot.domain.language import N_, _
from bot.domain.preferences import Variation
from bot.domain.prompt import MAX_LENGTH
from bot.service import Service
from bot.service.references import Attached, Canvas

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_WHICH = N_("Send a picture as `image`, or the `link` of one or of my message that shows it.")


class Edit(commands.Cog):
    """Reads the interaction, finds the picture, hands over to the presenter."""

    def __init__(
        self,
        service: Service,
        presenter: Presenter,
        acknowledger: Acknowledger,
        looking: Looking,
    ) -> None:
        self._service = service
        self._looking = looking
        self._presenter = presenter
        self._quickly = acknowledger.quickly
        self._privately = acknowledger.privately

    @app_commands.command(description="Draw a part of a picture anew")
    @app_commands.describe(
        prompt="What to draw there; parameters go last",
        image="The picture",
        mask="White, or transparent, where it is drawn anew; if left out, what of image is so",
        link="Instead of image: the link of a picture, or of my message that shows one",
    )
    async def edit(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, MAX_LENGTH],
        image: discord.Attachment | None = None,
        mask: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 2000] | None = None,
    ) -> None:
        canvas = await self._canvas(interaction, image, link)
        canvas = replace(canvas, mask=mask and mask.url)
        await self._draw(interaction, prompt, Attached(canvas=canvas))

    @app_commands.command(description="Draw variations of a picture")
    @app_commands.describe(
        image="The picture", strength="How far to leave it; as your V buttons do if left out"
    )
    async def vary(
        self,
        interaction: discord.Interaction,
        image: discord.Attachment,
        strength: Variation | None = None,
    ) -> None:
        canvas = Canvas(image.url, varied=True, variation=strength)
        await self._draw(interaction, "", Attached((image.url,), canvas=canvas))

    async def _draw(
        self, interaction: discord.Interaction, prompt: str, attached: Attached
    ) -> None:  # fmt: skip
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        work = self._service.drawing.imagine(asker, origin, prompt, attached)
        unseen = attached.canvas is not None and attached.canvas.hidden
        hidden = unseen or self._service.preferences.hides(asker, origin, prompt)
        asked = await (self._privately if hidden else self._quickly)(interaction, work)
        await self._presenter.answer(interaction, asked)

    async def _canvas(
        self, interaction: discord.Interaction, image: discord.Attachment | None, link: str | None
    ) -> Canvas:
        """What is drawn on. Raises NotFound and InvalidPrompt."""
        if image is not None and link is None:
            return Canvas(image.url)
        if link is None or image is not None:
            raise InvalidPrompt(_(_WHICH))
        message = pointing.message_id(link)
        if message is None:
            return Canvas(link.strip(" <>"))
        return await self._result(interaction, message)

    async def _result(self, interaction: discord.Interaction, message: int) -> Canvas:
        """The picture that a message of ours shows. Raises NotFound."""
        job = (await self._looking.linked(interaction, message)).job
        return Canvas(await self._service.pictures.single(job), hidden=job.hidden)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Edit(bot.service, bot.presenter, bot.acknowledger, bot.looking))
