"""Where models may be looked for, and what every way of opening one needs. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import RenderFailed
from bot.models import addons
from bot.models.addons import Addon
from bot.models.cards import ModelCard
from bot.models.facts import Facts

NO_CHECKER: dict[str, Any] = {"safety_checker": None, "requires_safety_checker": False}


@dataclass(frozen=True)
class Library:
    """Where models may be looked for beyond their own source.

    `cache_dir` holds what came from the hub (empty: the hub's own default); `token` is a Hugging
    Face token or empty; `configs` is a folder with the configs and tokenizers of single files;
    `shelf` is the folder of models, in which lies what they are drawn with.
    """

    cache_dir: str = ""
    token: str = ""
    configs: str = ""
    shelf: str = ""

    def hub(self) -> dict[str, Any]:
        """The keyword arguments of everything that may ask the hub."""
        return {"cache_dir": self.cache_dir or None, "token": self.token or None}

    def addon(self, card: ModelCard, kind: str, key: str) -> Addon | None:
        """What a model is drawn with, beside it or on the shelf."""
        return addons.named(self._folders(card), kind, key)

    def addons(self, card: ModelCard) -> list[Addon]:
        """All that models are drawn with, beside this one or on the shelf."""
        return [one for folder in self._folders(card) for one in addons.inside(folder)]

    def stamp(self, card: ModelCard) -> tuple[object, ...]:
        """Changes when what lies there does; see `addons.stamp`."""
        return tuple((folder, addons.stamp(folder)) for folder in self._folders(card))

    def _folders(self, card: ModelCard) -> list[Path]:
        folders = [Path(card.source).expanduser().parent]
        if self.shelf:
            folders.append(Path(self.shelf).expanduser())
        return folders


def missing(text: str) -> RenderFailed:
    """A model, or something of it, is not where it should be; strangers read the text."""
    return RenderFailed("model_missing", text)


def absent(index: Facts) -> dict[str, None]:
    """The parts that a pipeline was saved without; diffusers misses them where it is not told."""
    return {name: None for name, value in index.pipeline.items() if value == [None, None]}
