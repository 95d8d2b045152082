"""What the form of a press asks for besides a prompt: which part of a picture is to be drawn anew,
and how far to zoom out. Looked for before anything is planned, so a refusal costs nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.domain.action import Action, Press
from bot.domain.errors import InvalidPrompt, NotFound, Unable
from bot.domain.language import N_, _
from bot.domain.people import Account, Asker, Origin
from bot.domain.prompt import zooming
from bot.domain.prompt.parameter import quoted
from bot.domain.region import Grid
from bot.domain.request import GenerationRequest
from bot.engine.seam import PLACE, Question
from bot.models.cards import ModelCard
from bot.service import requests
from bot.service.answers import Answers
from bot.service.rules import require_use
from bot.service.sight import Sight
from bot.storage.files import ImageStore

GONE = N_("This picture was cleared away to save space; 🔄 draws the prompt again.")
NOWHERE = N_(
    "Say which part is to be drawn anew: choose fields of the picture or send a mask, or name what"
    " is there."
)


class Aims:
    """Reads pictures, and asks models where something is."""

    def __init__(self, sight: Sight, answers: Answers, files: ImageStore) -> None:
        self._sight = sight
        self._answers = answers
        self._files = files

    async def aimed(
        self, asker: Asker, origin: Origin, card: ModelCard, parent: GenerationRequest, press: Press
    ) -> Press:
        """The press with what its form asks for under a `parent`, of which `card` is today's model.
        Raises InvalidPrompt, InvalidLink, NotFound, NotAllowed and Unable."""
        if press.action is Action.CUSTOM_ZOOM and press.prompt is not None:
            times, prompt = await asyncio.to_thread(zooming.taken, press.prompt)
            return replace(press, prompt=prompt, zoom=times)
        if press.action is not Action.VARY_REGION:
            return press
        if not press.region:
            raise InvalidPrompt(_(NOWHERE))
        if not requests.able(card, press.action):
            return press  # which is refused in a moment
        require_use(asker, origin, card)
        size = requests.current(card, parent).size
        grid = await self._place(card, parent, press) if press.region.thing else None
        owner = Account(origin.guild, asker.user)
        return replace(press, mask=await self._sight.region(press.region, grid, size, owner))

    async def _place(self, card: ModelCard, parent: GenerationRequest, press: Press) -> Grid:
        """Where the thing is. Raises Unable where the model cannot say it."""
        thing = press.region.thing if press.region else ""
        name, vocabulary = quoted(card.name), card.vocabulary()
        if not card.locates:
            raise Unable(
                _(
                    "The model {model} cannot find things by a word; choose fields of the picture"
                    " or send a mask.",
                    model=name,
                )
            )
        if vocabulary is not None and not vocabulary.knows(thing):
            raise Unable(
                _(
                    "The model {model} was not taught the word {word}; choose fields of the picture"
                    " or send a mask.",
                    model=name,
                    word=quoted(thing),
                )
            )
        picture = await self._files.read(press.tile)
        if picture is None:
            raise NotFound(_(GONE))
        asked = {"text": parent.drawn.wanted, "thing": thing}
        question = Question(PLACE, card.id, asked, (picture,))
        return (await self._answers.to(question, N_("looking for this")))["place"]
