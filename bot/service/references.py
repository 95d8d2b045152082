"""What pictures in a prompt mean to a model: prompts beside the words where it has an IP-Adapter,
else what the drawing starts from, and colours.

Pure but for the numbers of looks that nobody chose.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.domain.errors import Unable
from bot.domain.inputs import IMAGE, STYLE, Input
from bot.domain.language import N_, _, counted
from bot.domain.plain import Plain
from bot.domain.preferences import Variation
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.prompt.values import link_of
from bot.domain.request import PALETTE, GenerationRequest
from bot.models.cards import ModelCard
from bot.service.sight import Seen, Weighted

RANDOM = "random"
_LEAST_STRENGTH = 0.05
"""How far a drawing leaves a picture at least."""


@dataclass(frozen=True)
class Canvas:
    """A picture, by its address or as a file, that is drawn on: where a `mask` says so, a file by
    its address, or else where it is transparent. With a `variation`, given or as usual for who
    asks, all of it is varied instead. What is drawn on a `hidden` one is hidden, too."""

    picture: str | bytes
    mask: str | None = None
    varied: bool = False
    variation: Variation | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Attached:
    """Addresses of what was uploaded with a command, and what it draws on."""

    images: tuple[str, ...] = ()
    style: str | None = None
    character: str | None = None
    canvas: Canvas | None = None

    def preferring(self, variation: Variation | None) -> Attached:
        """Varied as somebody likes it who does not say how far."""
        if self.canvas is None or self.canvas.variation:
            return self
        return replace(self, canvas=replace(self.canvas, variation=variation))

    @property
    def count(self) -> int:
        """How many pictures speak beside a prompt."""
        return len(self.images) + bool(self.canvas and self.canvas.varied)

    def with_prompt(self, prompt: Prompt) -> Prompt:
        """The prompt as if it linked to them."""
        images = tuple((link_of(link), 1.0) for link in self.images)
        prompt = replace(prompt, images=(*prompt.images, *images))
        for name, link in (("sref", self.style), ("cref", self.character)):
            if link is not None:
                prompt = prompt.setting(name, (*prompt.get(name, ()), link_of(link)))
        return prompt


class Pictured(NamedTuple):
    """A request with its pictures. Those to `blend` are what it is to start from; `notes` say which
    way was taken."""

    request: GenerationRequest
    blend: Weighted = ()
    notes: tuple[str, ...] = ()


def settled(prompt: Prompt) -> tuple[Prompt, tuple[str, ...]]:
    """With numbers for looks that are to be any, and a sentence that says which."""
    chosen, notes = [], []
    for each in prompt.get("sref", ()):
        word, colons, weight = each.partition("::")
        if word == RANDOM:
            word = str(secrets.randbelow(SEED_MAX + 1))
            said = _("`--sref random` drew {number}: type `--sref {number}` for it again.",
                     number=word)  # fmt: skip
            notes.append(said)
        chosen.append(word + colons + weight)
    return (prompt.setting("sref", tuple(chosen)) if notes else prompt), tuple(notes)


def links(prompt: Prompt) -> list[str]:
    """All pictures that a prompt links to."""
    parts = [*prompt.images]
    for name in ("sref", "cref", "oref"):
        parts += _linked(prompt.get(name, ()))
    return list(dict.fromkeys(link for link, _ in parts))


def pictured(
    card: ModelCard, request: GenerationRequest, seen: Mapping[str, Seen]
) -> Pictured:  # fmt: skip
    """What a fresh request becomes by the pictures of its prompt."""
    images = _images(card, request, seen)
    if card.image_prompts:
        people = [*_people(request.prompt, seen, "cref"), *_people(request.prompt, seen, "oref")]
        made = replace(images.request, inputs=(*images.request.inputs, *people))
        images = images._replace(request=made)
    styled = _styled(card, images.request, seen)
    return Pictured(styled.request, images.blend, (*images.notes, *styled.notes))


def _images(
    card: ModelCard, request: GenerationRequest, seen: Mapping[str, Seen]
) -> Pictured:  # fmt: skip
    parts, much = _weighted(request.prompt.images, seen), request.prompt.get("iw", 1.0)
    if not (parts and much):
        return Pictured(request)
    name = quoted(card.name)
    if card.image_prompts:
        note = counted(
            "The picture acts as a part of the prompt, by the IP-Adapter of the model {model}.",
            "The pictures act as a part of the prompt, by the IP-Adapter of the model {model}.",
            len(parts), model=name,
        )  # fmt: skip
        prompts = tuple(_prompts(IMAGE, parts, 4 / 3 * much / (much + 1)))
        return Pictured(replace(request, inputs=(*request.inputs, *prompts)), (), (note,))
    if not card.variations:
        return Pictured(request, (), (_unseen(request.prompt, name),))
    strength = max(_LEAST_STRENGTH, 1 - much / 4)
    begun = replace(request, sampling=replace(request.sampling, strength=strength))
    note = counted(
        "The drawing starts from the picture, for the model {model} has no IP-Adapter; `--iw` says"
        " how close it stays.",
        "The drawing starts from a blend of the pictures, for the model {model} has no IP-Adapter;"
        " `--iw` says how close it stays.",
        len(parts), model=name,
    )  # fmt: skip
    return Pictured(begun, parts, (note,))


def _unseen(prompt: Prompt, name: str) -> str:
    """The sentence for a model without any way. Raises Unable where nothing is left to draw."""
    if not prompt.text:
        raise Unable(
            _("The model {model} cannot look at pictures; say what to draw in words.", model=name)
        )
    return _("Pictures have no effect here: the model {model} cannot look at any.", model=name)


def _styled(
    card: ModelCard, request: GenerationRequest, seen: Mapping[str, Seen]
) -> Pictured:  # fmt: skip
    """One adapter sees one thing at a time: a style beside other pictures is their colours."""
    parts, much = _linked(request.prompt.get("sref", ())), request.prompt.get("sw", 100)
    share = 1 - 2 ** (-much / 50)
    if not (_weighted(parts, seen) and share):
        return Pictured(request)
    if card.image_prompts and not any(each.role == IMAGE for each in request.inputs):
        prompts = tuple(_prompts(STYLE, _weighted(parts, seen), share))
        note = _("`--sref` acts by the IP-Adapter of the model {model}.", model=quoted(card.name))
        return Pictured(replace(request, inputs=(*request.inputs, *prompts)), (), (note,))
    said = (
        N_("`--sref` gives its colours to the pictures, for its IP-Adapter looks at the other"
           " pictures.")
        if card.image_prompts
        else N_("`--sref` gives its colours to the pictures, for the model {model} has no"
                " IP-Adapter.")
    )  # fmt: skip
    note = _(said, model=quoted(card.name))
    palette = _mean([(seen[link].palette, weight) for link, weight in parts if weight > 0])
    return Pictured(request.meaning(PALETTE, (*palette, round(share, 4))), (), (note,))


def _people(prompt: Prompt, seen: Mapping[str, Seen], name: str) -> Iterable[Input]:
    much = prompt.get("cw", 100) / 125 if name == "cref" else 1 - 2 ** (-prompt.get("ow", 100) / 50)
    return _prompts(IMAGE, _weighted(_linked(prompt.get(name, ())), seen), much)


def _prompts(role: str, parts: Weighted, much: float) -> Iterable[Input]:
    """Whose weights are `much` in the mean."""
    whole = sum(weight for _, weight in parts)
    for digest, weight in parts if much else ():
        yield Input(role, digest, weight=round(much * weight * len(parts) / whole, 4))


def _weighted(parts: Iterable[tuple[str, float]], seen: Mapping[str, Seen]) -> Weighted:
    """The files of those that have any weight."""
    return tuple((seen[link].digest, weight) for link, weight in parts if weight > 0)


def _linked(value: Iterable[str]) -> list[tuple[str, float]]:
    """The links of an option, with their weights."""
    parts = (each.partition("::") for each in value if "//" in each)
    return [(link, float(weight or 1.0)) for link, _, weight in parts]


def _mean(palettes: Sequence[tuple[Sequence[float], float]]) -> tuple[Plain, ...]:
    whole = sum(weight for _, weight in palettes)
    columns = zip(*(numbers for numbers, _ in palettes), strict=True)
    weights = [weight / whole for _, weight in palettes]
    return tuple(
        round(sum(map(float.__mul__, map(float, column), weights)), 6) for column in columns
    )
