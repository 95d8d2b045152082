"""What can be done with a prompt or a picture: one table of actions, and what is made from it.

Buttons, captions, help, the routing of presses and prices come from `ACTIONS`; a new action is a
new row. Knows nothing about Discord or about who may do what.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.request import GenerationRequest
    from bot.domain.size import Size

ALL = 0
"""The tile of a button that concerns the whole job."""


class Kind(enum.StrEnum):
    """What sort of work a request is, which decides what a complete result of it is."""

    DRAW = "draw"
    """Pictures that a worker draws."""
    EXTRACT = "extract"
    """One stored picture alone; nothing is drawn."""
    LOST = "lost"
    """What is left of a stored request that this version cannot read; nothing comes of it."""


class Action(enum.StrEnum):
    """What a request does; the value is the code in custom ids."""

    IMAGINE = "imagine"
    UPSCALE = "upscale"
    VARY = "vary"
    REROLL = "reroll"
    SMALLER = "smaller"


class Target(enum.Enum):
    """What an action is done to."""

    TEXT = "text"
    """A prompt that somebody types."""
    TILE = "tile"
    """One picture of a job."""
    JOB = "job"
    """All that a job is."""


@dataclass(frozen=True)
class Tile:
    """One picture of a job: 1 top left, 2 top right, 3 bottom left, 4 bottom right."""

    job: str
    index: int


@dataclass(frozen=True)
class Press:
    """A button that somebody pressed: `tile.index` is `ALL` where it concerns the whole job, and
    `argument` is what the button says beside that. `prompt` is a text that is to be drawn instead
    of the job's own; None: that."""

    action: Action
    tile: Tile
    argument: str = ""
    prompt: str | None = None


@dataclass(frozen=True)
class Means:
    """What a derived request takes from outside: a seed, and the strength of the model's usual
    variation."""

    seed: int
    strength: float


@dataclass(frozen=True)
class Face:
    """How a button looks: its row from 0, and its label, in which `{}` is the picture's number, or
    the size that it draws."""

    row: int
    label: str = ""
    emoji: str = ""


@dataclass(frozen=True)
class ActionSpec:
    """One row of the table.

    `derive` makes the request from the one under which the button stands. `caption` is what stands
    before the name of who asked. `help` completes the sentence that begins with the buttons' names.
    `price` is in whole credits. `on_grid` and `on_single` say how the button looks under several
    pictures and under one, None where there is none. `capability` names what the model's card has
    to be able to, if anything. `on_failure` is how it looks under a job that was too large for the
    memory. One that `remixes` draws another prompt where somebody gives one.
    """

    code: Action
    target: Target
    kind: Kind = Kind.DRAW
    price: int = 1
    help: str = ""
    on_grid: Face | None = None
    on_single: Face | None = None
    on_failure: Face | None = None
    capability: str = ""
    remixes: bool = False
    caption: Callable[[GenerationRequest], str] = lambda request: ""
    derive: Callable[[GenerationRequest, Press, Means], GenerationRequest] | None = None


def _variations_of_a_source(request: GenerationRequest) -> str:
    return "" if request.source is None else "Variations by"


ACTIONS: Mapping[Action, ActionSpec] = {
    row.code: row
    for row in (
        ActionSpec(Action.IMAGINE, Target.TEXT),
        ActionSpec(
            Action.UPSCALE, Target.TILE, kind=Kind.EXTRACT, price=0,
            help="take one picture out of the grid", on_grid=Face(0, "U{}"),
            caption=lambda request: f"Image #{request.source.index}" if request.source else "",
            derive=lambda request, press, means: request.upscale(press.tile),
        ),
        ActionSpec(
            Action.REROLL, Target.JOB, help="draws the same prompt again",
            on_grid=Face(0, emoji="🔄"), remixes=True, caption=_variations_of_a_source,
            derive=lambda request, press, means: request.reroll(means.seed),
        ),
        ActionSpec(
            Action.SMALLER, Target.JOB, help="draws the same at another size",
            on_failure=Face(0, "Draw it at {}"), caption=_variations_of_a_source,
            derive=lambda request, press, means: request.smaller(press.argument),
        ),
        ActionSpec(
            Action.VARY, Target.TILE, help="draw four variations of one picture",
            on_grid=Face(1, "V{}"), on_single=Face(0, "Vary", "🪄"), capability="variations",
            remixes=True, caption=_variations_of_a_source,
            derive=lambda request, press, means: request.vary(
                press.tile, means.seed, means.strength
            ),
        ),
    )
}  # fmt: skip


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
        Button(spec.code, Tile(job_id, index), face.row, face.label.format(index), face.emoji,
               (spec.code, index) in used)
        for spec in ACTIONS.values()
        if (face := spec.on_grid if count > 1 else spec.on_single)
        and able(spec.code)
        for index in (range(1, count + 1) if spec.target is Target.TILE else (ALL,))
    ]  # fmt: skip
    return sorted(found, key=lambda button: button.row)


def remedies(job_id: str, smaller: Size, used: Collection[tuple[Action, int]] = ()) -> list[Button]:
    """The buttons under a job that was too large for the memory."""
    return [
        Button(spec.code, Tile(job_id, ALL), face.row, face.label.format(smaller), face.emoji,
               (spec.code, ALL) in used, smaller.code)
        for spec in ACTIONS.values()
        if (face := spec.on_failure)
    ]  # fmt: skip


def help_lines() -> list[str]:
    """What each button under a grid does, one line for each."""
    return [
        f"{_named(spec, spec.on_grid)} {spec.help}{'' if spec.price else ', free of charge'}."
        for spec in ACTIONS.values()
        if spec.on_grid
    ]


def _named(spec: ActionSpec, face: Face) -> str:
    label = face.label or face.emoji
    return f"**{label.format(1)}**–**{label.format(4)}**" if spec.target is Target.TILE else label
