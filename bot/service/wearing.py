"""Whether the LoRAs of a request are there and fit its model, before anybody waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.errors import NotFound, Unable
from bot.domain.language import _
from bot.domain.prompt.parameter import quoted
from bot.domain.request import GenerationRequest
from bot.models import addons
from bot.models.addons import Addon
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue

LISTED = 12
"""LoRAs named to somebody who asked for one that is not there."""
_SPOKEN = {"sd": {"sd1", "sd2"}, "sdxl": {"sdxl"}, "sd3": {"sd3"}, "flux": {"flux"}}
"""The families of cards, as LoRAs are made for them."""


def require_loras(catalogue: Catalogue, card: ModelCard, request: GenerationRequest) -> None:
    """Raises NotFound for one that lies nowhere, Unable for one that is made for other models; a
    worker finds what only it can know."""
    if catalogue.loras is None:
        return
    beside = catalogue.beside if card.id == catalogue.default.id else ()
    for name in (name for name, weight in request.loras.items() if weight):
        meant = _named(beside, name) or _named(catalogue.loras, name)
        if meant is None:
            there = [*beside, *catalogue.loras]
            fitting = [one for one in there if _fits(catalogue, card, one)]
            raise NotFound(_lacking(name, _said(fitting)))
        if not _fits(catalogue, card, meant):
            made = [addons.FAMILIES[family] for family in meant.fits]
            raise Unable(
                _(
                    "The LoRA {name} is made for {made}, so the model {model} cannot draw with it.",
                    name=quoted(name),
                    made=", ".join(made),
                    model=quoted(card.name),
                )
            )


def _named(there: Sequence[Addon], name: str) -> Addon | None:
    """The one that a worker finds, too."""
    paths = addons.called((one.path for one in there), name)
    return next((one for one in there if one.path == paths[0]), None) if paths else None


def said(catalogue: Catalogue) -> list[str]:
    """How prompts call all that are known to be there."""
    return _said([*catalogue.beside, *(catalogue.loras or ())])


def _said(there: Sequence[Addon]) -> list[str]:
    return [one.said for one in there if one.said]


def _fits(catalogue: Catalogue, card: ModelCard, one: Addon) -> bool:
    """What is known of a model that no worker has opened may be a guess."""
    families = _SPOKEN.get(card.family)
    known = bool(one.fits and families and catalogue.is_confirmed(card.id))
    return not known or bool(set(one.fits) & (families or set()))


def _lacking(name: str, known: Sequence[str]) -> str:
    if not known:
        return _("There is no LoRA {name} here.", name=quoted(name))
    listed = ", ".join(known[:LISTED])
    return _("There is no LoRA {name} here; there are {known}.", name=quoted(name), known=listed)
