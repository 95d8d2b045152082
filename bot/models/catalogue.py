"""The models that this bot serves, by id: cards as guessed at first, then as workers confirm them.

Knows cards and what people call them; not workers, files or requests.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bot.domain.prompt.values import sayable
from bot.models.addons import LORA, Addon
from bot.models.cards import ModelCard
from bot.models.shelf import Model

_FIELDS = frozenset(field.name for field in dataclasses.fields(ModelCard))
_OWN = frozenset(
    {"id", "name", "source", "revision", "allowed", "pinned", "vae", "preview", "loras"}
    | {"embeddings"}
)
"""What no worker decides."""


@dataclass(frozen=True)
class _Served:
    """A model as it lies there, what a worker `said` last of its files, and the fields of its card
    that were `read` in them."""

    model: Model
    read: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        return self.model.card.revision

    @cached_property
    def card(self) -> ModelCard:
        """The operator's own values win over what the files say."""
        if not self.read:
            return self.model.card
        return dataclasses.replace(self.model.card, **{**self.read, **self.model.own})


class Catalogue:
    """`default` draws what asks for no model; `kept` are the ids of the models that every worker
    loads ahead of need: the default, and those pinned. `fixed` are the operator's own values of
    the default, by field; they win over what its files say. `loras` are all that can be drawn
    with; None where that is not known. Those `beside` are for the default alone."""

    def __init__(
        self,
        default: ModelCard,
        others: Sequence[ModelCard] = (),
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        self.loras: Sequence[Addon] | None = None
        self.beside: Sequence[Addon] = ()
        self._served: dict[str, _Served] = {}
        one = Model(default.id, default, fixed or {})
        self.serve(one, [Model(card.id, card, {}) for card in others])

    def serve(
        self,
        default: Model,
        others: Iterable[Model] = (),
        there: Iterable[Addon] | None = None,
        beside: Iterable[Addon] = (),
    ) -> None:
        """These are the models from here on, and what lies `there` to draw with, or
        `beside` the default; what workers read in files that are the same still is kept."""
        self.loras = None if there is None else [one for one in there if one.kind == LORA]
        self.beside = [one for one in beside if one.kind == LORA]
        models = {one.card.id: one for one in others} | {default.card.id: default}
        self._default = default.card.id
        self._served = {id: self._kept(one) for id, one in models.items()}
        pinned = [id for id, one in models.items() if one.card.pinned and id != self._default]
        self.kept = [self._default, *pinned]

    def _kept(self, model: Model) -> _Served:
        before = self._served.get(model.card.id)
        same = before is not None and before.revision == model.card.revision
        return _Served(model, before.read if before and same else {})

    @property
    def default(self) -> ModelCard:
        """The card of the MODEL setting."""
        return self._served[self._default].card

    @property
    def cards(self) -> Sequence[ModelCard]:
        """Of every model, the default first."""
        others = [one.card for id, one in self._served.items() if id != self._default]
        return [self.default, *others]

    @property
    def ids(self) -> Sequence[str]:
        """Every model, the default first."""
        return [card.id for card in self.cards]

    def card(self, model_id: str) -> ModelCard | None:
        """The card of a model; None for one that is not served (any more)."""
        served = self._served.get(model_id)
        return served and served.card

    def is_confirmed(self, model_id: str) -> bool:
        """Whether a worker has read its files, as they are now."""
        served = self._served.get(model_id)
        return served is not None and bool(served.read)

    def key(self, card: ModelCard) -> str:
        """The shortest text by which a served model is `named` in a prompt, where names have no
        spaces; no place on a disk, which is nobody's business."""
        key = self._served[card.id].model.key
        texts = (key, sayable(card.stem), sayable(card.id))
        able = (text for text in texts if text == card.id or text == sayable(text))
        return next((text for text in able if self.named(text) == card), key)

    def named(self, text: str) -> ModelCard | None:
        """The model that somebody means: by its id, its key, or its shown name in any case; or by
        what a prompt can say of the name of its file, or of its id."""
        if card := self.card(text):
            return card
        keyed = (one.card for one in self._served.values() if one.model.key == text)
        shown = (card for card in self.cards if card.name.casefold() == text.casefold())
        said = (card for card in self.cards if text in map(sayable, (card.stem, card.id)))
        return next(itertools.chain(keyed, shown, said), None)

    def confirm(self, model_id: str, fields: Mapping[str, Any]) -> None:
        """A worker read the model's own files: `fields` of its card are known now.

        Fields of a later version, unknown models and files that are others now are passed over.
        """
        served = self._served.get(model_id)
        if served is None or fields == served.said:
            return
        if fields.get("revision", served.revision) != served.revision:
            return
        read = {name: value for name, value in fields.items() if name in _FIELDS - _OWN}
        self._served[model_id] = _Served(served.model, {**served.read, **read}, fields)
