"""The models that this bot serves, by id: cards as guessed at first, then as workers confirm them.

Knows cards; not workers, files or requests.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from bot.models.cards import ModelCard

_FIELDS = frozenset(field.name for field in dataclasses.fields(ModelCard))
_OWN = frozenset({"id", "name", "source"})
"""What no worker decides."""


class Catalogue:
    """`default` draws what asks for no model. `fixed` are the operator's own values of it, by
    field; they win over what its files say."""

    def __init__(
        self,
        default: ModelCard,
        others: Sequence[ModelCard] = (),
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        self._default = default.id
        self._fixed = dict(fixed or {})
        self._cards = {card.id: card for card in (default, *others)}

    @property
    def default(self) -> ModelCard:
        """The card of the MODEL setting."""
        return self._cards[self._default]

    @property
    def ids(self) -> Sequence[str]:
        """Every model, the default first."""
        return list(self._cards)

    def card(self, model_id: str) -> ModelCard | None:
        """The card of a model; None for one that is not served (any more)."""
        return self._cards.get(model_id)

    def confirm(self, model_id: str, fields: Mapping[str, Any]) -> None:
        """A worker read the model's own files: `fields` of its card are known now.

        Fields of a later version and unknown models are passed over.
        """
        card = self._cards.get(model_id)
        if card is None:
            return
        known = {name: value for name, value in fields.items() if name in _FIELDS - _OWN}
        fixed = self._fixed if model_id == self._default else {}
        self._cards[model_id] = dataclasses.replace(card, **known | fixed)
