"""Other words for pictures that are there: what is offered to be changed, and what then is drawn.

Where a press alone would draw the same, so does a remix. What was changed is drawn as it is typed:
a person's suffix and settings were in the prompt before, or were taken out of it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.action import Kind
from bot.domain.inputs import MASK, SOURCE, Input
from bot.domain.job import Job
from bot.domain.layers import MODELS, Taste
from bot.domain.people import Asker
from bot.domain.preferences import Preferences
from bot.domain.prompt import Prompt
from bot.domain.prompt.prompt import RIVALS
from bot.domain.request import PALETTE, GenerationRequest
from bot.domain.style import Style
from bot.domain.usual import HIDDEN
from bot.models.cards import ModelCard
from bot.service import requests

_WEIGHTS = ("iw", "sw", "cw", "ow")
_LINKED = ("sref", "cref", "oref")


def offered(parent: Job, asker: Asker) -> Prompt:
    """The prompt of a job as somebody may change it: noise is always new, and nobody takes over
    the hurry of somebody else."""
    hurry = () if parent.user == asker.user else RIVALS[0]
    prompt = parent.request.prompt
    for name in ("seed", *hurry):
        prompt = prompt.without(name)
    return prompt


def as_typed(taste: Taste) -> Taste:
    """Own options alone: nothing is put behind what was typed."""
    return Taste(Preferences(options=taste.own.options))


def same_model(one: Prompt, other: Prompt) -> bool:
    """Whether they choose it by the same words, or leave it open."""
    return _agree(MODELS, one, other)


def same_pictures(one: Prompt, other: Prompt) -> bool:
    """Whether they link to the same ones, for as much."""
    ours, theirs = _pictures(one), _pictures(other)
    return ours == theirs and (not any(ours) or _agree(_WEIGHTS, one, other))


def same_look(one: Prompt, other: Prompt) -> bool:
    return _agree(("style",), one, other)


def reworded(
    card: ModelCard, before: GenerationRequest, prompt: Prompt, look: Style | None
) -> GenerationRequest:
    """What was drawn `before` by another prompt of the same pictures, in its size where that is of
    the same shape. Raises Unable and InvalidPrompt."""
    fresh = requests.imagine(card, prompt, look)
    seen = before.inputs if card.image_prompts else _sources(before)
    sampling = replace(fresh.sampling, strength=before.sampling.strength)
    made = _as_before(replace(fresh, inputs=seen, sampling=sampling), before, (HIDDEN, PALETTE))
    same = card.id == before.model and prompt.aspect == before.prompt.aspect
    same = same and _agree(("hd",), prompt, before.prompt)
    return _placed(replace(made, size=before.size) if same else made, before)


def repictured(fresh: GenerationRequest, before: GenerationRequest) -> GenerationRequest:
    """A fresh request of other pictures, as a variation of what it was one of `before`."""
    made = _as_before(fresh, before, (HIDDEN,))
    tiles = tuple(each for each in _sources(before) if each.tile)
    if not tiles:
        return made
    others = (each for each in made.inputs if each.role != SOURCE)
    tiles += tuple(each for each in _sources(before) if each.role == MASK)
    sampling = replace(made.sampling, strength=before.sampling.strength)
    return _placed(replace(made, sampling=sampling, inputs=(*tiles, *others)), before)


def _placed(made: GenerationRequest, before: GenerationRequest) -> GenerationRequest:
    """Around the same picture, where there was one."""
    frame = before.frame if before.kind is Kind.DRAW else None
    return replace(made, frame=frame and frame.scaled(before.size, made.size))


def _sources(request: GenerationRequest) -> tuple[Input, ...]:
    return tuple(each for each in request.inputs if each.role in (SOURCE, MASK))


def _as_before(
    made: GenerationRequest, before: GenerationRequest, names: Iterable[str]
) -> GenerationRequest:
    """With what no prompt says."""
    for name in names:
        made = made.meaning(name, dict(before.extra).get(name, ""))
    return made


def _agree(names: Iterable[str], one: Prompt, other: Prompt) -> bool:
    return all(one.get(name) == other.get(name) for name in names)


def _pictures(prompt: Prompt) -> tuple[object, ...]:
    linked = (tuple(each for each in prompt.get(name, ()) if "//" in each) for name in _LINKED)
    return (prompt.images, *linked)
