"""The page's side: one WebSocket per open page, in the protocol of the page.

Knows how to say the world's news to a page and how to read its wishes; every wish goes through
the same Person that tests use.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import BodyPartReader, WSCloseCode, WSMsgType, web

from bot.sandbox.gateway.gateway import Gateway
from bot.sandbox.people import languages
from bot.sandbox.people.invocation import Invocation
from bot.sandbox.people.person import People, Person
from bot.sandbox.people.ready import ready
from bot.sandbox.people.targets import component_of
from bot.sandbox.rest.body import answer
from bot.sandbox.rules.errors import InteractionFailed, NotResponding, Refused, SandboxError
from bot.sandbox.world.bus import News
from bot.sandbox.world.message import StoredMessage

_log = logging.getLogger(__name__)

Payload = dict[str, Any]


class ClientSockets:
    """Every open page, and what is uploaded from one."""

    def __init__(self, people: People, gateway: Gateway) -> None:
        self._people = people
        self._gateway = gateway
        self._pages: set[_Page] = set()
        people.bus.subscribe(self._hear)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The handler of /client?user=<id>."""
        try:
            person = self._people.person(request.query.get("user", "Mia"))
        except KeyError as error:
            return web.Response(status=404, text=str(error.args[0]))
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=256 * 1024)
        await socket.prepare(request)
        page = _Page(socket, person, self._people)
        self._pages.add(page)
        page.send(ready(self._people, person, self._gateway.online))
        try:
            await page.run()
        finally:
            self._pages.discard(page)
        return socket

    async def upload(self, request: web.Request) -> web.Response:
        """The handler of POST /client/uploads?user=<id>: one file in the field "file"."""
        try:
            person = self._people.person(request.query.get("user", ""))
            async for part in await request.multipart():
                if isinstance(part, BodyPartReader) and part.name == "file":
                    data = bytes(await part.read(decode=False))
                    kind = part.headers.get("Content-Type")
                    return answer(await person.upload(part.filename or "file", data, kind))
        except Refused as error:
            return answer({"error": str(error)}, 413)
        except (KeyError, ValueError, AssertionError):
            pass
        return answer({"error": "send one file in the field 'file', as a user who exists"}, 400)

    async def close(self) -> None:
        """Close the socket of every page."""
        pages = [page.close() for page in list(self._pages)]
        await asyncio.gather(*pages, return_exceptions=True)

    def _hear(self, news: News) -> None:
        for page in list(self._pages):
            frame = self._frame(news, page.person)
            if frame is not None:
                page.send(frame)

    def _frame(self, news: News, person: Person) -> Payload | None:
        if news.name == "SANDBOX_PRESENCE":
            return {"t": "presence", "online": bool(news.subject)}
        if news.name in ("SANDBOX_COMMANDS", "CHANNEL_UPDATE"):
            return {"t": "commands", "commands": languages.commands(self._people.world, person)}
        if news.name.startswith(("ENTITLEMENT_", "SANDBOX_SHOP")):
            return {"t": "shop", "shop": person.customer.seen()}
        if news.name == "GUILD_UPDATE" or news == News("SANDBOX_LANGUAGE", person.id):
            return ready(self._people, person, self._gateway.online)
        message = news.subject
        if not news.name.startswith("MESSAGE_"):
            return None
        if not isinstance(message, StoredMessage) or not self._people.world.rights.sees(
            person.id, message
        ):
            return None
        if news.name == "MESSAGE_DELETE":
            return {"t": "message_delete", "channel_id": message.channel_id, "id": message.id}
        kind = "message_create" if news.name == "MESSAGE_CREATE" else "message_update"
        return {"t": kind, "message": self._people.renderer.for_person(message, person.id)}


class _Page:
    """One connection: frames out through a queue, wishes in one after the other."""

    def __init__(self, socket: web.WebSocketResponse, person: Person, people: People) -> None:
        self.person = person
        self._socket = socket
        self._people = people
        self._queue: asyncio.Queue[Payload] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._operations: dict[str, Callable[[Payload], Awaitable[None]]] = {
            "history": self._history,
            "command": self._command,
            "autocomplete": self._autocomplete,
            "component": self._component,
            "modal_submit": self._modal_submit,
            "context": self._context,
            "react": self._react,
            "message": self._message,
            "shop": self._shop,
            "language": self._language,
            "server_language": self._server_language,
        }

    def send(self, frame: Payload) -> None:
        self._queue.put_nowait(frame)

    async def close(self) -> None:
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    async def run(self) -> None:
        writer = asyncio.get_running_loop().create_task(self._write())
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(message.data)
        finally:
            for task in (writer, *self._tasks):
                task.cancel()

    async def _write(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                await self._socket.send_str(json.dumps(frame, ensure_ascii=False))
            except (ConnectionError, RuntimeError):
                return

    async def _take(self, text: str) -> None:
        try:
            wish = json.loads(text)
            operation = self._operations[wish["op"]]
        except (ValueError, KeyError, TypeError):
            self.send({"t": "error", "error": "the page sent something that is no known wish"})
            return
        try:
            await operation(wish)
        except SandboxError as error:
            self._failed(wish, str(error))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            _log.warning("the page sent a wish of impossible shape: %r", error)
            self._failed(wish, "that is not possible here")

    def _failed(self, wish: Payload, error: str) -> None:
        if wish.get("nonce") is not None:
            self._state(wish, "failed", error=error)
        else:
            self.send({"t": "error", "error": error})

    def _state(self, wish: Payload, state: str, **more: Any) -> None:
        self.send({"t": "interaction", "nonce": wish.get("nonce"), "state": state} | more)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _follow(self, wish: Payload, used: Invocation) -> None:
        self._spawn(self._report(wish, used))

    async def _report(self, wish: Payload, used: Invocation) -> None:
        try:
            await used.ack(timeout=60)
        except (InteractionFailed, TimeoutError):
            self._state(wish, "failed", error=str(NotResponding()))
            return
        self._state(wish, "ok")
        if used.modal is not None:
            frame = {"t": "modal", "nonce": wish.get("nonce"), "interaction_id": used.id}
            self.send(frame | {"modal": used.modal})

    async def _history(self, wish: Payload) -> None:
        channel_id = str(wish["channel_id"])
        messages = self.person.messages(channel_id)
        self.send({"t": "history", "channel_id": channel_id, "messages": messages})

    async def _command(self, wish: Payload) -> None:
        where = self._people.world.find_channel(wish["channel_id"])
        definition = self.person.client.definition(str(wish["command_id"]), where)
        options = wish.get("options") or []
        self._follow(wish, self.person.client.use_command(where, definition, options))

    async def _autocomplete(self, wish: Payload) -> None:
        where = self._people.world.find_channel(wish["channel_id"])
        definition = self.person.client.definition(str(wish["command_id"]), where)
        self._spawn(self._complete(wish, where, definition))

    async def _complete(self, wish: Payload, where: Any, definition: Payload) -> None:
        try:
            choices = await self.person.client.complete(
                where, definition, wish.get("options") or []
            )
        except (SandboxError, TimeoutError):
            choices = []
        self.send({"t": "autocomplete", "nonce": wish.get("nonce"), "choices": choices})

    async def _component(self, wish: Payload) -> None:
        found = self._people.world.message(str(wish["message_id"]))
        if found is None or not self._people.world.rights.sees(self.person.id, found):
            raise Refused("that message is gone")
        component = component_of(found, wish["custom_id"])
        used = self.person.client.use_component(found, component, wish.get("values") or [])
        self._follow(wish, used)

    async def _modal_submit(self, wish: Payload) -> None:
        opener = self._people.interactions.get(str(wish["interaction_id"]))
        if opener is None:
            raise Refused("that form is not open")
        self._follow(wish, self.person.client.use_modal(opener, wish.get("values") or {}))

    async def _context(self, wish: Payload) -> None:
        where = self._people.world.find_channel(wish["channel_id"])
        definition = self.person.client.definition(str(wish["command_id"]), where)
        target = str(wish["target_id"])
        self._follow(wish, self.person.client.use_context(where, definition, target))

    async def _react(self, wish: Payload) -> None:
        """React, or take the reaction back when it is already there."""
        shown = self.person.message(wish["message_id"]) or {}
        emoji = wish["emoji"]
        mine = any(
            each["me"] and each["emoji"]["name"] == emoji for each in shown.get("reactions", [])
        )
        act = self.person.unreact if mine else self.person.react
        await act(wish["message_id"], emoji)

    async def _shop(self, wish: Payload) -> None:
        self.person.customer.do(str(wish["deed"]), str(wish["id"]))
        self._state(wish, "ok")

    async def _message(self, wish: Payload) -> None:
        await self.person.say(wish["channel_id"], str(wish["content"]))

    async def _language(self, wish: Payload) -> None:
        self.person.speak(str(wish["locale"]))

    async def _server_language(self, wish: Payload) -> None:
        self.person.keep_server_in(str(wish["locale"]))
