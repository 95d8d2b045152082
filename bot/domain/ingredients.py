"""What a picture was made of, in words: each name with its value, as people compare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain import style
from bot.domain.action import Kind
from bot.domain.inputs import IMAGE, ORIGIN, SOURCE, STYLE, Input
from bot.domain.language import NP_, _
from bot.domain.links import brief
from bot.domain.plain import Plain
from bot.domain.request import PALETTE, GenerationRequest

_SHARES = {
    NP_("ingredient", "chaos"): 100, NP_("ingredient", "weird"): 3000,
    NP_("ingredient", "exp"): 100,
}  # fmt: skip
"""The most that one types of what is kept as a share of it."""


@dataclass(frozen=True)
class Difference:
    """A name, and what each of two has under it; empty where it has nothing."""

    name: str
    first: str
    second: str


def ingredients(request: GenerationRequest, model: str, engine: str = "") -> dict[str, str]:
    """By name, in the order in which they are read; what is as usual is empty. `model` is what
    people call it."""
    found = dict(_told(request))
    model_name, engine_name = NP_("ingredient", "model"), NP_("ingredient", "engine")
    return {"prompt": found.pop("prompt"), model_name: model, **found, engine_name: engine}


def differences(first: Mapping[str, str], second: Mapping[str, str]) -> list[Difference]:
    """Of the `ingredients` of two, those that are not the same."""
    pairs = (Difference(name, first[name], second[name]) for name in first)
    return [each for each in pairs if each.first != each.second]


def _told(request: GenerationRequest) -> Iterator[tuple[str, str]]:
    prompt, sampling = request.prompt, request.sampling
    linked = " ".join(f"<{brief(link)}>" for link, _ in prompt.images)
    yield NP_("ingredient", "prompt"), " ".join(filter(None, (linked, prompt.wording))) or "…"
    yield NP_("ingredient", "left out"), ", ".join(prompt.get("no", ()))
    yield NP_("ingredient", "size"), str(request.size)
    yield NP_("ingredient", "pictures"), str(request.count)
    yield NP_("ingredient", "steps"), str(sampling.steps)
    yield NP_("ingredient", "guidance"), f"{sampling.guidance:g}"
    yield NP_("ingredient", "sampler"), sampling.sampler
    yield NP_("ingredient", "seed"), str(request.seed)
    yield NP_("ingredient", "stop"), "" if sampling.stop == 1 else f"{sampling.stop:.0%}"
    yield from _meant(request)
    yield from _made_from(request)


def _meant(request: GenerationRequest) -> Iterator[tuple[str, str]]:
    meant = request.meant
    look = style.of_extra(request.extra)
    yield NP_("ingredient", "style"), look.name if look else ""
    yield (
        NP_("ingredient", "LoRAs"),
        ", ".join(f"{name}:{weight:g}" for name, weight in request.loras.items()),
    )
    stylize = meant.get("stylize")
    yield NP_("ingredient", "stylize"), "" if stylize is None else f"{100 * (stylize + 1):g}"
    for name, most in _SHARES.items():
        yield name, f"{most * meant[name]:.4g}" if name in meant else ""
    yield (
        NP_("ingredient", "looks"),
        ", ".join(f"{number} × {weight:g}" for number, weight in meant.get("looks", ())),
    )
    yield NP_("ingredient", "tile"), _("yes") if meant.get("tile") else ""
    yield NP_("ingredient", "colours of"), _numbers(meant.get(PALETTE))


def _named(source: Input) -> str:
    tile, digest = source.tile, source.digest
    what = _("an upload")
    if tile:
        what = _("picture {number} of job {job}", number=tile.index, job=tile.job)
    return f"{what} ({digest[:8]})" if digest else what


def _numbers(palette: Plain) -> str:
    return " ".join(f"{each:g}" for each in palette) if palette else ""


def _made_from(request: GenerationRequest) -> Iterator[tuple[str, str]]:
    drawn = ORIGIN if request.kind is Kind.EXTRACT else SOURCE
    yield (
        NP_("ingredient", "drawn from"),
        ", ".join(_named(each) for each in request.inputs if each.role == drawn),
    )
    seen = [each for each in request.inputs if each.role in (IMAGE, STYLE)]
    said = (f"{each.role} {(each.digest or '')[:8]} × {each.weight:g}" for each in seen)
    yield NP_("ingredient", "looks at"), ", ".join(said)
    strength = request.sampling.strength
    yield NP_("ingredient", "leaves it by"), "" if strength is None else f"{strength:.0%}"
    frame = request.frame
    at = f"{frame.left}, {frame.top}: {frame.width}×{frame.height}" if frame else ""
    yield NP_("ingredient", "old picture at"), at
