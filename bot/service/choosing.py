"""Which model a prompt means: by its name, by a version of Midjourney's, or the default."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from bot.domain.errors import NotFound
from bot.domain.language import _
from bot.domain.people import Asker, Origin
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameter import quoted
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.rules import may_use

LISTED = 12
"""Models named to somebody who asked for one that is not there."""
REMEMBERED = 10_000
"""People of whom it is known that they were told."""


class Choosing:
    """`versions` are the operator's: "6.1", "6", "niji" or "niji 6" to what people call a model."""

    def __init__(self, catalogue: Catalogue, versions: Mapping[str, str] | None = None) -> None:
        self._catalogue = catalogue
        self._versions = versions or {}
        self._told: set[int] = set()

    def card(
        self, asker: Asker, origin: Origin, prompt: Prompt, model: str | None = None
    ) -> tuple[ModelCard, tuple[str, ...]]:
        """The card, and what is to be said of the choice. `--model` wins over `--niji`, that over
        `--version`, all over `model`. Raises NotFound for a name that no model has.
        """
        named = prompt.get("model", model)
        asked = _asked(prompt)
        if prompt.get("model") is None and asked:
            meant = self._meant(asked)
            if meant is None:
                card = self._named(asker, origin, named)
                return card, self._unknown(asker, asked, card)
            named = meant
        return self._named(asker, origin, named), ()

    def _meant(self, asked: str) -> str | None:
        """The most exact that the operator has: "niji 6.1" is a "niji 6", and that a "niji"."""
        name, _, number = asked.rpartition(" ")
        whole = number.partition(".")[0]
        shorter = (asked, f"{name} {whole}".strip(), name)
        return next((self._versions[one] for one in shorter if one in self._versions), None)

    def _unknown(self, asker: Asker, asked: str, card: ModelCard) -> tuple[str, ...]:
        """A word about it, once to each person."""
        if asker.user in self._told:
            return ()
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told.add(asker.user)
        return (
            _(
                "{version} is a version of Midjourney's; here the model {model} draws instead, as"
                " for every version that my operator gave no model.",
                version=quoted(asked),
                model=quoted(card.name),
            ),
        )

    def _named(self, asker: Asker, origin: Origin, model: str | None) -> ModelCard:
        catalogue = self._catalogue
        card = catalogue.default if model is None else catalogue.named(model)
        if card is None:
            open_to_asker = (card for card in catalogue.cards if may_use(asker, origin, card))
            keys = ", ".join(map(catalogue.key, itertools.islice(open_to_asker, LISTED)))
            raise NotFound(
                _("There is no model {name} here; there are {known}.",
                  name=quoted(model or ""), known=keys)
            )  # fmt: skip
        return card


def _asked(prompt: Prompt) -> str:
    """Such as `niji 6`, `niji` or `6.1`; empty for none."""
    niji = prompt.get("niji")
    if niji is None:
        return str(prompt.get("version", ""))
    return "niji" if niji is True else f"niji {niji}"
