"""A worker as the bot sees it: a snapshot, and how each of its models stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Loading:
    """The model is being brought into memory; `text` says how far that is.

    That began at `since`, in monotonic seconds of the bot's process.
    """

    text: str = ""
    since: float = 0.0


@dataclass(frozen=True)
class Loaded:
    """The model is in memory. `card` holds what its own files say: fields of `ModelCard`.

    It has been there since `since`, in monotonic seconds of the bot's process; loading it took
    `took_s` seconds, 0 where that is not known.
    """

    card: Mapping[str, Any] = field(default_factory=dict)
    since: float = 0.0
    took_s: float = 0.0


@dataclass(frozen=True)
class Failed:
    """The model cannot be loaded. `text` is one sentence for users.

    It is worth a new try at `retry_at`, in monotonic seconds of the bot's process.
    """

    text: str
    retry_at: float = 0.0


ModelState = Loading | Loaded | Failed


@dataclass(frozen=True)
class Worker:
    """A snapshot. `id` is one process incarnation and is never used again.

    `models` tells how each model stands that the worker was asked for. `error` says in one
    sentence that the worker itself is broken (cannot be started, cannot be killed, dies again and
    again before it can draw); a model that fails to load is no error of its worker.
    """

    id: str
    node: str
    device: str
    vram_mb: int
    models: Mapping[str, ModelState]
    slots_free: int
    draining: bool = False
    error: str | None = None

    @property
    def seat(self) -> tuple[str, str]:
        """Where it is: the same for all incarnations on a device."""
        return self.node, self.device

    @property
    def loaded(self) -> frozenset[str]:
        """The ids of the models in memory."""
        return frozenset(id for id, state in self.models.items() if isinstance(state, Loaded))

    @property
    def trouble(self) -> str | None:
        """Why it draws nothing: its own error, or a failed model's while no other is loaded."""
        if self.error or self.loaded:
            return self.error
        states = self.models.values()
        return next((state.text for state in states if isinstance(state, Failed)), None)

    def room(self, model: str, pixels: int) -> int:
        """How many attempts at pictures of `model` with `pixels` pixels may start now.

        None while the model's loading has failed; who asks for it knows when to try again.
        """
        if self.draining or self.error is not None:
            return 0
        return 0 if isinstance(self.models.get(model), Failed) else self.slots_free
