"""The denoising loop, one step of many drawings at a time.

Each drawing is a path from noise to pictures with its own scheduler, times, generators, guidance
and text. A step of several paths is one forward of the denoiser over all their rows, each at its
own time; everything else happens to each path alone, so that nobody's pictures depend on who else
is drawn. Knows tensors; not attempts or what is said about them. Imported in a worker only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from bot.worker import previews
from bot.worker.caching import Memory
from bot.worker.families import edges
from bot.worker.families.family import Family, Guidance, Size
from bot.worker.families.rows import Rows, cut, joined, kind_of
from bot.worker.pieces import Pieces
from bot.worker.rungs import DECODE, STEP

_T = TypeVar("_T")

_COMPOSING = 0.4
"""The share of the steps of closed pictures that is made with open edges: networks know by them
where they are, and see to it that there is one fox, in the middle, below the sky."""


@dataclass(frozen=True)
class Kept:
    """What a path keeps of the picture that it starts from: outside `mask` (1: drawn anew, 0: kept)
    the latents are `clean`, with `noise` as strong as theirs (Avrahami et al. 2023)."""

    mask: torch.Tensor
    clean: torch.Tensor
    noise: torch.Tensor

    def blended(
        self, family: Family, scheduler: Any, latents: torch.Tensor, time: torch.Tensor
    ) -> torch.Tensor:
        """Latents for `time`; of no elements after the last step."""
        kept = self.clean
        if len(time):
            kept = family.mixed(scheduler, self.clean, self.noise, time)
        return (1 - self.mask) * kept + self.mask * latents


@dataclass
class Path:
    """Where a drawing of n pictures stands.

    `latents` (n, …) are what the next step begins with. `times` are those of the model's calls, on
    the CPU: samplers of a higher order have more of them than steps. `conditions` has n rows, or
    2n where `guidance` is not None, the negative half first. So many times of the schedule are
    `skipped` before the first; one that `stops` ends before the last, with what it believes is the
    picture by then. Where it is `closed`, opposite edges go on in each other.
    """

    family: Family
    size: Size
    latents: torch.Tensor
    scheduler: Any
    times: torch.Tensor
    conditions: Rows
    extra: dict[str, Any]
    guidance: Guidance | None = None
    rescale: float = 0.0
    kept: Kept | None = None
    skipped: int = 0
    stops: bool = False
    closed: bool = False
    step: int = 0
    _seen: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None
    """Of the last step: latents before it, what was predicted of them, and latents after it."""

    @property
    def left(self) -> int:
        """Steps still to be made."""
        return len(self.times) - self.step

    @property
    def rows(self) -> int:
        """Samples in a forward."""
        return len(self.latents) * (1 if self.guidance is None else 2)

    @property
    def kind(self) -> Hashable:
        """Paths of one model and kind can share a forward."""
        kinds = sorted(kind_of(name, row) for name, row in self.conditions.items())
        return self.size, self.closed, kind_of("latents", self.latents), *kinds

    @property
    def closing(self) -> bool:
        """Whether the next step is made with closed edges."""
        steps = self.skipped + len(self.times)
        return self.closed and self.skipped + self.step >= int(steps * _COMPOSING)

    def inputs(self) -> Rows:
        """The rows of the next forward."""
        time = self.times[self.step]
        given = self.latents
        if hasattr(self.scheduler, "scale_model_input"):
            given = self.scheduler.scale_model_input(given, time)
        if self.closing:
            given = self.family.turned(given, self.size, self.step)
        halves = [given] if self.guidance is None else [given, given]
        latents = torch.cat(halves).to(self.latents.dtype)
        return {
            **self.conditions,
            "latents": latents,
            # By a number: copies from the processor wait for all that a card has been told.
            "times": torch.full(
                (len(latents),), float(time), dtype=torch.float32, device=latents.device
            ),
        }

    def advance(self, predicted: torch.Tensor) -> None:
        """Take the step that the denoiser predicted for these rows. Where that raises anything,
        nothing has happened: it may be tried again."""
        undo = _undoing(self.scheduler, self.extra.get("generator", ()))
        try:
            latents, seen = self._stepped(predicted)
        except BaseException:
            undo()
            raise
        self.latents, self._seen, self.step = latents, seen, self.step + 1

    def _stepped(self, predicted: torch.Tensor) -> Any:
        """What the latents are after this step, and what is `_seen` of it."""
        if self.closing:
            predicted = self.family.turned(predicted, self.size, self.step, back=True)
        if self.guidance is not None:
            negative, positive = predicted.chunk(2)
            predicted = self.family.guide(negative, positive, self._guidance(), self.rescale)
        before, time = self.latents, self.times[self.step]
        latents = self.scheduler.step(predicted, time, before, **self.extra, return_dict=False)[0]
        seen = before, predicted, latents
        if self.stops and self.left == 1:
            return self._believed(self.step, *seen).to(before.dtype), seen
        return self._blended(latents, self.step + 1), seen

    def _blended(self, latents: torch.Tensor, step: int) -> torch.Tensor:
        """With what is kept of a picture, as noisy as it is to be before a step."""
        if self.kept is None:
            return latents
        return self.kept.blended(self.family, self.scheduler, latents, self.times[step : step + 1])

    def believed(self) -> torch.Tensor:
        """The latents without noise, as the last step saw them."""
        assert self._seen
        return self._believed(self.step - 1, *self._seen)

    def _believed(
        self, step: int, before: torch.Tensor, predicted: torch.Tensor, after: torch.Tensor
    ) -> torch.Tensor:
        index, time = self.skipped + step, float(self.times[step])
        clean = previews.believed(self.scheduler, index, time, before, predicted)
        if clean is None:
            clean = previews.estimate(self.scheduler, index, before, after)
        return self._blended(clean, len(self.times))

    def _guidance(self) -> Guidance:
        """Broadcast over latents."""
        if isinstance(self.guidance, torch.Tensor):
            shape = len(self.latents), *[1] * (self.latents.ndim - 1)
            return self.guidance.to(self.latents).view(shape)
        return self.guidance or 0.0

    def decode(self, pieces: Pieces, made: Callable[[torch.Tensor, int], _T]) -> list[_T]:
        """`made` of the pictures (n, 3, height, width) from -1 to 1, some at a time, with the
        number of the first."""

        def decoded(begin: int, end: int) -> _T:
            drawn = self.latents[begin:end]
            whole = self.kept is not None
            return made(self.family.decode(drawn, self.size, self.closed, whole), begin)

        return pieces.each((DECODE, self.size), len(self.latents), decoded)


def _undoing(scheduler: Any, generators: Sequence[torch.Generator]) -> Callable[[], None]:
    """What sets a scheduler and generators back to how they are now."""
    own = {
        name: one.copy() if isinstance(one, list) else one for name, one in vars(scheduler).items()
    }
    states = [each.get_state() for each in generators]

    def undo() -> None:
        vars(scheduler).update(own)
        for each, state in zip(generators, states, strict=True):
            each.set_state(state)

    return undo


def predict(
    paths: Sequence[Path], pieces: Pieces, memory: Memory | None = None
) -> Sequence[torch.Tensor]:
    """What the denoiser predicts for each path: one forward, or a few where memory is short or some
    are `closing`.

    All paths are of one model and kind; `memory` is that of one alone. Nothing has happened to
    them afterwards. Raises RenderFailed("out_of_memory").
    """
    found: dict[int, torch.Tensor] = {}
    for closing in (False, True):
        if some := [path for path in paths if path.closing is closing]:
            found |= zip(map(id, some), _together(some, pieces, memory), strict=True)
    return [found[id(path)] for path in paths]


def _together(
    paths: Sequence[Path], pieces: Pieces, memory: Memory | None
) -> Sequence[torch.Tensor]:
    family, size = paths[0].family, paths[0].size
    rows = joined([path.inputs() for path in paths])

    def predicted(begin: int, end: int) -> torch.Tensor:
        remembered = memory.of(begin, end) if memory else contextlib.nullcontext()
        with remembered, edges.around(paths[0].closing):
            return family.predict(cut(rows, begin, end), size)

    together = pieces.joined((STEP, size), sum(path.rows for path in paths), predicted)
    return together.split([path.rows for path in paths])
