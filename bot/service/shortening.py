"""Shorter prompts: a model says which words matter to it, and the others are left out.

Free of charge, and beside the queue: reading a prompt takes a moment of a worker that draws on
meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain import shortening
from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.people import Asker, Origin
from bot.domain.prompt import Prompt
from bot.domain.prompt.prompt import Reading
from bot.domain.shortening import Analysis
from bot.engine.seam import IMPORTANCE, Question
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.admission import Admission
from bot.service.answers import Answers
from bot.service.choosing import Choosing
from bot.service.enquiries import Enquiries
from bot.service.preferences import PROMPTS_MAX, Habits
from bot.service.rules import Rules, require_use


@dataclass(frozen=True)
class Shortened:
    """A prompt, which words of it matter, and what is left without the others."""

    prompt: Prompt
    analysis: Analysis

    @property
    def prompts(self) -> list[str]:
        """Each with the pictures and parameters of the whole, the longest first."""
        texts = self.analysis.shorter
        return [str(replace(self.prompt, text=text, parts=())) for text in texts]


class Shortening:
    """One prompt of each person at a time."""

    def __init__(
        self,
        answers: Answers,
        catalogue: Catalogue,
        habits: Habits,
        rules: Rules,
        admission: Admission,
    ) -> None:
        self._enquiries = Enquiries(answers, "prompt")
        self._habits = habits
        self._admission = admission
        self._choosing = Choosing(catalogue, rules.versions)

    async def shorten(self, asker: Asker, origin: Origin, text: str) -> Shortened:
        """What the model that would draw a typed prompt makes of its words.

        Raises InvalidPrompt, NotFound and NotAllowed as drawing it does, Unable where no worker can
        say it.
        """
        self._admission.require_open(origin)
        await self._admission.require_welcome(asker, origin)
        taste = await self._habits.taste(asker, origin)
        prompt = _single(await asyncio.to_thread(taste.typed, text, PROMPTS_MAX))
        card, _ = self._choosing.card(asker, origin, prompt, taste.holding.model)
        require_use(asker, origin, card)
        pieces = shortening.pieces(prompt.text)
        with self._enquiries.alone(asker):
            question = Question(IMPORTANCE, card.id, {"pieces": list(pieces)})
            said = await self._enquiries.ask(question)
        return Shortened(prompt, Analysis(pieces, _known(card, pieces, said["importance"])))


def _known(card: ModelCard, pieces: Sequence[str], said: Sequence[float]) -> tuple[float, ...]:
    """What a small model makes of words that it was not taught is noise, and matters to nobody."""
    vocabulary = card.vocabulary()
    if vocabulary is None:
        return tuple(said)
    known = [
        value if vocabulary.knows(piece) else 0.0 for piece, value in zip(pieces, said, strict=True)
    ]
    return tuple(value / (max(known) or 1.0) for value in known)


def _single(readings: Sequence[Reading]) -> Prompt:
    if len(readings) > 1:
        raise InvalidPrompt(
            _("`{braces}` stands for several prompts; shorten one of them at a time.", braces="{…}")
        )
    return readings[0].prompt
