"""How many pictures of each model and size pay in a step: learned from steps, told to the bot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.domain.batching import Limits
from bot.domain.knee import Knee
from bot.engine.frames import Frame
from bot.worker.painting import Painting

PICTURES = 4
"""So many pay before anything was measured: a grid."""

_Shape = tuple[str, int]


class Rooms:
    """A knee for each model and size, and for what draws: torch, or a converted network."""

    def __init__(self, send: Callable[[Frame], None]) -> None:
        self._send = send
        self._knees: dict[tuple[_Shape, str], Knee] = {}
        self._told: dict[_Shape, int] = {}

    def limits(self, painting: Painting) -> Limits:
        """How large a step with this one may be."""
        knee = self._knee(painting)
        return Limits(knee.most, knee.free(painting.cost))

    def begun(self, painting: Painting) -> None:
        """What steps with nobody has no room for others, which is known before it is drawn."""
        if painting.run.company is None:
            self._tell(painting)

    def stepped(self, paintings: Sequence[Painting], seconds: float) -> None:
        """These made a step together."""
        self._knee(paintings[0]).stepped(_cost(paintings), seconds)
        self._tell(paintings[0])

    def failed(self, paintings: Sequence[Painting]) -> None:
        """The memory did not suffice for a step of these."""
        self._knee(paintings[0]).failed(_cost(paintings))
        self._tell(paintings[0])

    def tell_all(self) -> None:
        """Say once more what was said."""
        for shape, pictures in self._told.items():
            self._say(shape, pictures)

    def _knee(self, painting: Painting) -> Knee:
        key = painting.shape, painting.by
        if key not in self._knees:
            self._knees[key] = Knee(PICTURES * _each(painting))
        return self._knees[key]

    def _tell(self, painting: Painting) -> None:
        together = painting.run.company is not None
        most = self._knee(painting).most
        pictures = max(1, int(most / _each(painting))) if together else 0
        if self._told.get(painting.shape) != pictures:
            self._told[painting.shape] = pictures
            self._say(painting.shape, pictures)

    def _say(self, shape: _Shape, pictures: int) -> None:
        model, pixels = shape
        self._send(Frame("room", {"model": model, "pixels": pixels, "pictures": pictures}))


def _cost(paintings: Sequence[Painting]) -> float:
    return sum(painting.cost for painting in paintings)


def _each(painting: Painting) -> float:
    """What a step of one of its pictures costs."""
    return painting.cost / len(painting.attempt.indices)
