"""What a picture was made of, in words: each name with its value, as people compare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain import style
from bot.domain.action import Kind
from bot.domain.inputs import IMAGE, ORIGIN, SOURCE, STYLE, Input
from bot.domain.links import brief
from bot.domain.plain import Plain
from bot.domain.request import PALETTE, GenerationRequest

_SHARES = {"chaos": 100, "weird": 3000, "exp": 100}
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
    return {"prompt": found.pop("prompt"), "model": model, **found, "engine": engine}


def differences(first: Mapping[str, str], second: Mapping[str, str]) -> list[Difference]:
    """Of the `ingredients` of two, those that are not the same."""
    pairs = (Difference(name, first[name], second[name]) for name in first)
    return [each for each in pairs if each.first != each.second]


def _told(request: GenerationRequest) -> Iterator[tuple[str, str]]:
    prompt, sampling = request.prompt, request.sampling
    linked = " ".join(f"<{brief(link)}>" for link, _ in prompt.images)
    yield "prompt", " ".join(filter(None, (linked, prompt.wording))) or "…"
    yield "left out", ", ".join(prompt.get("no", ()))
    yield "size", str(request.size)
    yield "pictures", str(request.count)
    yield "steps", str(sampling.steps)
    yield "guidance", f"{sampling.guidance:g}"
    yield "sampler", sampling.sampler
    yield "seed", str(request.seed)
    yield "stop", "" if sampling.stop == 1 else f"{sampling.stop:.0%}"
    yield from _meant(request)
    yield from _made_from(request)


def _meant(request: GenerationRequest) -> Iterator[tuple[str, str]]:
    meant = request.meant
    look = style.of_extra(request.extra)
    yield "style", look.name if look else ""
    yield "LoRAs", ", ".join(f"{name}:{weight:g}" for name, weight in request.loras.items())
    stylize = meant.get("stylize")
    yield "stylize", "" if stylize is None else f"{100 * (stylize + 1):g}"
    for name, most in _SHARES.items():
        yield name, f"{most * meant[name]:.4g}" if name in meant else ""
    yield "looks", ", ".join(f"{number} × {weight:g}" for number, weight in meant.get("looks", ()))
    yield "tile", "yes" if meant.get("tile") else ""
    yield "colours of", _numbers(meant.get(PALETTE))


def _named(source: Input) -> str:
    tile, digest = source.tile, source.digest
    what = f"picture {tile.index} of job {tile.job}" if tile else "an upload"
    return f"{what} ({digest[:8]})" if digest else what


def _numbers(palette: Plain) -> str:
    return " ".join(f"{each:g}" for each in palette) if palette else ""


def _made_from(request: GenerationRequest) -> Iterator[tuple[str, str]]:
    drawn = ORIGIN if request.kind is Kind.EXTRACT else SOURCE
    yield "drawn from", ", ".join(_named(each) for each in request.inputs if each.role == drawn)
    seen = [each for each in request.inputs if each.role in (IMAGE, STYLE)]
    said = (f"{each.role} {(each.digest or '')[:8]} × {each.weight:g}" for each in seen)
    yield "looks at", ", ".join(said)
    strength = request.sampling.strength
    yield "leaves it by", "" if strength is None else f"{strength:.0%}"
    frame = request.frame
    yield "old picture at", f"{frame.left}, {frame.top}: {frame.width}×{frame.height}" if (
        frame
    ) else ""  # fmt: skip
