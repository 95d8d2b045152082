"""The table of actions, and the buttons and words that are made from it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from bot.domain.action import (
    ACTIONS,
    Action,
    Kind,
    Means,
    Press,
    Target,
    Tile,
)
from bot.domain.buttons import buttons, remedies
from bot.domain.framing import Frame
from bot.domain.inputs import MASK, SOURCE, Input
from bot.domain.legend import help_lines
from bot.domain.size import Size
from tests.kit.values import a_request

JOB = "ab" * 16


def faces(count: int, **more) -> list[list[str]]:
    """Labels or emojis by row."""
    made = buttons(JOB, count, **more)
    return [
        [button.label or button.emoji for button in made if button.row == row]
        for row in range(1 + max(button.row for button in made))
    ]


def test_every_action_has_its_row_and_every_row_its_own_code() -> None:
    assert set(ACTIONS) == set(Action)
    assert all(spec.code is code for code, spec in ACTIONS.items())


@pytest.mark.parametrize("action", Action)
def test_codes_fit_into_custom_ids(action: Action) -> None:
    assert re.fullmatch(r"[a-z0-9_]{1,24}", action.value)


def test_only_what_is_typed_is_not_derived() -> None:
    typed = [spec.code for spec in ACTIONS.values() if spec.derive is None]
    assert typed == [Action.IMAGINE, Action.EDIT]
    assert {ACTIONS[code].target for code in typed} == {Target.TEXT}


@pytest.mark.parametrize(
    "spec", [spec for spec in ACTIONS.values() if spec.derive], ids=lambda spec: spec.code.value
)
def test_what_is_derived_is_what_the_row_says(spec) -> None:
    tile = Tile(JOB, 0 if spec.target is Target.JOB else 2)
    press = Press(spec.code, tile, "8x8" if spec.on_failure else "")
    made = spec.derive(a_request(), press, Means(seed=9, strength=0.5))
    assert (made.action, made.kind) == (spec.code, spec.kind)
    assert made.source == (None if spec.target is Target.JOB else tile)
    assert made.prompt.text == a_request().prompt.text
    if spec.on_failure:  # the same, of which nothing was seen
        assert (made.seed, made.size) == (a_request().seed, Size(8, 8))
    elif made.kind is Kind.DRAW:
        assert made.seed == 9


def test_buttons_under_a_grid() -> None:
    assert faces(4) == [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]
    tiles = {button.label: button.tile for button in buttons(JOB, 4)}
    assert (tiles["U3"], tiles[""]) == (Tile(JOB, 3), Tile(JOB, 0))


SINGLE = [
    ["Upscale (Subtle)", "Upscale (Creative)", "Redo"],
    ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)"],
    ["Zoom Out 2×", "Zoom Out 1.5×", "Custom Zoom", "Make Square"],
    ["⬅️", "➡️", "⬆️", "⬇️"],
]


def test_buttons_under_a_single_picture() -> None:
    assert faces(1) == SINGLE
    places = {button.action: button.tile for button in buttons(JOB, 1)}
    assert places.pop(Action.REDO) == Tile(JOB, 0)
    assert set(places.values()) == {Tile(JOB, 1)}


def test_a_button_of_the_past_stays_where_it_was_used() -> None:
    used = {(Action.VARY, 1)}
    assert faces(1, used=used) == [SINGLE[0], ["Vary", *SINGLE[1]], *SINGLE[2:]]
    assert [button.label for button in buttons(JOB, 1, used) if button.used] == ["Vary"]
    assert faces(4, used=used) == faces(4)


def test_the_button_under_what_was_too_large() -> None:
    (one,) = remedies(JOB, Size(64, 48))
    assert (one.action, one.tile, one.label) == (
        Action.SMALLER, Tile(JOB, 0), "Draw it at 64×48",
    )  # fmt: skip
    assert (one.argument, one.used) == ("64x48", False)
    assert remedies(JOB, Size(64, 48), {(Action.SMALLER, 0)})[0].used


@pytest.mark.parametrize("argument", ["", "0x8", "32x8", "wide"])
def test_what_is_no_smaller_size_is_not_drawn(argument: str) -> None:
    with pytest.raises(ValueError):
        a_request().smaller(argument)


def test_used_buttons_are_marked() -> None:
    made = buttons(JOB, 4, used={(Action.UPSCALE, 2), (Action.REROLL, 0)})
    assert [button.label or button.emoji for button in made if button.used] == ["U2", "🔄"]


def test_what_the_model_cannot_do_has_no_button() -> None:
    assert faces(4, able=lambda action: action is not Action.VARY) == [
        ["U1", "U2", "U3", "U4", "🔄"]
    ]


@pytest.mark.parametrize("count", [1, 4])
def test_rows_fit_into_a_message(count: int) -> None:
    rows = Counter(button.row for button in buttons(JOB, count))
    assert max(rows) < 5
    assert max(rows.values()) <= 5


def test_captions() -> None:
    grid = a_request()
    varied = grid.vary(Tile(JOB, 3), 1, 0.5)
    said = {
        request.action: ACTIONS[request.action].caption(request)
        for request in (grid, varied, grid.upscale(Tile(JOB, 3)), grid.reroll(1))
    }
    assert said == {
        Action.IMAGINE: "", Action.VARY: "Variations", Action.UPSCALE: "Image #3",
        Action.REROLL: "",
    }  # fmt: skip
    wide = replace(grid, size=Size(24, 16))
    assert {
        code.value: spec.caption(spec.derive(wide, Press(code, Tile(JOB, 3)), Means(1, 0.5)))
        for code, spec in ACTIONS.items()
        if spec.on_single and spec.derive
    } == {
        "vary": "Variations", "vary_subtle": "Variations (Subtle)",
        "vary_strong": "Variations (Strong)", "vary_region": "Variations (Region)",
        "zoom_out_2x": "Zoom Out", "custom_zoom": "Zoom Out",
        "zoom_out_1_5x": "Zoom Out", "square": "Make Square", "pan_left": "Pan Left",
        "pan_right": "Pan Right", "pan_up": "Pan Up", "pan_down": "Pan Down", "redo": "",
        "upscale_subtle": "Upscaled (Subtle)", "upscale_creative": "Upscaled (Creative)",
    }  # fmt: skip
    framed = grid.around(Action.PAN_UP, Tile(JOB, 3), 1, 0.5, (Size(16, 24), Frame(0, 8, 16, 16)))
    assert ACTIONS[Action.REROLL].caption(framed.reroll(2)) == "Pan Up"
    again = varied.reroll(2)
    assert ACTIONS[again.action].caption(again) == "Variations"
    part = grid.region(Tile(JOB, 3), 1, "m" * 64).reroll(2)
    assert ACTIONS[part.action].caption(part) == "Variations (Region)"
    upload = replace(part, inputs=(Input(SOURCE, "p" * 64), Input(MASK, "m" * 64)))
    assert ACTIONS[upload.action].caption(upload) == "Edit"


def test_help_names_buttons_and_what_is_free() -> None:
    assert help_lines() == [
        "**U1**–**U4** take one picture out of the grid, free of charge.",
        "🔄 draws the same prompt again.",
        "**V1**–**V4** draw four variations of one picture.",
        "**Upscale (Subtle)** **Upscale (Creative)** draw it twice as large, then four times.",
        "**Redo** draws again what it was taken out of.",
        "**Vary (Subtle)** **Vary (Strong)** draw four variations of it, close or less so.",
        "**Vary (Region)** draws a part of it anew: by a mask, fields of it, or what a word names.",
        "**Zoom Out 2×** **Zoom Out 1.5×** draw more all around it.",
        "**Custom Zoom** draws more all around it, by `--zoom` from 1 to 2 and in any `--ar`.",
        "**Make Square** makes its shorter side as long as the other.",
        "⬅️ ➡️ ⬆️ ⬇️ draw more on that side of it.",
    ]
