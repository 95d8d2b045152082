"""Drawing on a picture that somebody sends: a part of it anew, or all of it a little otherwise."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.action import Action
from bot.domain.errors import Unable
from bot.domain.inputs import SOURCE
from bot.domain.language import N_, _
from bot.domain.preferences import Variation
from bot.domain.prompt.parameter import quoted
from bot.domain.request import GenerationRequest
from bot.domain.usual import HIDDEN
from bot.models.cards import ModelCard
from bot.service import requests
from bot.service.references import Canvas
from bot.service.sight import Room, View

IGNORED = N_(
    "Pictures in the prompt have no effect here: the drawing starts from the one you sent."
)
_VARIED = {Variation.SUBTLE: Action.VARY_SUBTLE, Variation.STRONG: Action.VARY_STRONG}


async def drawn_on(
    card: ModelCard, request: GenerationRequest, canvas: Canvas, view: View
) -> GenerationRequest:
    """The request on a canvas, in its shape unless the prompt asks for another. Raises Unable,
    InvalidLink and InvalidPrompt."""
    if not (card.variations if canvas.varied else card.frames):
        said = (
            N_("The model {model} cannot vary pictures.")
            if canvas.varied
            else N_("The model {model} cannot draw a part of a picture.")
        )
        raise Unable(_(said, model=quoted(card.name)))
    prompt = request.prompt
    size = request.size if not canvas.varied and (prompt.get("ar") or prompt.get("hd")) else None
    room = Room(card.native, requests.bounds(card), size)
    part = await view.part(canvas.picture, canvas.mask, room, canvas.varied)
    made = _sampled(card, request, canvas)
    kept = tuple(each for each in request.inputs if each.role != SOURCE)
    made = requests.started(card, made, part.source, part.mask)
    made = replace(made, inputs=(*made.inputs, *kept)).meaning(HIDDEN, canvas.hidden)
    if size:
        return made
    # Of a size of its own: nothing is larger, whatever somebody's suffix says.
    plain = replace(made, prompt=made.prompt.without("hd")).meaning("hd", None)
    return plain.shaped(part.size)


def _sampled(card: ModelCard, request: GenerationRequest, canvas: Canvas) -> GenerationRequest:
    """A part is drawn wholly anew."""
    strength, action = 1.0, Action.EDIT
    if canvas.varied:
        variation = canvas.variation or Variation.SUBTLE
        strength, action = variation.strength(card.strength), _VARIED[variation]
    sampling = replace(request.sampling, strength=strength)
    return replace(request, action=action, sampling=sampling)
