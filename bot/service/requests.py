"""Makes requests: the one place where a prompt and a model become what is to be drawn. Pure but for
the seed that nobody chose."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.domain import samplers, speed, style, upscaling
from bot.domain.action import ACTIONS, Action, Kind, Means, Press
from bot.domain.errors import InvalidPrompt, Unable
from bot.domain.framing import Bounds
from bot.domain.inputs import IMAGE, MASK, SOURCE, STYLE, Input
from bot.domain.language import N_, _
from bot.domain.preferences import FILE, FileFormat, Variation
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.request import GenerationRequest, Sampling
from bot.domain.size import WIDEST, AspectRatio, Size
from bot.domain.speed import Speed
from bot.domain.style import Style
from bot.domain.usual import HIDDEN, Usual, hidden
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service import effects
from bot.service.choice import COUNT_MAX, SIDE_MAX, STEPS_MAX


def new_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(SEED_MAX + 1)


def imagine(
    card: ModelCard, asked: str | Prompt, look: Style | None = None
) -> GenerationRequest:  # fmt: skip
    """The request for a grid of what somebody typed, in the style that it names. Raises
    InvalidPrompt and Unable."""
    prompt = Prompt.parse(asked) if isinstance(asked, str) else asked
    request = GenerationRequest(
        action=Action.IMAGINE,
        prompt=prompt,
        model=card.id,
        size=size_of(card, prompt),
        seed=new_seed() if prompt.seed is None else prompt.seed,
        sampling=_sampling(card),
        extra=style.in_extra((), look),
    )
    return effects.applied(card, request.with_loras(card.loras))


def shaped(
    card: ModelCard, request: GenerationRequest, width: int, height: int
) -> GenerationRequest:  # fmt: skip
    """The request in the shape of a picture, as far as shapes go, in the model's own pixels."""
    ratio = AspectRatio(min(width, WIDEST * height), min(height, WIDEST * width))
    return replace(request, size=Size.fit(ratio, card.native, card.multiple))


def started(
    card: ModelCard, request: GenerationRequest, digest: str, mask: str | None = None
) -> GenerationRequest:
    """The request drawn from a picture file, named by the sha256 hex of its bytes; with a mask, a
    file as well, only where that is white, and there wholly anew unless a strength was chosen.

    Raises Unable where the model cannot do it.
    """
    if not able(card, Action.VARY):
        raise Unable(_("The model {model} cannot start from a picture.", model=quoted(card.name)))
    strength = request.sampling.strength
    if strength is None:
        strength = 1.0 if mask else card.strength
    inputs = (Input(SOURCE, digest), *([Input(MASK, mask)] if mask else []))
    return replace(request, sampling=replace(request.sampling, strength=strength), inputs=inputs)


def of_recipe(recipe: Mapping[str, Any]) -> GenerationRequest:
    """The request that draws a file's pictures again; one that was taken out of a grid is drawn
    alone, from what its grid was drawn from.

    Raises InvalidPrompt for a recipe that this version cannot read or that asks for too much.
    """
    try:
        request = GenerationRequest.from_json(recipe)
    except ValueError:
        raise InvalidPrompt(_("The recipe in this file cannot be read.")) from None
    if request.kind is Kind.EXTRACT:
        request = request.restored()
    size = request.size
    small = upscaling.of(request) or max(size.sides) <= SIDE_MAX
    if not (
        request.kind is Kind.DRAW
        and 1 <= request.count <= COUNT_MAX
        and 1 <= request.sampling.steps <= STEPS_MAX
        and (min(size.sides) >= 1 and size.pixels <= upscaling.PIXELS and small)
    ):
        raise InvalidPrompt(_("The recipe in this file asks for what cannot be drawn."))
    return request


def posted_as(request: GenerationRequest, file: FileFormat | None) -> GenerationRequest:
    """The request whose pictures are posted in such files; None: in the usual ones."""
    return request.meaning(FILE, "" if file in (None, FileFormat.WEBP) else file.value)


def pressed(
    card: ModelCard,
    parent: GenerationRequest,
    press: Press,
    variation: Variation | None = None,
    size: Size | None = None,
) -> GenerationRequest:
    """What a button under `parent` asks for, of today's model where that was changed since. A
    variation whose button does not say how far it goes does so by `variation`; None: as usual for
    the model. `size` is that of the pictures under which the button stands, where a remix has
    another. Noise is new, but where a remix names its seed.

    Raises Unable where the model cannot do it, or for an argument that says nothing.
    """
    spec = ACTIONS[press.action]
    if spec.derive is None:
        raise ValueError(f"{press.action} has no button")
    if not able(card, press.action):
        raise Unable(
            _(
                "The model {model} cannot do this; 🔄 draws the prompt again instead.",
                model=quoted(card.name),
            )
        )
    if not spec.fits(parent):
        raise Unable(_(spec.unfit))
    grown = parent if spec.kind is Kind.EXTRACT else current(card, parent)
    chosen = variation if press.action is Action.VARY else spec.variation
    strength = chosen.strength(card.strength) if chosen else card.strength
    try:
        made = spec.derive(
            grown, press, Means(new_seed(), strength, bounds(card), size or parent.size)
        )
    except ValueError:
        raise Unable(
            _("This cannot be drawn any more as the button says; ask for it anew.")
        ) from None
    seed = None if press.prompt is None else parent.prompt.seed
    return (
        made if seed is None else replace(made, seed=seed, prompt=made.prompt.setting("seed", seed))
    )


def bounds(card: ModelCard) -> Bounds:
    """What it can draw: as much as with `--hd`."""
    return Bounds(card.multiple, min(round(card.native * effects.HD), SIDE_MAX) ** 2)


def warnings(card: ModelCard, request: GenerationRequest) -> list[str]:
    """What the request asks for in vain of this model, a sentence for each.

    Pasted prompts hold what another model heeds, so this is no refusal: the prompt is drawn and
    shown as it was typed, and whoever asked is told what has no effect.
    """
    unheard = []
    if request.prompt.negative and not card.leaves_out(request.sampling.guidance):
        unheard.append(
            _(
                "`--no` has no effect here: the model {model} does not look at what to leave out."
                " Say what you want to see instead.",
                model=quoted(card.name),
            )
        )
    return [*unheard, *effects.missing(card, request)]


def wanted(
    request: GenerationRequest, usual: Usual, *, alone: bool, own: bool = True
) -> GenerationRequest:
    """The request in the hurry and for the eyes that its prompt asks for, else as usual for its
    asker; what was hidden stays so. Who is `alone` there need not hide anything new, and nobody
    pays for the hurry in a prompt that is not their `own`."""
    hides = hidden(request.extra) or (usual.hides(request.prompt) and not alone)
    hurry = Speed.asked(request.prompt, usual.speed) if own else usual.speed
    hurried = request.meaning(speed.NAME, hurry.stored)
    return hurried.meaning(HIDDEN, hides)


def able(card: ModelCard, action: Action) -> bool:
    """Whether a model can do what an action needs."""
    capability = ACTIONS[action].capability
    return not capability or bool(getattr(card, capability))


def offered(card: ModelCard, request: GenerationRequest, action: Action) -> bool:
    """Whether a button for an action stands under pictures of a request."""
    return able(card, action) and ACTIONS[action].fits(request)


def current(card: ModelCard, request: GenerationRequest) -> GenerationRequest:
    """The request for the model of today, where the operator changed it since, and by a sampler
    that fits, whatever was known of the model then."""
    if request.model == card.id:
        return request if card.samplers else _by_its_own(request)
    moved = replace(
        request.plainly(),
        model=card.id,
        size=size_of(card, request.prompt),
        sampling=replace(_sampling(card), strength=request.sampling.strength),
        inputs=tuple(each for each in request.inputs if card.image_prompts or not _looked_at(each)),
    )
    made = upscaling.kept(request, effects.applied(card, moved.with_loras(card.loras)))
    frame = request.frame and request.frame.scaled(request.size, made.size)
    return replace(made, frame=frame)


def _looked_at(each: Input) -> bool:
    return each.role in (IMAGE, STYLE)


def resumed(catalogue: Catalogue, request: GenerationRequest) -> GenerationRequest:
    """The request of a job that waits again after a start: for a model that is served.

    Raises Unable, whose text ends the job.
    """
    if request.kind is Kind.LOST:
        raise Unable(N_("This was asked of another version of Easel and cannot be read any more."))
    if card := catalogue.card(request.model):
        return current(card, request)
    default = catalogue.default
    parts = request.frame or request.partly
    if request.inputs and not (default.frames if parts else default.variations):
        raise Unable(
            N_("The model that was to draw this is gone, and the one of today has no variations.")
        )
    return current(default, request)


def _by_its_own(request: GenerationRequest) -> GenerationRequest:
    return replace(request, sampling=replace(request.sampling, sampler=samplers.DEFAULT))


def size_of(card: ModelCard, prompt: Prompt) -> Size:
    """The pixels that this model draws for the prompt's shape."""
    return Size.fit(prompt.aspect, card.native, card.multiple)


def _sampling(card: ModelCard) -> Sampling:
    return Sampling(card.steps_for(1.0), card.guidance, card.draws_by, rescale=card.rescale)
