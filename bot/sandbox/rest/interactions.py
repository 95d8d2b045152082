"""REST: interaction callbacks and the webhook routes of an interaction's token.

Knows these routes need no bot token; the rules are in interactions.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.sandbox.rest.body import answer, done, read
from bot.sandbox.rest.door import PREFIX
from bot.sandbox.rules.flags import EPHEMERAL
from bot.sandbox.world.answers import Answers
from bot.sandbox.world.interaction import DEFER, MODAL, REPLY, UPDATE, Interaction
from bot.sandbox.world.interactions import Interactions
from bot.sandbox.world.message import StoredMessage
from bot.sandbox.world.shapes import Renderer


class InteractionRoutes:
    """The routes that answer an interaction, by its id or its token."""

    def __init__(self, interactions: Interactions, answers: Answers, renderer: Renderer) -> None:
        self._interactions = interactions
        self._answers = answers
        self._renderer = renderer

    def add_to(self, app: web.Application) -> None:
        routes = app.router
        callback = PREFIX + "/interactions/{interaction_id}/{token}/callback"
        routes.add_post(callback, self.callback)
        webhook = PREFIX + "/webhooks/{application_id}/{token}"
        routes.add_post(webhook, self.follow_up)
        message = webhook + "/messages/{message_id}"
        routes.add_get(message, self.message)
        routes.add_patch(message, self.edit)
        routes.add_delete(message, self.delete)

    async def callback(self, request: web.Request) -> web.Response:
        payload, uploads = await read(request)
        interaction_id, token = request.match_info["interaction_id"], request.match_info["token"]
        self._interactions.respond(interaction_id, token, payload, uploads)
        if request.query.get("with_response", "").lower() not in ("1", "true"):
            return done()
        interaction = self._interactions.get(interaction_id)
        assert interaction is not None
        return answer(self._resource(interaction))

    def _resource(self, it: Interaction) -> dict[str, Any]:
        """Discord's interaction callback response object."""
        assert it.callback is not None
        kind = it.callback["type"]
        brief: dict[str, Any] = {"id": it.id, "type": it.type}
        shape: dict[str, Any] = {"interaction": brief, "resource": {"type": kind}}
        message = it.original
        if message is not None and kind != MODAL:
            brief |= {
                "response_message_id": message.id,
                "response_message_loading": kind == DEFER,
                "response_message_ephemeral": bool(message.flags & EPHEMERAL),
                "channel_id": message.channel_id,
            }
            if kind in (REPLY, UPDATE):
                shape["resource"]["message"] = self._renderer.message(message)
        return shape

    def _by_token(self, request: web.Request) -> Interaction:
        values = request.match_info
        return self._interactions.by_token(values["application_id"], values["token"])

    def _show(self, message: StoredMessage) -> web.Response:
        return answer(self._renderer.message(message))

    async def follow_up(self, request: web.Request) -> web.Response:
        payload, uploads = await read(request)
        interaction = self._by_token(request)
        return self._show(self._answers.follow_up(interaction, payload, uploads))

    async def message(self, request: web.Request) -> web.Response:
        which = request.match_info["message_id"]
        return self._show(self._answers.message(self._by_token(request), which))

    async def edit(self, request: web.Request) -> web.Response:
        payload, uploads = await read(request)
        interaction, which = self._by_token(request), request.match_info["message_id"]
        return self._show(self._answers.edit(interaction, which, payload, uploads))

    async def delete(self, request: web.Request) -> web.Response:
        self._answers.delete(self._by_token(request), request.match_info["message_id"])
        return done()
