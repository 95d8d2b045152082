"""What each parameter of a prompt does to a request, and what to say where it does nothing.

A row for each that acts on what is drawn; shape and seed are the request's own. Pure: knows prompts
and cards, not people or Discord.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain import loras, samplers, style
from bot.domain.errors import InvalidPrompt, Unable
from bot.domain.language import N_, _, spoken
from bot.domain.prompt.parameter import Parameter, quoted
from bot.domain.prompt.parameters import PARAMETERS
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.models.cards import ModelCard

QUALITY_MIN, QUALITY_MAX = 0.25, 2.0
"""Shares of the usual steps that are drawn, whatever is asked for."""
STEPS_MAX = 200
"""Steps that a prompt may ask for; by hand an operator may have more."""
HD = 1.5
"""Sides of `--hd` over the usual ones."""
_STYLIZED = 100
"""`--stylize` where nobody says otherwise."""

Apply = Callable[[ModelCard, GenerationRequest, Any], GenerationRequest]


def _always(card: ModelCard) -> bool:
    return True


@dataclass(frozen=True)
class Effect:
    """`apply` returns the request in which a value of the parameter acts. Raises Unable for one
    that the model cannot draw by. Where the card does not `fit`, `lacks` completes "the model … "
    and no value is applied that `concerns` what it lacks."""

    apply: Apply
    fits: Callable[[ModelCard], bool] = _always
    lacks: str = ""
    concerns: Callable[[Any], Any] = bool


def _sampled(**fields: Callable[[ModelCard, GenerationRequest, Any], Any]) -> Apply:
    """Another value in a field of the sampling."""

    def apply(card: ModelCard, request: GenerationRequest, value: Any) -> GenerationRequest:
        chosen = {name: of(card, request, value) for name, of in fields.items()}
        return replace(request, sampling=replace(request.sampling, **chosen))

    return apply


def _meant(name: str, of: Callable[[Any], Any] = lambda value: value) -> Apply:
    """A meaning that the engine acts by."""

    def apply(card: ModelCard, request: GenerationRequest, value: Any) -> GenerationRequest:
        return request.meaning(name, of(value))

    return apply


def _quality(card: ModelCard, request: GenerationRequest, value: float) -> int:
    return card.steps_for(min(QUALITY_MAX, max(QUALITY_MIN, value)))


def _named(card: ModelCard, request: GenerationRequest, value: str) -> str:
    name = samplers.named(value)
    if not card.samplers and name != samplers.DEFAULT:
        raise Unable(
            _(
                "The model {model} draws by its own sampler only, not by `{sampler}`.",
                model=quoted(card.name),
                sampler=name,
            )
        )
    return name


def _draft(card: ModelCard, request: GenerationRequest, value: Any) -> GenerationRequest:
    steps = max(1, round(request.sampling.steps / 2))
    fewer = replace(request, sampling=replace(request.sampling, steps=steps))
    return fewer.meaning("draft", True)


def _hd(card: ModelCard, request: GenerationRequest, value: Any) -> GenerationRequest:
    size = Size.fit(request.prompt.aspect, round(card.native * HD), card.multiple)
    return replace(request, size=size).meaning("hd", True)


def _raw(card: ModelCard, request: GenerationRequest, value: Any) -> GenerationRequest:
    """Without what `--stylize 100` adds."""
    taste = (request.prompt.get("stylize", _STYLIZED) - _STYLIZED) / _STYLIZED
    return request.meaning("stylize", taste - 1.0)


def _is_raw(value: str) -> bool:
    return value == style.RAW


def _style(card: ModelCard, request: GenerationRequest, value: str) -> GenerationRequest:
    """The words of a look are part of the request, so only its LoRAs are to come; those that are
    asked for by name keep their weight."""
    if _is_raw(value):
        return _raw(card, request, True)
    look = style.of_extra(request.extra)
    return _with_loras(request, {**dict(look.loras), **request.loras}) if look else request


def _loras(
    card: ModelCard, request: GenerationRequest, value: Iterable[str]
) -> GenerationRequest:  # fmt: skip
    return _with_loras(request, {**request.loras, **dict(map(loras.written, value))})


def _with_loras(request: GenerationRequest, wanted: Mapping[str, float]) -> GenerationRequest:
    if len(wanted) > loras.MOST:
        raise InvalidPrompt(
            _(
                "At most {most} LoRAs are drawn with at once, and these are {count}.",
                most=loras.MOST,
                count=len(wanted),
            )
        )
    return request.with_loras(wanted)


def _numbers(value: Iterable[str]) -> list[str]:
    """What is linked to is a picture, which `bot.service.references` deals with."""
    return [each for each in value if "//" not in each]


def _looks(
    card: ModelCard, request: GenerationRequest, value: Iterable[str]
) -> GenerationRequest:  # fmt: skip
    numbers = [each.partition("::") for each in _numbers(value)]
    weight = request.prompt.get("sw", 100) / 100
    looks = [(int(number), float(share or 1.0) * weight) for number, _, share in numbers]
    return request.meaning("looks", tuple(looks)) if looks else request


def _steers(card: ModelCard) -> bool:
    return card.steers


def _sees(card: ModelCard) -> bool:
    return card.image_prompts


def _seen(card: ModelCard, request: GenerationRequest, value: Any) -> GenerationRequest:
    """Pictures come to a request by `bot.service.references`."""
    return request


_BLIND = N_("has no IP-Adapter to look at pictures with")
_UNSTEERED = N_("reads a text as a whole, so it has no measure for that")

EFFECTS: dict[str, Effect] = {
    "quality": Effect(_sampled(steps=_quality)),
    "steps": Effect(_sampled(steps=lambda card, request, value: min(value, STEPS_MAX))),
    "cfg": Effect(_sampled(guidance=lambda card, request, value: value)),
    "sampler": Effect(_sampled(sampler=_named)),
    "draft": Effect(_draft),
    "stop": Effect(_sampled(stop=lambda card, request, value: value / 100)),
    "hd": Effect(_hd),
    "lora": Effect(_loras),
    "tile": Effect(_meant("tile"), lambda card: card.tiles, N_("cannot close a picture's edges")),
    "chaos": Effect(_meant("chaos", lambda value: value / 100), _steers, _UNSTEERED),
    "weird": Effect(_meant("weird", lambda value: value / 3000), _steers, _UNSTEERED),
    "stylize": Effect(
        _meant("stylize", lambda value: (value - _STYLIZED) / _STYLIZED), _steers, _UNSTEERED
    ),
    "exp": Effect(_meant("exp", lambda value: value / 100), _steers, _UNSTEERED),
    "raw": Effect(_raw, _steers, _UNSTEERED),
    "style": Effect(_style, _steers, _UNSTEERED, _is_raw),
    "sref": Effect(_looks, _steers, _UNSTEERED, _numbers),
    "cref": Effect(_seen, _sees, _BLIND),
    "oref": Effect(_seen, _sees, _BLIND),
}
"""By the parameter's name, in the order in which they act."""


def applied(card: ModelCard, request: GenerationRequest) -> GenerationRequest:
    """The request with the meaning of all its parameters. Raises Unable and InvalidPrompt."""
    options = dict(request.prompt.options)
    for name, effect in EFFECTS.items():
        if name in options and (effect.fits(card) or not effect.concerns(options[name])):
            request = effect.apply(card, request, options[name])
    return request


def missing(card: ModelCard, request: GenerationRequest) -> Iterator[str]:
    """A sentence for each thing that is asked for in vain of this model."""
    prompt = request.prompt
    options = dict(prompt.options)
    rows = [row for row in PARAMETERS if row.name in options]
    for name, effect in EFFECTS.items():
        if name in options and effect.concerns(options[name]) and not effect.fits(card):
            typed = f"`--{name}`"
            yield _("{name} has no effect here: the model {model} {lacks}.",
                    name=typed, model=quoted(card.name), lacks=_(effect.lacks))  # fmt: skip
    if prompt.parts and not card.steers:
        yield _("Weights have no effect here: the model {model} {lacks}.",
                model=quoted(card.name), lacks=_(_UNSTEERED))  # fmt: skip
    if options.get("quality", 1.0) > QUALITY_MAX:
        most = format(QUALITY_MAX, "g")
        yield _("{name} counts as {most} at most.", name="`--quality`", most=most)
    if options.get("steps", 1) > STEPS_MAX:
        yield _("{name} counts as {most} at most.", name="`--steps`", most=STEPS_MAX)
    yield from _lookless(card, request)
    yield from _past(rows)


def _lookless(card: ModelCard, request: GenerationRequest) -> Iterator[str]:
    """What a style is that the request was made without."""
    name = request.prompt.get("style", style.RAW)
    if _is_raw(name) or style.of_extra(request.extra):
        return
    said = N_("{name} has no effect here: the model {model} was not taught its words.")
    if name not in style.BUILT_IN:
        said = N_(
            "{name} has no effect here: it belongs to Midjourney's models; `/styles` shows the"
            " looks that are here."
        )
    yield _(said, name=quoted(f"--style {name}"), model=quoted(card.name))


def _past(rows: Iterable[Parameter]) -> Iterator[str]:
    """What did something once, those of one reason together."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.past:
            reasons.setdefault(row.past, []).append(f"`--{row.name}`")
    for why, names in reasons.items():
        listed = spoken().listed(names)
        yield _("{names} has no effect here: it {why}.", names=listed, why=_(why))
