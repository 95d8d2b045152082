"""The buttons under a job's message, from the table of actions. Knows nothing about Discord."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.domain.action import ACTIONS, ALL, Action, Face, Target, Tile
from bot.domain.language import pgettext
from bot.domain.size import Size


@dataclass(frozen=True)
class Button:
    """A button under a job's message. `used` when it led to a job; `argument` as in `Press`."""

    action: Action
    tile: Tile
    row: int
    label: str
    emoji: str
    used: bool
    argument: str = ""


def buttons(
    job_id: str,
    count: int,
    used: Collection[tuple[Action, int]] = (),
    able: Callable[[Action], bool] = lambda action: True,
) -> list[Button]:
    """The buttons under a job's `count` pictures, row by row.

    `used` holds (action, tile) that led to a job; what the model is not `able` to do has no button.
    """
    found = [
        Button(spec.code, Tile(job_id, index), face.row, _named(face, index), face.emoji,
               (spec.code, index) in used)
        for spec in ACTIONS.values()
        if (face := spec.on_grid if count > 1 else spec.on_single)
        and able(spec.code)
        if not face.past or (spec.code, 1) in used
        for index in (range(1, count + 1) if spec.target is Target.TILE else (ALL,))
    ]  # fmt: skip
    return sorted(found, key=lambda button: button.row)


def _named(face: Face, what: object) -> str:
    return pgettext("button", face.label).format(what) if face.label else ""


def remedies(job_id: str, smaller: Size, used: Collection[tuple[Action, int]] = ()) -> list[Button]:
    """The buttons under a job that was too large for the memory."""
    return [
        Button(spec.code, Tile(job_id, ALL), face.row, _named(face, smaller), face.emoji,
               (spec.code, ALL) in used, smaller.code)
        for spec in ACTIONS.values()
        if (face := spec.on_failure)
    ]  # fmt: skip
