"""`easel models`: what can be drawn with, all that is known of one, and whether it draws."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from bot.app import model_of
from bot.commands.check import say, try_out
from bot.domain.errors import EaselError
from bot.models import cards
from bot.models.addons import UPSCALER, Addon
from bot.models.cards import EMBEDDED_CARD
from bot.models.shelf import Model, Shelf, Unused
from bot.settings import Settings

_GIB, _MIB = 1 << 30, 1 << 20
_HEAD = ("", "name", "family", "native", "steps", "on disk", "shown as")


def list_all(settings: Settings) -> int:
    """Print a row for each model, the default marked, what they are drawn with, and what is not
    used."""
    default, models, addons, unused = _all(settings)
    rows = [_row(model, default=model is default) for model in models]
    _print(_columns([_HEAD, *rows]))
    if any(cards.is_guess(model.card.source) for model in models):
        _print(["", "? guessed from the name, until a worker has read the files"])
    if addons:
        rows = _columns((one.key, one.kind, _fits(one)) for one in addons)
        _print(["", "With them, for the families named:", *(f"  {row}" for row in rows)])
    notes = [f"{one.name} {one.why}" for one in unused]
    notes += [notice for model in models for notice in model.notices]
    if notes:
        _print(["", "Not used:", *(f"  {note}" for note in notes)])
    if not settings.models_dir.is_dir():
        _print(["", f"{settings.models_dir} is no folder yet: make it, and put models into it."])
    return 0


def show(settings: Settings, name: str) -> int:
    """Print the whole card. Raises EaselError for a model that is not there."""
    model = _named(settings, name)
    _print(_columns(_card(model)))
    _print(model.notices)
    return 0


async def check(settings: Settings, name: str) -> int:
    """Load a model in a real worker on each device and draw; 0 when a picture came of each."""
    model = _named(settings, name)
    seen: set[bool | None] = set()
    async for finding in try_out(settings, model):
        say("model", finding)
        seen.add(finding.ok)
    return 0 if True in seen and False not in seen else 1


def _all(settings: Settings) -> tuple[Model, list[Model], list[Addon], list[Unused]]:
    """The default, every model with it and the embedded one among them, what they are drawn with,
    and what is not used."""
    default, there = model_of(settings), Shelf(settings.models_dir).everything()
    models = {one.key: one for one in there if isinstance(one, Model)}
    models[EMBEDDED_CARD.id] = Model(EMBEDDED_CARD.id, EMBEDDED_CARD, {})
    models[default.key] = default
    addons = [one for one in there if isinstance(one, Addon)]
    unused = [one for one in there if isinstance(one, Unused)]
    return default, list(models.values()), addons, unused


def _named(settings: Settings, name: str) -> Model:
    _, models, _, _ = _all(settings)
    shelf = Shelf(settings.models_dir)
    model = shelf.model(name, {})
    for one in models:
        if one.key == model.key:
            return one
    if why := shelf.refusal(name):
        raise EaselError(why)
    if os.path.exists(name):
        return model
    keys = ", ".join(one.key for one in models)
    raise EaselError(f"There is no model {name} in {settings.models_dir}; there are {keys}.")


def _fits(one: Addon) -> str:
    """The families that it is for."""
    return "all" if one.kind == UPSCALER else " ".join(one.fits) or "?"


def _row(model: Model, *, default: bool) -> Sequence[str]:
    card = model.card
    family = f"{card.family} ?" if cards.is_guess(card.source) else card.family
    shown = card.name if card.name != model.key else ""
    native = f"{card.native}×{card.native}"
    return "*" * default, model.key, family, native, str(card.steps), _weight(model), shown


def _weight(model: Model) -> str:
    weight = model.disk_bytes()
    if weight is None:
        return "–"
    return f"{weight / _GIB:.1f} GiB" if weight >= _GIB else f"{weight / _MIB:.1f} MiB"


def _card(model: Model) -> Iterator[Sequence[str]]:
    card = model.card
    guessed = cards.is_guess(card.source)
    yield "name", model.key
    yield "shown as", card.name
    yield "source", card.source
    yield "on disk", _weight(model)
    yield "id", card.id
    yield "known by", "its name, until a worker has read it" if guessed else "its own files"
    yield "set by you", ", ".join(model.own) or "nothing"
    yield "family", card.family
    yield "native", f"{card.native}×{card.native}, sides divisible by {card.multiple}"
    yield "steps", str(card.steps)
    rescaled = f", rescaled by {card.rescale:g}" if card.rescale else ""
    yield "guidance", f"{card.guidance:g}, as {card.guidance_argument}{rescaled}"
    yield "sampler", card.draws_by + (f", {card.spacing} steps" if card.spacing else "")
    yield "negatives", "heeded" if card.leaves_out(card.guidance) else "not heeded"
    yield "variations", f"at strength {card.strength:g}" if card.variations else "none"
    yield "previews", "while it draws" if card.previews else "none"
    if card.skips and card.clip_skip > 1:
        yield "CLIP skip", str(card.clip_skip)
    if card.vae:
        yield "decoder", card.vae
    if card.preview:
        yield "previews by", card.preview
    if card.loras:
        yield "LoRAs", ", ".join(f"{key} {weight:g}" for key, weight in card.loras.items())
    if card.embeddings:
        yield "embeddings", ", ".join(card.embeddings)
    yield "licence", card.licence
    yield "pinned", "stays in memory" if card.pinned else "no"
    yield "allowed", ", ".join(map(str, card.allowed)) or "everybody"


def _columns(rows: Iterable[Sequence[str]]) -> list[str]:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _print(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
