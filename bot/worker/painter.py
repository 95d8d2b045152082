"""The work of a worker's main thread: loading models and drawing attempts with its engine.

Knows how attempts end; not how pictures are drawn or encoded.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain.errors import Cancelled, RenderFailed, UnknownModel, WorkerLost
from bot.engine.frames import Frame
from bot.engine.seam import Attempt, Begun, Engine, Event, LoadingModel
from bot.worker.attempts import Attempts, Key
from bot.worker.causes import cause
from bot.worker.encoding import Drawn

log = logging.getLogger(__name__)


class Painter:
    """One call at a time. What was drawn goes to `finish`, frames go to `send`."""

    def __init__(
        self,
        engine: Engine,
        attempts: Attempts,
        finish: Callable[[Drawn], None],
        send: Callable[[Frame], None],
    ) -> None:
        self._engine = engine
        self._attempts = attempts
        self._finish = finish
        self._send = send
        self._failed: dict[str, str] = {}
        self._loading: dict[str, str] = {}

    def learn(self, cards: Sequence[Mapping[str, Any]]) -> None:
        """These are the models from here on; one that changed is worth a new try."""
        for model in self._engine.learn(cards):
            self._failed.pop(model, None)
        self._send_state(self._loading)

    def prepare(self, model: str) -> None:
        """Load a model that nobody waits for yet; its state tells how that went."""
        with contextlib.suppress(RenderFailed):
            self._load(model)

    def draw(self, attempt: Attempt) -> None:
        """Draw an attempt, and have it end whatever happens."""
        key = attempt.job, attempt.no
        try:
            drawn = self._drawn(attempt, key)
        except Cancelled:
            self._attempts.end(key, "cancelled")
        except RenderFailed as failure:
            self._attempts.end(key, "failed", failure.code, str(failure), failure.retryable)
        except MemoryError:
            self._attempts.end(key, "failed", "out_of_memory", "The memory does not suffice.")
        except WorkerLost:
            log.exception("the engine is beyond repair")
            os._exit(1)
        except Exception as error:
            log.exception("job %s cannot be drawn", attempt.job)
            self._attempts.end(key, "failed", "error", f"{type(error).__name__}: {error}")
        else:
            if self._attempts.drawn(key):
                self._finish(drawn)
            else:
                self._attempts.end(key, "cancelled")
        finally:
            if self._loading:
                self._send_state()
            self._send(Frame("free", {"job": attempt.job, "no": attempt.no}))

    def _drawn(self, attempt: Attempt, key: Key) -> Drawn:
        def emit(event: Event) -> None:
            if isinstance(event, LoadingModel):  # once more, in another precision
                self._send_state({attempt.model: event.text})
            elif isinstance(event, Begun) and self._loading:
                self._send_state()
            self._attempts.say(key, event)

        def cancelled() -> bool:
            return self._attempts.cancelled(key)

        if not cancelled():
            self._load(attempt.model)
        self._attempts.begin(key)
        started = time.monotonic()
        emit(Begun(started))
        run = self._engine.begin(attempt, emit, cancelled)
        while not run.done:
            if cancelled():
                raise Cancelled
            self._engine.step([run])
        images = self._engine.retire(run)
        took = time.monotonic() - started
        return Drawn(attempt, images, took, self._engine.drawn_by(attempt.model))

    # Models

    def _load(self, model: str) -> None:
        """Bring `model` into memory, and always end by telling the bot how every model stands."""
        try:
            if model not in self._engine.loaded():
                self._send_state({model: ""})
                self._engine.load(model, lambda text: self._say_loading(model, text))
        except UnknownModel:
            raise
        except RenderFailed as failure:
            self._failed[model] = str(failure)
            raise
        except MemoryError:
            self._failed[model] = "There is not enough memory for the model."
            raise RenderFailed("out_of_memory", self._failed[model]) from None
        except WorkerLost:
            raise
        except Exception as error:
            log.exception("the model %s cannot be loaded", model)
            self._failed[model] = f"The model cannot be loaded ({cause(error)})."
            raise RenderFailed("model_missing", self._failed[model]) from error
        finally:
            self._attempts.loading("")
            self._send_state()

    def _say_loading(self, model: str, text: str) -> None:
        self._send_state({model: text})
        self._attempts.loading(text)

    def _send_state(self, loading: dict[str, str] | None = None) -> None:
        self._loading = loading or {}
        loaded = {model: dict(card) for model, card in self._engine.loaded().items()}
        for model in loaded:
            self._failed.pop(model, None)
        state = {"loaded": loaded, "loading": self._loading, "failed": self._failed}
        self._send(Frame("state", state))
