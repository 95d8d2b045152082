"""Makes requests: the one place where a prompt and a model become what is to be drawn. Pure but for
the seed that nobody chose."""

from __future__ import annotations

import secrets
from dataclasses import replace

from bot.domain.action import ACTIONS, Action, Kind, Means, Press
from bot.domain.errors import Unable
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameters import SEED_MAX, quoted
from bot.domain.request import GenerationRequest, Sampling
from bot.domain.size import Size
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue


def new_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(SEED_MAX + 1)


def imagine(card: ModelCard, text: str) -> GenerationRequest:
    """The request for a grid of what somebody typed. Raises InvalidPrompt."""
    prompt = Prompt.parse(text)
    return GenerationRequest(
        action=Action.IMAGINE,
        prompt=prompt,
        model=card.id,
        size=size_of(card, prompt),
        seed=new_seed() if prompt.seed is None else prompt.seed,
        sampling=_sampling(card, prompt),
    )


def pressed(
    card: ModelCard, parent: GenerationRequest, press: Press
) -> GenerationRequest:  # fmt: skip
    """What a button under `parent` asks for, of today's model where that was changed since.

    Raises Unable where the model cannot do it.
    """
    spec = ACTIONS[press.action]
    if spec.derive is None:
        raise ValueError(f"{press.action} has no button")
    if not able(card, press.action):
        raise Unable(
            f"The model {quoted(card.name)} cannot do this; 🔄 draws the prompt again instead."
        )
    grown = parent if spec.kind is Kind.EXTRACT else current(card, parent)
    return spec.derive(grown, press, Means(new_seed(), card.strength))


def warnings(card: ModelCard, request: GenerationRequest) -> list[str]:
    """What the request asks for in vain of this model, a sentence for each.

    Pasted prompts hold what another model heeds, so this is no refusal: the prompt is drawn and
    shown as it was typed, and whoever asked is told what has no effect.
    """
    if request.prompt.negative and not card.negatives:
        return [
            f"`--no` has no effect here: the model {quoted(card.name)} does not look at what to"
            " leave out. Say what you want to see instead."
        ]
    return []


def able(card: ModelCard, action: Action) -> bool:
    """Whether a model can do what an action needs."""
    capability = ACTIONS[action].capability
    return not capability or bool(getattr(card, capability))


def current(card: ModelCard, request: GenerationRequest) -> GenerationRequest:
    """The request for the model of today, where the operator changed it since."""
    if request.model == card.id:
        return request
    return replace(
        request,
        model=card.id,
        size=size_of(card, request.prompt),
        sampling=replace(_sampling(card, request.prompt), strength=request.sampling.strength),
    )


def resumed(catalogue: Catalogue, request: GenerationRequest) -> GenerationRequest:
    """The request of a job that waits again after a start: for a model that is served.

    Raises Unable, whose text ends the job.
    """
    if request.kind is Kind.LOST:
        raise Unable("This was asked of another version of Easel and cannot be read any more.")
    if catalogue.card(request.model):
        return request
    if request.inputs and not catalogue.default.variations:
        raise Unable(
            "The model that was to draw this is gone, and the one of today has no variations."
        )
    return current(catalogue.default, request)


def size_of(card: ModelCard, prompt: Prompt) -> Size:
    """The pixels that this model draws for the prompt's shape."""
    return Size.fit(prompt.aspect, card.native, card.multiple)


def _sampling(card: ModelCard, prompt: Prompt) -> Sampling:
    return Sampling(card.steps_for(prompt.quality), card.guidance, card.sampler)
