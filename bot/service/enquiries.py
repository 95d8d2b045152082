"""What people ask about a thing of theirs, free of charge: one of each person at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator

from bot.domain.errors import Unable
from bot.domain.language import N_, _
from bot.domain.people import Asker
from bot.engine.seam import Answer, Question
from bot.service.answers import BAD_INPUT, Answers

_BUSY = {
    "picture": N_("Your last picture is still being read; wait for that to end."),
    "prompt": N_("Your last prompt is still being read; wait for that to end."),
}


class Enquiries:
    """About a `subject`, such as a prompt. Refusals of a code in `told` are said as they stand."""

    def __init__(self, answers: Answers, subject: str, told: Collection[str] = BAD_INPUT) -> None:
        self._answers = answers
        self._subject = subject
        self._told = told
        self._waiting: set[int] = set()

    @contextlib.contextmanager
    def alone(self, asker: Asker) -> Iterator[None]:
        """While this lasts, the asker may not ask again. Raises Unable."""
        if asker.user in self._waiting:
            raise Unable(_(_BUSY[self._subject]))
        self._waiting.add(asker.user)
        try:
            yield
        finally:
            self._waiting.discard(asker.user)

    async def ask(self, question: Question) -> Answer:
        """What a worker answers. Raises Unable where none can."""
        return await self._answers.to(question, N_("reading this"), self._told)
