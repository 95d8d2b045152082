"""What the processes of one device died of, and what follows from it.

A death while a model was loaded is that model's (on this device); a death before a process could
draw anything is the device's own. Pure: deaths and the time come in, the next delay and the
sentences come out. All times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.engine.seam import Failed

_KILLED = "was killed by signal 9"
_MEMORY = ": probably too little memory; take a smaller model, or give the machine more memory"


@dataclass(frozen=True)
class Retry:
    """When what failed is tried again; times in seconds.

    backoff, backoff_max  a process follows a dead one after `backoff`, doubled with each death
                          without anything drawn or loaded in between, up to `backoff_max`
    start_deaths          after so many deaths in a row before a process was ready, the worker
                          counts as broken (and is still tried again)
    load_deaths           after so many deaths while a model was loaded, it is not loaded again …
    reload                … for this time
    failed                a model that could not be loaded is worth another try after this time
    """

    backoff: float = 0.5
    backoff_max: float = 60.0
    start_deaths: int = 3
    load_deaths: int = 2
    reload: float = 600.0
    failed: float = 60.0


@dataclass(frozen=True)
class Death:
    """How one process ended: `cause` completes "The process …"; `loading` maps the models that
    were being loaded to what was said about that ("loading Dreamshaper"). It was `innocent` where
    its machine, or the way there, failed it."""

    cause: str
    ready: bool = False
    useful: bool = False
    loading: Mapping[str, str] | None = None
    innocent: bool = False


class Blame:
    """The book of one device's deaths."""

    def __init__(self, device: str, retry: Retry) -> None:
        self._device = device
        self._retry = retry
        self._useless = 0
        self._stillborn = 0
        self._loads: dict[str, int] = {}
        self._refused: dict[str, Failed] = {}
        self.error: str | None = None

    def died(self, death: Death, now: float) -> float:
        """Write a death down; returns the seconds after which the next process may start."""
        if death.innocent:
            return self._retry.backoff
        loading = death.loading or {}
        for model, words in loading.items():
            self._loads[model] = self._loads.get(model, 0) + 1
            if self._loads[model] >= self._retry.load_deaths:
                text = f"The process {death.cause} while {words or 'loading the model'}"
                self._refused[model] = Failed(_advice(text, death), now + self._retry.reload)
        self._useless = 0 if death.useful else self._useless + 1
        self._stillborn += not death.ready
        if self._stillborn >= self._retry.start_deaths:
            text = f"The worker on {self._device} cannot start: its process {death.cause}"
            self.error = _advice(text, death)
        return min(self._retry.backoff_max, self._retry.backoff * 2 ** min(self._useless, 16))

    def ready(self) -> None:
        """A process came up."""
        self._stillborn = 0
        self.error = None

    def loaded(self, models: Iterable[str]) -> None:
        """These models are in memory: their deaths are forgiven."""
        for model in models:
            self._loads.pop(model, None)
            self._refused.pop(model, None)

    def refused(self) -> Mapping[str, Failed]:
        """The models that killed their processes; not to be loaded before their `retry_at`."""
        return dict(self._refused)


def _advice(text: str, death: Death) -> str:
    return text + (_MEMORY if death.cause == _KILLED else "") + "."
