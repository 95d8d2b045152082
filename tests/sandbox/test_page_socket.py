"""The page's WebSocket: every frame of the protocol, with a bot behind it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands, ui

from bot.sandbox import MovableClock, Sandbox
from bot.sandbox.world.pictures import avatar
from tests.kit.robots import Robot, Running

PNG = avatar(3)


class Page:
    """A page that remembers what it was told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.frames: list[dict[str, Any]] = []

    async def send(self, op: str, **fields: Any) -> None:
        await self._socket.send_json({"op": op} | fields)

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next frame of a kind with these fields."""
        while True:
            frame = await self._socket.receive_json(timeout=30)
            self.frames.append(frame)
            if frame["t"] == kind and fields.items() <= frame.items():
                return frame


@contextlib.asynccontextmanager
async def open_page(
    sandbox: Sandbox, session: aiohttp.ClientSession, name: str
) -> AsyncIterator[Page]:
    url = f"{sandbox.url}/client?user={sandbox.person(name).id}"
    async with session.ws_connect(url, origin=sandbox.url) as socket:
        yield Page(socket)


@pytest.fixture
async def robot(sandbox: Sandbox, run: Running) -> Robot:
    made = Robot()

    class Grid(ui.View):
        @ui.button(label="Vary", custom_id="vary")
        async def vary(self, interaction: discord.Interaction, _button: Any) -> None:
            modal = ui.Modal(title="Vary", custom_id="vary:modal")
            modal.add_item(ui.TextInput(label="Prompt", custom_id="prompt"))
            await interaction.response.send_modal(modal)

    @made.tree.command(description="Draw")
    async def imagine(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 2, 50],
        picture: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer(thinking=True)
        size = f" {picture.size}" if picture else ""
        await interaction.edit_original_response(content=prompt + size, view=Grid())

    @imagine.autocomplete("prompt")
    async def complete(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current + "!", value=current)]

    @made.tree.command(description="Secret")
    async def whisper(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    @made.tree.command(description="Silent")
    async def silent(interaction: discord.Interaction) -> None: ...

    @made.tree.context_menu(name="Quote")
    async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"> {message.content}")

    @made.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            data: Any = interaction.data
            text = data["components"][0]["components"][0]["value"]
            await interaction.response.edit_message(content=text)

    return await run(made)


def command_id(ready: dict[str, Any], name: str) -> str:
    return next(each["id"] for each in ready["commands"] if each["name"] == name)


async def test_ready_tells_the_page_where_it_is(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    sandbox.world.deny("lobby", "@everyone", "VIEW_CHANNEL")
    async with open_page(sandbox, session, "Noah") as page:
        ready = await page.until("ready")
    assert ready["user"]["username"] == "noah"
    assert ready["user"]["label"] == "patron"
    assert [each["label"] for each in ready["users"]] == ["admin", "member", "patron"]
    assert ready["user"]["color"].startswith("#")
    assert ready["bot"]["bot"] is True
    assert ready["online"] is False
    assert ready["dm"]["id"] == sandbox.person("Noah").dm
    assert ready["limits"] == {"upload": 10 * 1024 * 1024}
    assert [each["name"] for each in ready["guild"]["channels"]] == ["imagine", "gallery"]
    assert ready["commands"] == []


async def test_a_command_from_the_page(
    sandbox: Sandbox, session: aiohttp.ClientSession, robot: Robot
) -> None:
    channel = sandbox.world.find_channel("imagine").id
    async with open_page(sandbox, session, "Mia") as page:
        ready = await page.until("ready")
        assert ready["online"] is True
        form = aiohttp.FormData()
        form.add_field("file", PNG, filename="a.png", content_type="image/png")
        mia = sandbox.person("Mia").id
        async with session.post(f"{sandbox.url}/client/uploads?user={mia}", data=form) as response:
            upload = await response.json()
        assert (upload["filename"], upload["size"]) == ("a.png", len(PNG))
        imagine = command_id(ready, "imagine")
        where: dict[str, Any] = {"channel_id": channel, "command_id": imagine}
        typed = {"name": "prompt", "type": 3, "value": "a fo", "focused": True}
        await page.send("autocomplete", nonce="1", options=[typed], **where)
        choices = (await page.until("autocomplete", nonce="1"))["choices"]
        assert choices == [{"name": "a fo!", "value": "a fo"}]
        short = [{"name": "prompt", "type": 3, "value": "x"}]
        await page.send("command", nonce="2", options=short, **where)
        failed = await page.until("interaction", nonce="2")
        assert (failed["state"], failed["error"]) == (
            "failed",
            "prompt: must be at least 2 characters long",
        )
        good = [
            {"name": "prompt", "type": 3, "value": "a fox"},
            {"name": "picture", "type": 11, "value": upload["id"]},
        ]
        await page.send("command", nonce="3", options=good, **where)
        created = await page.until("message_create")
        assert created["message"]["loading"] is True
        assert (await page.until("interaction", nonce="3"))["state"] == "ok"
        if not any(each["t"] == "message_update" for each in page.frames):
            await page.until("message_update")
        updated = [each for each in page.frames if each["t"] == "message_update"][-1]
        assert updated["message"]["content"] == f"a fox {len(PNG)}"
        await page.send("history", channel_id=channel)
        history = await page.until("history", channel_id=channel)
        assert [each["id"] for each in history["messages"]] == [created["message"]["id"]]


async def test_buttons_modals_menus_and_reactions_from_the_page(
    sandbox: Sandbox, session: aiohttp.ClientSession, robot: Robot
) -> None:
    press = await sandbox.person("Mia").slash("imagine", prompt="a fox")
    await sandbox.wait_for(lambda: press.original and press.original["components"])
    assert press.original is not None
    where = {"channel_id": press.original["channel_id"], "message_id": press.original["id"]}
    async with open_page(sandbox, session, "Mia") as page:
        ready = await page.until("ready")
        button: dict[str, Any] = {"custom_id": "vary", "component_type": 2}
        await page.send("component", nonce="1", **where, **button)
        opened = await page.until("modal", nonce="1")
        assert opened["modal"]["title"] == "Vary"
        submit: dict[str, Any] = {
            "channel_id": where["channel_id"],
            "interaction_id": opened["interaction_id"],
            "custom_id": opened["modal"]["custom_id"],
        }
        await page.send("modal_submit", nonce="2", values={"prompt": "a wolf"}, **submit)
        updated = await page.until("message_update")
        assert updated["message"]["content"] == "a wolf"
        context = {"channel_id": where["channel_id"], "command_id": command_id(ready, "Quote")}
        await page.send("context", nonce="3", target_id=where["message_id"], **context)
        assert (await page.until("message_create"))["message"]["content"] == "> a wolf"
        for expected in (1, 0):
            await page.send("react", emoji="👍", **where)
            updated = await page.until("message_update")
            assert len(updated["message"].get("reactions", [])) == expected
        await page.send("component", nonce="4", **where | {"message_id": "1"}, **button)
        assert (await page.until("interaction", nonce="4"))["state"] == "failed"
        await page.send("message", channel_id=where["channel_id"], content="hello")
        assert (await page.until("message_create"))["message"]["content"] == "hello"
        await page.send("dance")
        assert (await page.until("error"))["error"]
        stored = sandbox.world.message(where["message_id"])
        assert stored is not None
        sandbox.messages.delete(stored)
        deleted = await page.until("message_delete")
        assert deleted["id"] == where["message_id"]


async def test_others_do_not_see_ephemerals_and_silence_is_told(
    sandbox: Sandbox, session: aiohttp.ClientSession, robot: Robot, clock: MovableClock
) -> None:
    channel = sandbox.world.find_channel("imagine").id
    async with (
        open_page(sandbox, session, "Mia") as mia,
        open_page(sandbox, session, "Noah") as noah,
    ):
        ready = await mia.until("ready")
        where = {"channel_id": channel, "options": []}
        await mia.send("command", nonce="1", command_id=command_id(ready, "whisper"), **where)
        assert (await mia.until("message_create"))["message"]["flags"] & 64
        await mia.send("message", channel_id=channel, content="aloud")
        assert (await noah.until("message_create"))["message"]["content"] == "aloud"
        await mia.send("command", nonce="2", command_id=command_id(ready, "silent"), **where)
        await sandbox.wait_for(
            lambda: sandbox.interactions.of(sandbox.person("Mia").id)[0].name == "silent"
        )
        clock.advance(61)
        failed = await mia.until("interaction", nonce="2")
        assert failed["error"] == "The application did not respond"


async def test_the_page_hears_of_bots_and_commands(
    sandbox: Sandbox, session: aiohttp.ClientSession, run: Running
) -> None:
    async with open_page(sandbox, session, "Mia") as page:
        await page.until("ready")
        robot = Robot()

        @robot.tree.command(description="Ping")
        async def ping(interaction: discord.Interaction) -> None: ...

        await run(robot)
        commands = await page.until("commands")
        assert [each["name"] for each in commands["commands"]] == ["ping"]
        await page.until("presence", online=True)
        await robot.close()
        await page.until("presence", online=False)


async def test_wrong_uploads_and_unknown_users(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    url = f"{sandbox.url}/client/uploads?user="
    async with session.post(url + "Mia", json={}) as response:
        assert response.status == 400
    sandbox.world.find_user("Mia").upload_limit = 10
    form = aiohttp.FormData()
    form.add_field("file", PNG, filename="a.png")
    async with session.post(url + "Mia", data=form) as response:
        assert response.status == 413
        assert "too large" in (await response.json())["error"]
    async with session.get(f"{sandbox.url}/client?user=nobody") as response:
        assert response.status == 404
        assert "there is no user 'nobody'" in await response.text()
