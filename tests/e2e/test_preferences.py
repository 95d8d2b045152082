"""/settings and /prefer, as somebody meets them; what is chosen there is drawn."""

from __future__ import annotations

from pathlib import Path

from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit import messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

GREEN = 3


async def asked(person: Scene, command: str, **given: object) -> Message:
    """The private answer to a command."""
    press = await person.slash(command, **given)
    await press.ack()
    assert press.original is not None
    assert press.original["flags"] & messages.EPHEMERAL
    return press.original


async def said(person: Scene, command: str, **given: object) -> str:
    return messages.text_of(await asked(person, command, **given))


async def pressed(person: Scene, panel: Message, button: str) -> Message:
    """The panel after a press, in its place."""
    await (await person.click(panel, button)).ack()
    return now(person, panel)


async def picked(person: Scene, panel: Message, menu: str, value: str) -> Message:
    await (await person.person.select(panel, f"easel:pick:user:{menu}", value)).ack()
    return now(person, panel)


def now(person: Scene, panel: Message) -> Message:
    shown = person.person.message(panel)
    assert shown is not None
    return shown


def green(panel: Message) -> set[str]:
    """The buttons that are on, and what the menus are at."""
    children = [each for row in panel["components"] for each in row["components"]]
    on = {each["label"] for each in children if each.get("style") == GREEN}
    menus = [each["options"] for each in children if "options" in each]
    return on | {each["label"] for menu in menus for each in menu if each.get("default")}


USUAL = {"Model: as usual, Easel embedded", "Files: as usual, WebP", "Fast"}


async def test_what_is_pressed_is_green_and_drawn(easel: Easel, mia: Scene, noah: Scene) -> None:
    panel = await asked(mia, "settings")
    assert green(panel) == USUAL
    panel = await pressed(mia, panel, "Style high")
    panel = await pressed(mia, panel, "Raw")
    panel = await picked(mia, panel, "file", "png")
    assert green(panel) == {
        "Style high", "Raw", "Files: PNG", "Model: as usual, Easel embedded", "Fast"
    }  # fmt: skip
    grid = await mia.imagine("a fox")
    assert "a fox --stylize 250 --raw" in grid["content"]
    assert grid["attachments"][0]["filename"].endswith(".png")
    recipe = messages.recipe(easel.sandbox, grid)
    assert recipe["prompt"]["options"] == {"stylize": 250, "raw": True}
    single = await mia.press(grid, "U2")
    assert single["attachments"][0]["filename"].endswith(".png")
    other = await noah.imagine("a hare")
    assert other["attachments"][0]["filename"].endswith(".webp")
    assert "--stylize" not in other["content"]
    panel = await pressed(mia, panel, "Reset")
    assert green(panel) == USUAL
    # The same again as whoever presses wants it now.
    again = await mia.press(grid, "🔄")
    assert again["attachments"][0]["filename"].endswith(".webp")
    assert len(mia.private()) == 1


async def test_variations_go_as_far_as_is_chosen(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox")
    panel = await pressed(mia, await asked(mia, "settings"), "Vary strong")
    assert "Vary strong" in green(panel)
    far = await mia.press(grid, "V1")
    assert "subtle" in await said(mia, "prefer variability")
    near = await mia.press(grid, "V1")
    assert "usual" in await said(mia, "prefer variability", strength="usual")
    usual = await mia.press(grid, "V1")
    strengths = [
        messages.recipe(easel.sandbox, each)["sampling"]["strength"] for each in (near, usual, far)
    ]
    assert strengths == sorted(set(strengths))


async def test_who_wants_a_ping_is_called_once(easel: Easel, mia: Scene) -> None:
    pings = easel.sandbox.world.pings
    await mia.imagine("a hare")
    assert pings == []
    panel = await pressed(mia, await asked(mia, "settings"), "Ping when done")
    assert "Ping when done" in green(panel)
    grid = await mia.imagine("a fox")
    assert [ping.user_id for ping in pings] == [mia.id]
    await mia.press(grid, "U1")
    assert len(pings) == 1


async def test_a_panel_outlives_the_bot(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> None:
    mia = Scene(sandbox, "Mia")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        panel = await pressed(mia, await asked(mia, "settings"), "Style low")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        panel = await pressed(mia, panel, "Raw")
        panel = await picked(mia, panel, "model", "embedded")
        assert green(panel) == {
            "Style low", "Raw", "Model: Easel embedded", "Files: as usual, WebP", "Fast"
        }  # fmt: skip
        grid = await mia.imagine("a fox")
        assert "--stylize 50 --raw --model embedded" in grid["content"]
    quiet = settings_for(sandbox, tmp_path, extensions=("cogs.imagine",))
    async with running(sandbox, quiet, quick):
        assert "switched off" in await mia.refused(await mia.click(panel, "Raw"))


async def test_a_servers_settings_are_its_admins(easel: Easel, mia: Scene) -> None:
    ada = Scene(easel.sandbox, "Ada")
    assert "Manage Server" in await mia.refused(await mia.slash("settings", server=True))
    panel = await pressed(ada, await asked(ada, "settings", server=True), "Style very high")
    assert "Settings of this server" in messages.text_of(panel)
    assert "--stylize 750" in (await mia.imagine("a fox"))["content"]
    mine = await asked(mia, "settings")
    assert "This server: `--stylize 750`" in messages.text_of(mine)
    assert "Style very high" in green(mine)
    await pressed(mia, mine, "Style low")
    assert "--stylize 50" in (await mia.imagine("a hare"))["content"]
    told = await said(mia, "prefer explain", prompt="a fox --no red")
    assert told.splitlines()[2:] == [
        "**a fox**",
        "`--no red` by the prompt",
        "`--stylize 50` by your settings",
        "`--model embedded` by the operator of this bot",
    ]
    assert "Settings of this server: stylize 750" in await said(ada, "quota log")
    with_dm = await asked(mia, "settings", dm=True)
    assert "This server" not in messages.text_of(with_dm)


async def test_a_suffix_and_own_options(easel: Easel, mia: Scene) -> None:
    refusal = await mia.refused(await mia.slash("prefer suffix", new_value="orange::-1"))
    assert "`orange::-1` is none" in refusal
    assert "`--ar 3:2 --no red`" in await said(
        mia, "prefer suffix", new_value="--no red --aspect 3:2"
    )
    await said(mia, "prefer option set", option="mystyle", value="ink wash --raw")
    assert "`--mystyle` `ink wash --raw`" in await said(mia, "prefer option list")
    grid = await mia.imagine("a fox —mystyle")
    assert "**a fox ink wash --ar 3\\:2 --no red --raw**" in grid["content"]
    offered = await mia.person.autocomplete("prefer option set", focused="option", option="--my")
    assert offered == [{"name": "mystyle: ink wash --raw", "value": "mystyle"}]
    refusal = await mia.refused(await mia.slash("imagine", prompt="a fox --mystyl"))
    assert "did you mean `--mystyle`?" in refusal
    assert "is deleted" in await said(mia, "prefer option set", option="mystyle")
    assert "You have none" in await said(mia, "prefer option list")
    assert "none" in await said(mia, "prefer suffix")
    panel = messages.text_of(await asked(mia, "settings"))
    assert "Suffix: none; `/prefer suffix`" in panel
    assert "Own options: none; `/prefer option set`" in panel
