"""The models of a worker: bringing them into memory, and telling the bot how each stands."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from bot.domain.errors import RenderFailed, UnknownModel, WorkerLost
from bot.engine.frames import Frame
from bot.engine.seam import Engine
from bot.worker.attempts import Attempts
from bot.worker.causes import cause

log = logging.getLogger(__name__)


class Stock:
    """What an engine has in memory, could not load, and is loading."""

    def __init__(self, engine: Engine, attempts: Attempts, send: Callable[[Frame], None]) -> None:
        self._engine = engine
        self._attempts = attempts
        self._send = send
        self._failed: dict[str, str] = {}
        self._loading: dict[str, str] = {}
        self._loaded: Set[str] = frozenset()

    def __contains__(self, model: object) -> bool:
        return model in self._engine.loaded()

    def learn(self, cards: Sequence[Mapping[str, Any]]) -> None:
        """These are the models from here on; one that changed is worth a new try."""
        for model in self._engine.learn(cards):
            self._failed.pop(model, None)
        self._say(self._loading)

    def load(self, model: str) -> None:
        """Bring `model` into memory, and always end by telling the bot how every model stands.

        Raises RenderFailed, or WorkerLost where the engine is beyond repair.
        """
        try:
            if model not in self:
                self._say({model: ""})
                self._engine.load(model, lambda text: self._say_loading(model, text))
        except (UnknownModel, WorkerLost):
            raise
        except RenderFailed as failure:
            self._failed[model] = str(failure)
            raise
        except MemoryError:
            self._failed[model] = "There is not enough memory for the model."
            raise RenderFailed("out_of_memory", self._failed[model]) from None
        except Exception as error:
            log.exception("the model %s cannot be loaded", model)
            self._failed[model] = f"The model cannot be loaded ({cause(error)})."
            raise RenderFailed("model_missing", self._failed[model]) from error
        finally:
            self._attempts.loading("")
            self._say()

    def loads_again(self, model: str, text: str) -> None:
        """A drawing has its model loaded once more, in another precision."""
        self._say({model: text})

    def drawn_with(self) -> None:
        """That is over, if it was so; and others may have left the memory meanwhile."""
        if self._loading or self._loaded != self._engine.loaded().keys():
            self._say()

    def _say_loading(self, model: str, text: str) -> None:
        self._say({model: text})
        self._attempts.loading(text)

    def _say(self, loading: dict[str, str] | None = None) -> None:
        self._loading = loading or {}
        loaded = {model: dict(card) for model, card in self._engine.loaded().items()}
        self._loaded = loaded.keys()
        for model in loaded:
            self._failed.pop(model, None)
        state = {"loaded": loaded, "loading": self._loading, "failed": self._failed}
        state["sizes"] = dict(self._engine.sizes())
        self._send(Frame("state", state))
