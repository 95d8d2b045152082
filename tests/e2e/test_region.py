"""Vary (Region) and Custom Zoom: their forms, what they draw, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot import imaging
from bot.domain.action import Action
from bot.domain.framing import Frame
from bot.engine.local import LocalExecutor
from bot.engine.seam import Executor
from bot.models.cards import EMBEDDED_CARD
from bot.sandbox import Invocation, Sandbox
from tests.kit import books, masks, messages
from tests.kit.easel import Easel, Gate, SharedExecutor, running, settings_for
from tests.kit.messages import Message
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

REGION, ZOOM = "Vary (Region)", "Custom Zoom"
PAIR = "a red apple and a yellow banana on a blue background"
SIDES = (masks.inside([(0, 0, 64, 128)], (128, 128)), masks.inside([(64, 0, 128, 128)], (128, 128)))


@pytest.fixture
async def drawing(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> AsyncIterator[Easel]:
    """With the embedded model."""
    settings = settings_for(sandbox, tmp_path / "data", model_steps=0)
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)) as one:
        yield one


async def opened(person: Scene, message: Message, button: str) -> Invocation:
    press = await person.click(message, button)
    await press.ack()
    assert press.modal is not None
    return press


async def sent(person: Scene, form: Invocation, **values: Any) -> Message:
    """The result of a form."""
    channel = form.interaction.channel.id
    known = {each["id"] for each in person.results(channel)}
    await (await person.person.submit(form, values)).ack()
    return await person.new_result(known, channel)


async def refused(person: Scene, form: Invocation, **values: Any) -> str:
    """What is said of a form, beside a button that opens it with its prompt again."""
    submit = await person.person.submit(form, values)
    await submit.ack()

    def private() -> list[Message]:
        return [each for each in submit.replies if each["flags"] & messages.EPHEMERAL]

    [said] = await person.sandbox.wait_for(private)
    assert list(messages.buttons(said)) == ["Change it"]
    return messages.text_of(said)


def tiles(sandbox: Sandbox, grid: Message) -> list[Image.Image]:
    whole = messages.picture(sandbox, grid)
    return [imaging.crop(whole, number) for number in (1, 2, 3, 4)]


def redness(image: Image.Image, where: masks.Array) -> float:
    """How much more red than blue there is in a part."""
    red, _, blue = masks.colour(image, where)
    return red - blue


async def test_each_way_to_say_which_part_draws_that_part_alone(
    drawing: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an apple and a banana on blue, by the model in the box: four new pictures each, which are
    the old one to the bit outside of the part, and like the new words inside."""
    monkeypatch.setattr("bot.service.requests.new_seed", lambda: 41)
    sandbox, mia = drawing.sandbox, Scene(drawing.sandbox, "Mia")
    single = await mia.press(await mia.imagine(f"{PAIR} --seed 3"), "U1")
    old = messages.picture(sandbox, single)
    red = "a heart on a red background --q 0.5"
    box = (64, 24, 128, 128)
    file = await masks.uploaded(mia, masks.white(box))
    right = [(85, 0, 128, 43), (85, 43, 128, 85), (85, 85, 128, 128)]
    ways: list[tuple[dict[str, Any], Any]] = [
        ({"mask": [file]}, masks.inside([box], old.size)),
        ({"fields": ["3", "6", "9"]}, masks.inside(right, old.size)),
        ({"word": "the banana"}, None),
    ]
    for given, part in ways:
        form = await opened(mia, single, REGION)
        grid = await sent(mia, form, prompt=red, **given)
        changed = [masks.differs(old, each) for each in tiles(sandbox, grid)]
        where = np.any(changed, axis=0) if part is None else part
        for drawn, here in zip(tiles(sandbox, grid), changed, strict=True):
            assert not here[~where].any()
            assert here[where].mean() > 0.5
            assert redness(drawn, where) > redness(old, where) + 30
        if part is None:
            pixels = np.asarray(old, dtype=float)
            banana = (pixels[..., 0] > 150) & (pixels[..., 1] > 120) & SIDES[1]
            assert where[banana].mean() > 0.8
            assert where[SIDES[0]].mean() < 0.1
            assert where.mean() < 0.45
        assert f"- Variations (Region) by {mia.mention}" in grid["content"]
    assert books.spent(drawing.settings.data_dir) == 4


async def test_custom_zoom_keeps_the_whole_picture_in_the_middle(
    drawing: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.requests.new_seed", lambda: 41)
    sandbox, mia = drawing.sandbox, Scene(drawing.sandbox, "Mia")
    single = await mia.press(await mia.imagine("a red apple on a blue background --q 0.5"), "U2")
    old = messages.picture(sandbox, single)
    form = await opened(mia, single, ZOOM)
    assert form.modal is not None
    asked = form.modal["components"][0]["component"]["value"]
    assert asked == "a red apple on a blue background --quality 0.5 --ar 1:1 --zoom 2"
    for typed, size in (("--zoom 1.5", (128, 128)), ("--zoom 1 --ar 2:1", (176, 88))):
        grid = await sent(mia, form, prompt=f"an apple on a blue background --q 0.5 {typed}")
        inside = messages.recipe(sandbox, grid)
        assert "- Zoom Out by" in grid["content"]
        assert "zoom" not in inside["prompt"]["options"]
        frame = Frame(**inside["frame"])
        share = min(size[0] / 128, size[1] / 128) / (1.5 if "1.5" in typed else 1)
        assert (frame.width, frame.height) == pytest.approx((128 * share, 128 * share), abs=1)
        assert 2 * frame.left + frame.width == size[0]
        assert 2 * frame.top + frame.height == size[1]
        small = old.resize((frame.width, frame.height), Image.Resampling.LANCZOS)
        for each in tiles(sandbox, grid):
            assert each.size == size
            assert each.crop(frame.within(*size)).tobytes() == small.tobytes()


async def test_what_was_drawn_in_part_is_drawn_again_and_on(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    """🔄 and Redo know the mask, V does not; who presses pays and owns."""
    sandbox, folder = easel.sandbox, easel.settings.data_dir
    single = await mia.press(await mia.imagine("a fox --ar 3:2"), "U2")
    form = await opened(noah, single, REGION)
    grid = await sent(noah, form, prompt="an owl --ar 3:2", fields=["1", "5"])
    assert f"**an owl --ar 3\\:2** - Variations (Region) by {noah.mention}" in grid["content"]
    assert grid["message_reference"]["message_id"] == single["id"]
    first = messages.recipe(sandbox, grid)
    assert [each["role"] for each in first["inputs"]] == ["source", "mask"]
    assert first["inputs"][0]["tile"] == [messages.job_of(single), 1]
    again = await mia.press(grid, "🔄")
    assert "Variations (Region) by" in again["content"]
    second = messages.recipe(sandbox, again)
    assert {key for key in first if first[key] != second[key]} == {"action", "seed", "seeds", "job"}
    varied = messages.recipe(sandbox, await mia.press(grid, "V3"))
    assert [each["role"] for each in varied["inputs"]] == ["source"]
    one = await mia.press(grid, "U4")
    redone = messages.recipe(sandbox, await mia.press(one, "Redo"))
    assert redone["inputs"] == first["inputs"]
    owners = books.rows(folder, "SELECT user_id FROM jobs WHERE action = 'vary_region'")
    assert [str(row["user_id"]) for row in owners] == [noah.id]
    shown = mia.person.message(single)
    assert shown is not None
    assert messages.used(shown) == {REGION}


async def test_forms_of_before_a_restart_are_taken(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    mia, settings = Scene(sandbox, "Mia"), settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        single = await mia.press(await mia.imagine("a fox"), "U1")
        forms = [await opened(mia, single, button) for button in (REGION, ZOOM)]
        file = await masks.uploaded(mia, masks.white((0, 0, 64, 64)))
    async with running(sandbox, settings, quick):
        part = await sent(mia, forms[0], prompt="an owl", mask=[file])
        assert messages.recipe(sandbox, part)["inputs"][1]["role"] == "mask"
        zoomed = await sent(mia, forms[1], prompt="a wood --zoom 1.6")
        assert messages.recipe(sandbox, zoomed)["frame"]["width"] == 80
        # What was wrong comes back, and with it the form.
        draft = await mia.person.submit(forms[0], {"prompt": "an owl"})
        await draft.ack()
    async with running(sandbox, settings, quick):
        [said] = draft.replies
        form = await opened(mia, said, "Change it")
        assert form.modal is not None
        assert [each["component"]["custom_id"] for each in form.modal["components"]] == [
            "prompt", "mask", "fields", "word",
        ]  # fmt: skip
        await (await mia.person.submit(form, {"fields": ["2"]})).ack()
        assert (await mia.new_result({each["id"] for each in mia.results()[:4]}))["content"]
    assert books.spent(tmp_path) == 4


async def test_what_cannot_be_a_part_is_said_before_any_charge(easel: Easel, mia: Scene) -> None:
    single = await mia.press(await mia.imagine("a fox"), "U1")
    form = await opened(mia, single, REGION)
    files = {
        "black": masks.white((0, 0, 0, 0)),
        "white": masks.white((0, 0, 128, 128)),
        "text": b"no picture",
    }
    ids = {name: await masks.uploaded(mia, data, f"{name}.png") for name, data in files.items()}
    every = [str(number) for number in range(1, 10)]
    for given, words in (
        ({}, "Say which part is to be drawn anew"),
        ({"mask": [ids["black"]]}, "leaves nothing to be drawn anew"),
        ({"mask": [ids["white"]]}, "covers the whole picture"),
        ({"fields": every}, "covers the whole picture"),
        ({"mask": [ids["text"]]}, "no picture that can be read"),
        ({"word": "the zeppelin"}, "was not taught the word `zeppelin`"),
        ({"fields": ["1"], "prompt": "a fox --ar 3:2"}, "leave `--ar`, `--hd` and `--model`"),
        ({"fields": ["1"], "prompt": "a fox --arr 3:2"}, "did you mean `--ar`"),
    ):
        assert words in await refused(mia, form, **given)
    form = await opened(mia, single, ZOOM)
    for typed, words in (
        ("a fox --zoom 3", "`--zoom` takes a number from 1 to 2, not `3`"),
        ("a fox --zoom", "`--zoom` takes a number from 1 to 2; a value is missing"),
        ("a fox --zoom 1", "leaves nothing to draw"),
    ):
        assert words in await refused(mia, form, prompt=typed)
    folder = easel.settings.data_dir
    assert (books.spent(folder), books.open_holds(folder)) == (1, 0)
    assert books.states(folder) == ["succeeded"] * 2


async def test_private_pictures_and_those_of_direct_messages_are_for_who_may_see_them(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    hidden = await mia.new_result(set(), mia.dm)
    single = await mia.press(hidden, "U1")
    part = await sent(mia, await opened(mia, single, REGION), prompt="an owl", fields=["1"])
    assert part["channel_id"] == mia.dm
    assert "(stealth)" in part["content"]
    assert noah.person.messages("imagine") == []
    for action in (Action.VARY_REGION, Action.CUSTOM_ZOOM):
        name = f"easel:{action.value}:{messages.job_of(single)}:1"
        button = {"type": 2, "style": 2, "label": "B", "custom_id": name}
        body = {"content": "forged", "components": [{"type": 1, "components": [button]}]}
        where = easel.sandbox.world.find_channel("lobby")
        forged = easel.sandbox.messages.write(where, easel.sandbox.world.bot, body)
        press = await noah.click({"id": forged.id}, name)
        assert "do not know this job" in await noah.refused(press)
        assert press.modal is None


async def test_a_model_without_a_way_to_find_words_says_so(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = replace(EMBEDDED_CARD, locates=False)
    monkeypatch.setattr("bot.models.cards.EMBEDDED_CARD", blind)
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        mia = Scene(sandbox, "Mia")
        single = await mia.press(await mia.imagine("a fox"), "U1")
        form = await opened(mia, single, REGION)
        said = await refused(mia, form, word="the hat")
        assert "The model `Easel embedded` cannot find things by a word; choose fields" in said
        assert await sent(mia, form, prompt="an owl", fields=["1"])
    assert books.spent(tmp_path) == 2


async def test_a_bot_that_is_killed_while_it_draws_a_part_ends_that_once(
    sandbox: Sandbox, tmp_path: Path, own_gate: Gate
) -> None:
    own_gate.open()
    mia = Scene(sandbox, "Mia")
    bot = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(own_gate.path)])
    try:
        await bot.start()
        grid = await mia.imagine("a slow fox")
        single = await mia.press(grid, "U1")
        own_gate.close()
        form = await opened(mia, single, REGION)
        file = await masks.uploaded(mia, masks.white((0, 0, 64, 64)))
        await (await mia.person.submit(form, {"mask": [file]})).ack()
        await mia.until_drawing()
        await bot.kill()
        own_gate.open()
        await bot.start()
        part = await mia.new_result({grid["id"], single["id"]})
        assert [each["role"] for each in messages.recipe(sandbox, part)["inputs"]] == [
            "source", "mask",
        ]  # fmt: skip
        assert len(mia.results()) == 3
        assert books.states(bot.data) == ["succeeded"] * 3
        assert (books.spent(bot.data), books.open_holds(bot.data)) == (2, 0)
    finally:
        await bot.close()
