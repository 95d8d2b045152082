"""/imagine and /blend: four pictures from a description, or from other pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, forms, pointing, replies, wording
from bot.chat.acknowledge import Acknowledger
from bot.chat.presenter import Presenter
from bot.chat.trouble import TROUBLE
from bot.domain.errors import InvalidRecipe
from bot.domain.job import Job
from bot.domain.language import _
from bot.domain.prompt import MAX_LENGTH
from bot.domain.recipe import LARGEST, too_large
from bot.service import Service
from bot.service.drawing import Asked
from bot.service.planning import NOTHING
from bot.service.references import Attached

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

SQUARE = "Square"
SAME = "same"
"""The prompt of who sends a recipe."""
DIMENSIONS = {"Portrait": "--ar 2:3", SQUARE: "--ar 1:1", "Landscape": "--ar 3:2"}


class Imagine(commands.Cog):
    """Reads the interaction, calls the service once, hands over to the presenter."""

    def __init__(
        self, service: Service, presenter: Presenter, acknowledger: Acknowledger
    ) -> None:  # fmt: skip
        self._service = service
        self._presenter = presenter
        self._quickly = acknowledger.quickly
        self._privately = acknowledger.privately

    @app_commands.command(description="Create pictures from a description")
    @app_commands.describe(
        prompt="What to draw; parameters such as --ar 3:2 go last",
        image1="A picture to draw from",
        image2="Another one",
        image3="Another one",
        image4="Another one",
        style="A picture whose look is wanted, as by --sref",
        character="A picture of somebody who is to be seen, as by --cref",
        recipe="A recipe of a picture, to be drawn again; type same as the prompt",
    )
    async def imagine(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, MAX_LENGTH],
        image1: discord.Attachment | None = None,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        style: discord.Attachment | None = None,
        character: discord.Attachment | None = None,
        recipe: discord.Attachment | None = None,
    ) -> None:
        if recipe is not None:
            await self._draw_again(interaction, prompt, recipe)
            return
        images = [image.url for image in (image1, image2, image3, image4) if image]
        attached = Attached(tuple(images), style and style.url, character and character.url)
        await self._draw(interaction, prompt, attached)

    @app_commands.command(description="Blend two to five pictures into new ones")
    @app_commands.describe(
        image1="A picture",
        image2="Another one",
        dimensions="The shape of the new ones; square if left out",
        image3="Another one",
        image4="Another one",
        image5="Another one",
    )
    @app_commands.choices(
        dimensions=[app_commands.Choice(name=name, value=name) for name in DIMENSIONS]
    )
    async def blend(
        self,
        interaction: discord.Interaction,
        image1: discord.Attachment,
        image2: discord.Attachment,
        dimensions: str = SQUARE,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
    ) -> None:
        images = [image.url for image in (image1, image2, image3, image4, image5) if image]
        await self._draw(interaction, DIMENSIONS[dimensions], Attached(tuple(images)))

    async def taken(self, interaction: discord.Interaction, argument: str) -> None:
        """A form with a picture came back; what was written is not lost whatever comes of it."""
        prompt = forms.texts(interaction)["prompt"]
        try:
            await self._draw(interaction, prompt, NOTHING)
        except Exception as error:
            await replies.give_back_prompt(interaction, error, prompt)

    async def _draw_again(
        self, interaction: discord.Interaction, prompt: str, file: discord.Attachment
    ) -> None:
        """The very pictures of a recipe, for which no words are needed."""
        asking.require_permissions(interaction)
        if prompt.strip(" `'\".").casefold() not in ("", SAME):
            raise InvalidRecipe(
                _(
                    "A recipe is drawn as it is: type `{same}` as the prompt, or leave the recipe"
                    " out.",
                    same=SAME,
                )
            )
        if file.size > LARGEST:
            raise InvalidRecipe(too_large(file.size))
        asked = await self._privately(interaction, self._redrawn(interaction, file))
        await self._presenter.answer(interaction, asked)

    async def _redrawn(self, interaction: discord.Interaction, file: discord.Attachment) -> Asked:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        try:
            data = await file.read()
        except TROUBLE:
            said = _("This file cannot be had from Discord; send it again.")
            raise InvalidRecipe(said) from None
        return await self._service.recipes.draw(asker, origin, data)

    async def _draw(
        self, interaction: discord.Interaction, prompt: str, attached: Attached
    ) -> None:  # fmt: skip
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        work = self._service.drawing.imagine(asker, origin, prompt, attached)
        hidden = self._service.preferences.hides(asker, origin, prompt)
        asked = await (self._privately if hidden else self._quickly)(interaction, work)
        await self._presenter.answer(interaction, asked)
        if asked.job is not None:
            await self._explain_words(interaction, asked.job)

    @imagine.autocomplete("prompt")
    async def _completions(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        if interaction.namespace.recipe is not None:
            return [app_commands.Choice(name=SAME, value=SAME)]
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        found = await self._service.words.completions(asker, origin, typed)
        return [app_commands.Choice(name=each, value=each) for each in found]

    async def _explain_words(self, interaction: discord.Interaction, job: Job) -> None:
        """Tell somebody once what a small model knows, if it passes over words of theirs."""
        unknown = await self._service.words.hint(job)
        vocabulary = self._service.words.vocabulary
        if unknown and vocabulary is not None:
            await replies.aside(interaction, wording.hint(unknown, vocabulary))


async def setup(bot: EaselBot) -> None:
    cog = Imagine(bot.service, bot.presenter, bot.acknowledger)
    await bot.add_cog(cog)
    bot.forms[pointing.FORM] = cog.taken
