"""REST: who the application is, who somebody is, and where the gateway is.

Knows shapes of these answers only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.sandbox.rest.body import answer
from bot.sandbox.rest.door import PREFIX
from bot.sandbox.rules.errors import ApiError
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.world import World

_SAME_FOR_ALL: dict[str, Any] = {
    "description": "",
    "icon": None,
    "type": None,
    "bot_public": False,
    "bot_require_code_grant": False,
    "team": None,
    "verify_key": "0" * 64,
    "flags": 1 << 23,
    "flags_new": str(1 << 23),
    "redirect_uris": [],
    "interactions_endpoint_url": None,
    "role_connections_verification_url": None,
    "approximate_user_install_count": 0,
    "approximate_user_authorization_count": 0,
    "explicit_content_filter": 0,
    "integration_types_config": {"0": {}},
}


class ApplicationRoutes:
    """Routes that tell the bot of itself and of users."""

    def __init__(
        self, world: World, gateway_url: Callable[[], str], shards: int, max_concurrency: int
    ) -> None:
        self._world = world
        self._gateway_url = gateway_url
        self._shards = shards
        self._limit = {"total": 1000, "remaining": 999, "reset_after": 0}
        self._limit["max_concurrency"] = max_concurrency

    def add_to(self, app: web.Application) -> None:
        routes = app.router
        for path in ("/users/@me", "/users/{user_id}"):
            routes.add_get(PREFIX + path, self.user)
        routes.add_get(PREFIX + "/gateway", self.gateway)
        routes.add_get(PREFIX + "/gateway/bot", self.gateway_bot)
        for path in ("/applications/@me", "/oauth2/applications/@me"):
            routes.add_get(PREFIX + path, self.application)

    async def user(self, request: web.Request) -> web.Response:
        user_id = request.match_info.get("user_id", BOT_ID)
        if user_id not in self._world.users:
            raise ApiError(10013)
        shape = self._world.users[user_id].json()
        if "user_id" not in request.match_info:
            shape |= {"verified": True, "mfa_enabled": True, "email": None, "locale": "en-US"}
        return answer(shape)

    async def gateway(self, _request: web.Request) -> web.Response:
        return answer({"url": self._gateway_url()})

    async def gateway_bot(self, _request: web.Request) -> web.Response:
        url, shards = self._gateway_url(), self._shards
        return answer({"url": url, "shards": shards, "session_start_limit": self._limit})

    async def application(self, _request: web.Request) -> web.Response:
        world = self._world
        return answer(
            {
                **_SAME_FOR_ALL,
                "id": BOT_ID,
                "name": world.bot.global_name,
                "bot": world.bot.json(),
                "owner": world.users[world.guild.owner_id].json(),
                "approximate_guild_count": sum(map(world.rights.has_bot, world.guilds)),
            }
        )
