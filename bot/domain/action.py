"""What can be done with a prompt or a picture: one table of actions, and what is made from it.

Buttons (`bot.domain.buttons`), captions, help, the routing of presses and prices come from
`ACTIONS`; a new action is a new row. Knows nothing about Discord or about who may do what.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import framing, upscaling
from bot.domain.captions import made_by, taken_out
from bot.domain.framing import Bounds, Framed, Side
from bot.domain.language import N_, NP_, _
from bot.domain.preferences import Variation
from bot.domain.region import Region
from bot.domain.upscaling import Detail

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
    REDO = "redo"
    VARY_SUBTLE = "vary_subtle"
    VARY_STRONG = "vary_strong"
    UPSCALE_SUBTLE = "upscale_subtle"
    UPSCALE_CREATIVE = "upscale_creative"
    ZOOM_OUT_2X = "zoom_out_2x"
    ZOOM_OUT_1_5X = "zoom_out_1_5x"
    SQUARE = "square"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    PAN_UP = "pan_up"
    PAN_DOWN = "pan_down"
    VARY_REGION = "vary_region"
    CUSTOM_ZOOM = "custom_zoom"
    EDIT = "edit"


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
    of the job's own; None: that. What its form asks besides is `region`, which is known by the
    sha256 of a `mask` once it was looked for, and how far to `zoom` out."""

    action: Action
    tile: Tile
    argument: str = ""
    prompt: str | None = None
    region: Region | None = None
    mask: str | None = None
    zoom: float = 2.0


@dataclass(frozen=True)
class Means:
    """What a derived request takes from outside: a seed, how far a variation leaves its picture,
    and what the model can draw. `size` is the picture's own, None: as its request says."""

    seed: int
    strength: float
    bounds: Bounds = Bounds()
    size: Size | None = None


@dataclass(frozen=True)
class Face:
    """How a button looks: its row from 0, and its label, in which `{}` is the picture's number, or
    the size that it draws. One of the `past` is shown only where it led to a job."""

    row: int
    label: str = ""
    emoji: str = ""
    past: bool = False


@dataclass(frozen=True)
class ActionSpec:
    """One row of the table.

    `derive` makes the request from the one under which the button stands. `caption` is what was
    done. `help` completes the sentence that begins with the buttons' names.
    `price` is in whole credits. `on_grid` and `on_single` say how the button looks under several
    pictures and under one, None where there is none. `capability` names what the model's card has
    to be able to, if anything. `on_failure` is how it looks under a job that was too large for the
    memory. One that `remixes` draws another prompt where somebody gives one; one that `asks` always
    opens a form for it. One that `keeps` draws in the size of its picture alone. Under a request
    that it does not `fit` there is no button, and `unfit` says why. `variation` is how far it
    leaves a picture, whatever who presses it prefers.
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
    asks: bool = False
    keeps: bool = False
    fits: Callable[[GenerationRequest], bool] = lambda request: True
    unfit: str = ""
    variation: Variation | None = None
    caption: Callable[[GenerationRequest], str] = lambda request: ""
    derive: Callable[[GenerationRequest, Press, Means], GenerationRequest] | None = None


def _upscales(code: Action, detail: Detail, label: str) -> ActionSpec:
    return ActionSpec(
        code, Target.TILE, help=N_("draw it twice as large, then four times"),
        on_single=Face(0, label), capability="variations",
        fits=upscaling.fits, unfit=N_("This picture is as large as pictures get here."),
        caption=made_by,
        derive=lambda request, press, means: upscaling.upscaled(
            request, press.tile, means.seed, means.strength, detail, code, means.size
        ),
    )  # fmt: skip


def _is_drawn(request: GenerationRequest) -> bool:
    """Not made larger since: nothing of that size is drawn anew."""
    return upscaling.of(request) is None


_LAST = N_(
    "This was upscaled, after which nothing else is drawn of it; its smaller picture has that."
)


def _varies(code: Action, variation: Variation, label: str, said: str) -> ActionSpec:
    return ActionSpec(
        code, Target.TILE, help=N_("draw four variations of it, close or less so"),
        on_single=Face(1, label, "🪄"), capability="variations", variation=variation,
        remixes=True, fits=_is_drawn, unfit=_LAST,
        caption=lambda request: _(said),
        derive=lambda request, press, means: request.vary(
            press.tile, means.seed, means.strength, code
        ),
    )  # fmt: skip


def _frames(
    code: Action, face: Face, help: str, framed: Callable[[GenerationRequest, Bounds], Framed],
    fits: Callable[[GenerationRequest], bool] = lambda request: True, unfit: str = "",
) -> ActionSpec:  # fmt: skip
    return ActionSpec(
        code, Target.TILE, help=help, on_single=face, capability="frames",
        fits=lambda request: _is_drawn(request) and fits(request), unfit=unfit or _LAST,
        remixes=True, caption=made_by,
        derive=lambda request, press, means: request.around(
            code, press.tile, means.seed, means.strength, framed(request, means.bounds)
        ),
    )  # fmt: skip


def _zooms(code: Action, times: float, label: str) -> ActionSpec:
    return _frames(
        code, Face(2, label, "🔍"), N_("draw more all around it"),
        lambda request, bounds: framing.zoomed_out(request.size, times),
    )  # fmt: skip


def _pans(code: Action, side: Side, emoji: str) -> ActionSpec:
    return _frames(
        code, Face(3, emoji=emoji), N_("draw more on that side of it"),
        lambda request, bounds: framing.panned(request.size, side, bounds),
    )  # fmt: skip


ACTIONS: Mapping[Action, ActionSpec] = {
    row.code: row
    for row in (
        ActionSpec(Action.IMAGINE, Target.TEXT),
        ActionSpec(Action.EDIT, Target.TEXT, capability="frames", caption=made_by),
        ActionSpec(
            Action.UPSCALE, Target.TILE, kind=Kind.EXTRACT, price=0,
            help=N_("take one picture out of the grid"), on_grid=Face(0, "U{}"),
            caption=taken_out,
            derive=lambda request, press, means: request.upscale(press.tile),
        ),
        ActionSpec(
            Action.REROLL, Target.JOB, help=N_("draws the same prompt again"),
            on_grid=Face(0, emoji="🔄"), remixes=True, caption=made_by,
            fits=_is_drawn, unfit=_LAST,
            derive=lambda request, press, means: request.reroll(means.seed),
        ),
        ActionSpec(
            Action.SMALLER, Target.JOB, help=N_("draws the same at another size"),
            on_failure=Face(0, NP_("button", "Draw it at {}")), caption=made_by,
            derive=lambda request, press, means: request.smaller(press.argument),
        ),
        ActionSpec(
            Action.VARY, Target.TILE, help=N_("draw four variations of one picture"),
            on_grid=Face(1, "V{}"), on_single=Face(1, NP_("button", "Vary"), "🪄", past=True),
            capability="variations", remixes=True, caption=made_by,
            fits=_is_drawn, unfit=_LAST,
            derive=lambda request, press, means: request.vary(
                press.tile, means.seed, means.strength
            ),
        ),
        _upscales(Action.UPSCALE_SUBTLE, Detail.SUBTLE, NP_("button", "Upscale (Subtle)")),
        _upscales(Action.UPSCALE_CREATIVE, Detail.CREATIVE, NP_("button", "Upscale (Creative)")),
        ActionSpec(
            Action.REDO, Target.JOB, help=N_("draws again what it was taken out of"),
            on_single=Face(0, NP_("button", "Redo"), "🔄"), caption=made_by,
            fits=lambda request: request.origin is not None,
            unfit=N_("This was drawn from its words alone; 🔄 under its grid draws them again."),
            derive=lambda request, press, means: request.reroll(means.seed, Action.REDO),
        ),
        _varies(
            Action.VARY_SUBTLE, Variation.SUBTLE,
            NP_("button", "Vary (Subtle)"), N_("Variations (Subtle)"),
        ),
        _varies(
            Action.VARY_STRONG, Variation.STRONG,
            NP_("button", "Vary (Strong)"), N_("Variations (Strong)"),
        ),
        ActionSpec(
            Action.VARY_REGION, Target.TILE,
            on_single=Face(1, NP_("button", "Vary (Region)"), "🖌️"),
            help=N_("draws a part of it anew: by a mask, fields of it, or what a word names"),
            capability="frames", remixes=True, asks=True, keeps=True, caption=made_by,
            fits=_is_drawn, unfit=_LAST,
            derive=lambda request, press, means: request.region(press.tile, means.seed, press.mask),
        ),
        _zooms(Action.ZOOM_OUT_2X, 2, NP_("button", "Zoom Out 2×")),
        _zooms(Action.ZOOM_OUT_1_5X, 1.5, NP_("button", "Zoom Out 1.5×")),
        ActionSpec(
            Action.CUSTOM_ZOOM, Target.TILE,
            on_single=Face(2, NP_("button", "Custom Zoom"), "🔍"),
            help=N_("draws more all around it, by `--zoom` from 1 to 2 and in any `--ar`"),
            capability="frames", remixes=True, asks=True, caption=made_by,
            fits=_is_drawn, unfit=_LAST,
            derive=lambda request, press, means: request.around(
                Action.CUSTOM_ZOOM, press.tile, means.seed, means.strength,
                framing.zoomed(means.size or request.size, request.size, press.zoom),
            ),
        ),
        _frames(
            Action.SQUARE, Face(2, NP_("button", "Make Square"), "🔲"),
            N_("makes its shorter side as long as the other"),
            lambda request, bounds: framing.squared(request.size, bounds),
            lambda request: request.size.width != request.size.height,
            N_("This picture is square already."),
        ),
        _pans(Action.PAN_LEFT, Side.LEFT, "⬅️"),
        _pans(Action.PAN_RIGHT, Side.RIGHT, "➡️"),
        _pans(Action.PAN_UP, Side.UP, "⬆️"),
        _pans(Action.PAN_DOWN, Side.DOWN, "⬇️"),
    )
}  # fmt: skip
