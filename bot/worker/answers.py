"""What a model in memory answers to the questions of `bot.engine.seam.question`. Imported in a
worker only."""

from __future__ import annotations

from collections.abc import Generator

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.engine.seam import IMPORTANCE, PLACE, Answer, Question
from bot.worker.importance import importance
from bot.worker.locating import located
from bot.worker.model import Model


def answer(model: Model, question: Question) -> Generator[None, None, Answer]:
    """Yields between forwards. Raises RenderFailed("bad_input") where the model cannot."""
    asked = question.asked
    if question.kind == IMPORTANCE and model.embeddings is not None:
        return {"importance": (yield from importance(asked["pieces"], model.embeddings.of))}
    if question.kind == PLACE and model.capabilities.locates:
        try:
            picture = imaging.decode(question.pictures[0])
        except imaging.PictureError as error:
            raise RenderFailed("bad_input", str(error)) from None
        return {"place": (yield from located(model, picture, asked["text"], asked["thing"]))}
    cannot = "find things by a word" if question.kind == PLACE else "say which words matter"
    raise RenderFailed("bad_input", f"The model {model.card.name} cannot {cannot}.")
