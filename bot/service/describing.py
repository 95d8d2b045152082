"""Prompts for a picture: a model says in words what it shows.

Free of charge, and beside the queue: looking at a picture takes a moment of a worker that draws on
meanwhile. Nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import describing
from bot.domain.errors import Unable
from bot.domain.language import _
from bot.domain.people import Asker, Origin
from bot.engine.seam import CAPTIONS, Question
from bot.service.admission import Admission
from bot.service.answers import Answers
from bot.service.enquiries import Enquiries
from bot.service.sight import Glimpse, Sight

_TOLD = ("bad_input", "model_missing")
"""There is no other model to turn to, so what is wrong with it is said."""


@dataclass(frozen=True)
class Described:
    """A picture, which may be a `spoiler`, and prompts that bring something like it."""

    picture: Glimpse
    prompts: Sequence[str]
    spoiler: bool = False


class Describing:
    """One picture of each person at a time."""

    def __init__(self, answers: Answers, sight: Sight, admission: Admission) -> None:
        self._enquiries = Enquiries(answers, "picture", _TOLD)
        self._sight = sight
        self._admission = admission

    async def describe(
        self, asker: Asker, origin: Origin, link: str, besides: Sequence[str] = ()
    ) -> Described:
        """Four different prompts for the picture behind a link, fewer where the model finds no
        more, and none of `besides`.

        Raises InvalidLink for what is no picture, NotAllowed, also for one that may not be shown
        there, and Unable where no worker can say what it shows or check it.
        """
        self._admission.require_open(origin)
        await self._admission.require_welcome(asker, origin)
        known = [describing.caption_of(each) for each in besides]
        with self._enquiries.alone(asker):
            picture = await self._sight.glimpsed(link)
            spoiler = await self._sight.screening.covers(picture.data, origin)
            asked = {"count": describing.COUNT, "besides": known}
            said = await self._enquiries.ask(Question(CAPTIONS, "", asked, (picture.data,)))
        found = dict.fromkeys(map(describing.plain, said["captions"]))
        captions = [each for each in found if each and each not in known]
        if not captions:
            raise Unable(_("The model finds no other words for this picture; try another picture."))
        return Described(picture, describing.prompts(captions, picture.size), spoiler)
