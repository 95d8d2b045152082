"""A worker as the bot sees it: a snapshot, and how each of its models stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    `took_s` seconds, and it takes `size_mb` MB, 0 where that is not known.
    """

    card: Mapping[str, Any] = field(default_factory=dict)
    since: float = 0.0
    took_s: float = 0.0
    size_mb: int = 0


@dataclass(frozen=True)
class Failed:
    """The model cannot be loaded. `text` is one sentence for users.

    It is worth a new try at `retry_at`, in monotonic seconds of the bot's process.
    """

    text: str
    retry_at: float = 0.0


ModelState = Loading | Loaded | Failed

Shape = tuple[str, int]
"""A model, and the pixels of a picture."""

ROOM = 4
"""Pictures that a worker may draw at once before it has measured how many pay: a grid."""


@dataclass(frozen=True)
class Worker:
    """A snapshot. `id` is one process incarnation and is never used again.

    `models` tells how each model stands that the worker was asked for. `drawing` holds the jobs
    that are drawn, each with its shape and how many pictures it has; so many pictures of a shape
    pay at once as `rooms` says, where that is measured; 0 where a drawing is one step, which
    nothing can join or pause. `error` says in one sentence that the
    worker itself is broken (cannot be started, cannot be killed, dies again and again before it can
    draw); a model that fails to load is no error of its worker.
    """

    id: str
    node: str
    device: str
    vram_mb: int
    models: Mapping[str, ModelState]
    slots_free: int
    draining: bool = False
    error: str | None = None
    drawing: Mapping[str, tuple[Shape, int]] = field(default_factory=dict)
    rooms: Mapping[Shape, int] = field(default_factory=dict)

    @property
    def seat(self) -> tuple[str, str]:
        """Where it is: the same for all incarnations on a device."""
        return self.node, self.device

    @property
    def loaded(self) -> frozenset[str]:
        """The ids of the models in memory."""
        return frozenset(id for id, state in self.models.items() if isinstance(state, Loaded))

    @property
    def sizes(self) -> dict[str, int]:
        """What each model in memory takes of it, in MB; 0 where that is not known."""
        states = self.models.items()
        return {id: state.size_mb for id, state in states if isinstance(state, Loaded)}

    @property
    def trouble(self) -> str | None:
        """Why it draws nothing: its own error, or a failed model's while no other is loaded."""
        if self.error or self.loaded:
            return self.error
        states = self.models.values()
        return next((state.text for state in states if isinstance(state, Failed)), None)

    @property
    def busy(self) -> bool:
        """Whether it draws, or cannot draw."""
        return bool(self.drawing) or not self.slots_free

    def room(self, model: str, pixels: int, paused: Collection[str] = ()) -> int:
        """How many pictures of `model` with `pixels` pixels may begin now and share the steps of
        those that are drawn, as if the jobs `paused` were not. A worker that draws nothing takes
        any attempt, however many it has.

        None while the model's loading has failed; who asks for it knows when to try again.
        """
        if self.draining or self.error is not None or not self.slots_free:
            return 0
        shape = model, pixels
        drawing = [one for job, one in self.drawing.items() if job not in paused]
        alike = all(other == shape for other, _ in drawing)
        if isinstance(self.models.get(model), Failed) or not alike:
            return 0
        drawn = sum(pictures for _, pictures in drawing)
        return max(0, self.rooms.get(shape, ROOM) - drawn)
