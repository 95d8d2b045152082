"""/edit and /vary: drawing on what people send, and on results that they link to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot import imaging
from bot.engine.local import LocalExecutor
from bot.sandbox import Sandbox
from tests.kit import books, masks, messages
from tests.kit.easel import Easel, SharedExecutor, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

BOX = (32, 32, 128, 128)


@pytest.fixture
async def drawing(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> AsyncIterator[Easel]:
    """With the embedded model."""
    settings = settings_for(sandbox, tmp_path / "data", model_steps=0)
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)) as one:
        yield one


def photo(size: tuple[int, int] = (128, 128)) -> Image.Image:
    """Green below, with a sun in the sky."""
    picture = Image.new("RGB", size, (90, 170, 230))
    picture.paste((60, 150, 70), (0, size[1] // 2, *size))
    picture.paste((250, 220, 60), (12, 12, 32, 32))
    return picture


async def drawn(person: Scene, command: str, **given: object) -> Message:
    known = {each["id"] for each in person.results()}
    await (await person.slash(command, **given)).ack()
    return await person.new_result(known)


def tiles(easel: Easel, grid: Message) -> list[Image.Image]:
    whole = messages.picture(easel.sandbox, grid)
    return [imaging.crop(whole, number) for number in (1, 2, 3, 4)]


async def kept(easel: Easel, grid: Message, number: int) -> Image.Image:
    """One of the files that a grid was made from."""
    digest = messages.recipe(easel.sandbox, grid)["inputs"][number]["digest"]
    data = await easel.core.parts.blobs.read(digest)
    assert data is not None
    return imaging.decode(data)


async def link_of(easel: Easel, message: Message) -> str:
    """Once it is written down what the message shows."""
    await easel.settled()
    return (
        f"https://discord.com/channels/{message['guild_id']}/{message['channel_id']}"
        f"/{message['id']}"
    )


async def test_a_mask_or_what_is_transparent_says_what_is_drawn_anew(
    drawing: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the upload stays as it is to the bit."""
    monkeypatch.setattr("bot.service.requests.new_seed", lambda: 41)
    mia = Scene(drawing.sandbox, "Mia")
    plain = await masks.uploaded(mia, masks.png(photo()), "photo.png")
    mask = await masks.uploaded(mia, masks.white(BOX))
    holed = await masks.uploaded(mia, masks.holed(photo(), BOX), "holed.png")
    where = masks.inside([BOX], (128, 128))
    prompt = "a heart on a red background --q 0.5"
    single = await mia.press(await mia.imagine("a castle --q 0.5"), "U1")
    result = messages.picture(drawing.sandbox, single)
    for old, given in (
        (photo(), {"image": plain, "mask": mask}),
        (photo(), {"image": holed}),
        (result, {"link": await link_of(drawing, single), "mask": mask}),
    ):
        grid = await drawn(mia, "edit", prompt=prompt, **given)
        assert f"- Edit by {mia.mention}" in grid["content"]
        for each in tiles(drawing, grid):
            assert not masks.differs(old, each)[~where].any()
            red, _, blue = masks.colour(each, where)
            assert red > blue + 30
    assert books.spent(drawing.settings.data_dir) == 4


async def test_subtle_variations_are_closer_to_an_upload_than_strong_ones(
    drawing: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.requests.new_seed", lambda: 41)
    mia, old = Scene(drawing.sandbox, "Mia"), photo((192, 128))
    image = await masks.uploaded(mia, masks.png(old), "photo.png")
    far = []
    for strength in ("subtle", "strong"):
        grid = await drawn(mia, "vary", image=image, strength=strength)
        assert f"- Variations ({strength.title()}) by {mia.mention}" in grid["content"]
        made = [each.resize((24, 16)) for each in tiles(drawing, grid)]
        wide = np.asarray(old.resize((24, 16)), dtype=float)
        far.append(np.mean([np.abs(np.asarray(each, dtype=float) - wide) for each in made]))
        width, height = tiles(drawing, grid)[0].size
        assert width / height == pytest.approx(1.5, abs=0.1)
    assert 0 < far[0] < far[1]


async def test_a_result_is_edited_by_its_link_and_that_again(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a fox --ar 3:2")
    single = await mia.press(grid, "U2")
    mask = await masks.uploaded(mia, masks.white((0, 0, 40, 40), (160, 104)))
    edited = await drawn(mia, "edit", prompt="an owl", link=await link_of(easel, single), mask=mask)
    assert edited["content"].startswith("**an owl --ar 20\\:13** - Edit by")
    first = messages.recipe(sandbox, edited)
    source, part = [await kept(easel, edited, number) for number in (0, 1)]
    assert source.tobytes() == messages.picture(sandbox, single).tobytes()
    where = masks.inside([(0, 0, 40, 40)], (160, 104))
    assert ((np.asarray(part)[..., 0] > 127) == where).all()
    again = await mia.press(edited, "🔄")
    assert "Edit by" in again["content"]
    assert messages.recipe(sandbox, again)["inputs"] == first["inputs"]
    file = single["attachments"][0]["url"]
    other = await drawn(mia, "edit", prompt="an owl", link=f"<{file}>", mask=mask)
    assert messages.recipe(sandbox, other)["inputs"][1] == first["inputs"][1]
    # A mask of another size covers the same part.
    small = await masks.uploaded(mia, masks.white((0, 0, 10, 10), (40, 26)))
    resized = await drawn(
        mia, "edit", prompt="an owl", link=await link_of(easel, single), mask=small
    )
    again_part = np.asarray(await kept(easel, resized, 1))[..., 0] > 127
    assert (again_part != where).mean() < 0.01


async def test_an_upload_keeps_its_shape_and_own_pixels_where_they_fit(
    easel: Easel, mia: Scene
) -> None:
    mask = await masks.uploaded(mia, masks.white((0, 0, 50, 50), (100, 100)))
    for size, wanted in (
        ((136, 120), (136, 120)),
        ((1000, 500), (176, 88)),
        ((40, 40), (128, 128)),
    ):
        image = await masks.uploaded(mia, masks.png(photo(size)), "photo.png")
        grid = await drawn(mia, "edit", prompt="an owl", image=image, mask=mask)
        assert tiles(easel, grid)[0].size == wanted
    image = await masks.uploaded(mia, masks.png(photo()), "photo.png")
    wide = await drawn(mia, "edit", prompt="an owl --ar 2:1", image=image, mask=mask)
    assert tiles(easel, wide)[0].size == (176, 88)
    await (await mia.slash("edit", prompt="a {red, blue} owl", image=image, mask=mask)).ack()
    said = "This draws **2 grids for 2 credits**"
    await easel.sandbox.wait_for(lambda: any(said in each["content"] for each in mia.private()))


async def test_what_cannot_be_edited_is_said_in_one_sentence_and_costs_nothing(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    grid = await mia.imagine("a fox")
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    hidden = await mia.press(await mia.new_result(set(), mia.dm), "U1")
    opaque = await masks.uploaded(mia, masks.png(photo()), "photo.png")
    broken = await masks.uploaded(mia, b"no picture", "photo.png")
    black = await masks.uploaded(mia, masks.white((0, 0, 0, 0)))
    elsewhere = "https://example.com/photo.png"
    before = books.states(easel.settings.data_dir)
    for given, words in (
        ({}, "Send a picture as `image`, or the `link`"),
        ({"image": opaque, "link": elsewhere}, "Send a picture as `image`, or the `link`"),
        ({"image": opaque}, "has nothing transparent"),
        ({"image": opaque, "mask": black}, "leaves nothing to be drawn anew"),
        ({"image": opaque, "mask": broken}, "no picture that can be read"),
        ({"image": broken, "mask": black}, "no picture that can be read"),
        ({"link": elsewhere, "mask": black}, "to no place that pictures are taken from"),
        ({"link": await link_of(easel, grid), "mask": black}, "take one out of its grid by U"),
        ({"link": await link_of(easel, grid | {"id": "7"})}, "leads to no result of mine"),
    ):
        assert words in await mia.refused(await mia.slash("edit", prompt="an owl", **given))
    secret = await link_of(easel, hidden | {"guild_id": "@me"})
    said = await noah.refused(await noah.slash("edit", prompt="an owl", link=secret))
    assert "leads to no result of mine that you may see here" in said
    assert "can be read" in await mia.refused(await mia.slash("vary", image=broken))
    assert books.states(easel.settings.data_dir) == before


async def test_what_is_drawn_on_a_private_picture_stays_private(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    grid = await mia.new_result(set(), mia.dm)
    show = await mia.slash("show", job=messages.job_of(grid))
    await show.ack()
    [shown] = await easel.sandbox.wait_for(
        lambda: [each for each in show.replies if "U1" in messages.buttons(each)]
    )
    await (await mia.click(shown, "U1")).ack()
    single = await mia.new_result({grid["id"]}, mia.dm)
    mask = await masks.uploaded(mia, masks.white((0, 0, 64, 64)))
    known = {each["id"] for each in mia.results(mia.dm)}
    given = {"link": await link_of(easel, single | {"guild_id": "@me"}), "mask": mask}
    await (await mia.slash("edit", prompt="an owl", **given)).ack()
    edited = await mia.new_result(known, mia.dm)
    assert "(stealth)" in edited["content"]
    assert noah.person.messages("imagine") == []


async def test_nobody_draws_on_what_they_may_not_read(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    single = await mia.press(await mia.imagine("an owl", channel="lobby"), "U1")
    link = await link_of(easel, single)
    easel.sandbox.world.deny("lobby", "Noah", "VIEW_CHANNEL")
    mask = await masks.uploaded(noah, masks.white((0, 0, 16, 16), (128, 128)))
    for known in (link, single["id"]):
        asked = await noah.slash("edit", prompt="a hat", link=known, mask=mask)
        assert "leads to no result of mine" in await noah.refused(asked)
    assert noah.results() == []
    assert len(books.states(easel.settings.data_dir)) == 2


async def test_variations_of_an_upload_cost_what_they_are_worth(easel: Easel, mia: Scene) -> None:
    """They have the upload's size, whatever one's suffix says."""
    image = await masks.uploaded(mia, masks.png(photo((128, 128))), "photo.png")
    await (await mia.slash("prefer suffix", new_value="--hd")).ack()
    grid = await drawn(mia, "vary", image=image, strength="subtle")
    recipe = messages.recipe(easel.sandbox, grid)
    assert recipe["size"] == [128, 128]
    assert "hd" not in str(recipe["prompt"])
    assert books.spent(easel.settings.data_dir) == 1
