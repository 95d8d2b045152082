"""Which pinned models stay on which workers, and what fits beside what is there. Pure.

Every worker is to have all of them, for then nobody waits for a load. Where a memory is too small
for that, each model has at least one home, the largest models first, and the rest is filled with
those that have the fewest. A worker that has a model already keeps it rather than load another, so
the same question has the same answer however often it is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

DRAWING = 0.15
"""This share of a memory is for drawing."""


@dataclass(frozen=True)
class Spot:
    """A worker's memory of `memory_mb` MB, 0 where that is not known. It holds models, each with
    its size; those it could not load so far are `unfit`."""

    worker: str
    memory_mb: int = 0
    holds: Mapping[str, int] = field(default_factory=dict)
    unfit: Collection[str] = ()

    @property
    def room_mb(self) -> float:
        """For models; infinite where it is not known."""
        return self.memory_mb * (1 - DRAWING) if self.memory_mb else float("inf")

    def fits(self, size_mb: int) -> bool:
        """Whether a model of a known size may be loaded and nobody has to leave for it."""
        known = self.memory_mb and size_mb and all(self.holds.values())
        return bool(known) and sum(self.holds.values()) + size_mb <= self.room_mb


def homes(
    pinned: Sequence[str], sizes: Mapping[str, int], spots: Sequence[Spot]
) -> dict[str, list[str]]:
    """The models that each worker is to have, in the order of `pinned`. A model without a known
    size takes no room, as far as this knows; one that fits nowhere is the largest memory's."""
    left = {spot.worker: spot.room_mb for spot in spots}
    chosen: dict[str, set[str]] = {spot.worker: set() for spot in spots}

    def give(model: str, spot: Spot) -> None:
        chosen[spot.worker].add(model)
        left[spot.worker] -= sizes.get(model, 0)

    def fits(model: str, spot: Spot) -> bool:
        return sizes.get(model, 0) <= left[spot.worker]

    def homes_of(model: str) -> int:
        return sum(model in those for those in chosen.values())

    def preferred(model: str, spot: Spot) -> tuple[bool, bool, bool, float]:
        failed = model in spot.unfit
        return fits(model, spot), not failed, model in spot.holds, left[spot.worker]

    for model in sorted(pinned, key=lambda model: -sizes.get(model, 0)):
        if spots:
            give(model, max(spots, key=lambda spot: preferred(model, spot)))
    for spot in spots:
        while able := [
            each for each in pinned if each not in chosen[spot.worker] and fits(each, spot)
        ]:
            give(min(able, key=lambda each: (each not in spot.holds, homes_of(each))), spot)
    return {worker: [model for model in pinned if model in chosen[worker]] for worker in chosen}
