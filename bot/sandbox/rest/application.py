"""REST: who the bot is, its guilds and people, and its application commands.

Knows shapes of these answers; what makes a command valid is in `rules.commands`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.sandbox.rest.body import answer, done, parse, read
from bot.sandbox.rest.door import PREFIX
from bot.sandbox.rules.commands import check_counts, check_list, check_one
from bot.sandbox.rules.errors import ApiError
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.guild import Guild
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.world import World

_DAILY_CREATES = 200
_DAY = 24 * 3600
_KEPT = (
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "contexts",
    "integration_types",
    "nsfw",
)


class ApplicationRoutes:
    def __init__(
        self, world: World, bus: Bus, renderer: Renderer, gateway_url: Callable[[], str]
    ) -> None:
        self._world = world
        self._renderer = renderer
        self._bus = bus
        self._gateway_url = gateway_url
        self._creates: dict[str | None, list[float]] = defaultdict(list)

    def add_to(self, app: web.Application) -> None:
        routes = app.router
        for path in ("/users/@me", "/users/{user_id}"):
            routes.add_get(PREFIX + path, self.user)
        routes.add_get(PREFIX + "/gateway", self.gateway)
        routes.add_get(PREFIX + "/gateway/bot", self.gateway_bot)
        for path in ("/applications/@me", "/oauth2/applications/@me"):
            routes.add_get(PREFIX + path, self.application)
        routes.add_get(PREFIX + "/guilds/{guild_id}", self.guild)
        routes.add_get(PREFIX + "/guilds/{guild_id}/members/{user_id}", self.member)
        routes.add_get(PREFIX + "/guilds/{guild_id}/roles", self.roles)
        routes.add_get(PREFIX + "/guilds/{guild_id}/channels", self.channels)
        routes.add_get(PREFIX + "/guilds/{guild_id}/threads/active", self.active_threads)
        for base in ("", "/guilds/{guild_id}"):
            many = f"{PREFIX}/applications/{{application_id}}{base}/commands"
            one = many + "/{command_id}"
            routes.add_get(many, self.commands)
            routes.add_put(many, self.put_commands)
            routes.add_post(many, self.post_command)
            routes.add_get(one, self.command)
            routes.add_patch(one, self.patch_command)
            routes.add_delete(one, self.delete_command)

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
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return answer({"url": self._gateway_url(), "shards": 1, "session_start_limit": limit})

    async def application(self, _request: web.Request) -> web.Response:
        return answer(
            {
                "id": BOT_ID,
                "name": self._world.bot.global_name,
                "description": "",
                "icon": None,
                "type": None,
                "bot": self._world.bot.json(),
                "bot_public": False,
                "bot_require_code_grant": False,
                "owner": self._world.users[self._world.guild.owner_id].json(),
                "team": None,
                "verify_key": "0" * 64,
                "flags": 1 << 23,
                "flags_new": str(1 << 23),
                "redirect_uris": [],
                "interactions_endpoint_url": None,
                "role_connections_verification_url": None,
                "approximate_guild_count": len(self._world.guilds),
                "approximate_user_install_count": 0,
                "approximate_user_authorization_count": 0,
                "explicit_content_filter": 0,
                "integration_types_config": {"0": {}},
            }
        )

    def _guild(self, request: web.Request) -> Guild:
        """The guild, if the bot user is in it. Raises ApiError 10004 or 50001."""
        guild = self._world.guilds.get(request.match_info["guild_id"])
        if guild is None:
            raise ApiError(10004)
        if not self._world.has_bot(guild.id):
            raise ApiError(50001)
        return guild

    async def guild(self, request: web.Request) -> web.Response:
        if not self._world.has_bot(request.match_info["guild_id"]):
            raise ApiError(10004)
        guild = self._guild(request)
        shape = guild.json()
        if request.query.get("with_counts", "").lower() in ("1", "true"):
            shape |= {"approximate_member_count": len(guild.members)}
            shape |= {"approximate_presence_count": len(guild.members)}
        return answer(shape)

    async def member(self, request: web.Request) -> web.Response:
        guild, user_id = self._guild(request), request.match_info["user_id"]
        if user_id not in guild.members:
            raise ApiError(10007 if user_id in self._world.users else 10013)
        return answer(guild.members[user_id].json())

    async def roles(self, request: web.Request) -> web.Response:
        return answer([role.json() for role in self._guild(request).roles.values()])

    async def channels(self, request: web.Request) -> web.Response:
        channels = self._world.channels_of(self._guild(request))
        return answer([each.json() for each in channels if not each.is_thread])

    async def active_threads(self, request: web.Request) -> web.Response:
        threads = self._renderer.active_threads(self._guild(request))
        shapes = [self._renderer.channel(each) for each in threads]
        members = [each["member"] for each in shapes if "member" in each]
        return answer({"threads": shapes, "members": members, "has_more": False})

    # Commands

    def _scope(self, request: web.Request) -> tuple[str | None, dict[str, dict[str, Any]]]:
        """The guild id (None: everywhere) and the commands registered there, by id."""
        if request.match_info["application_id"] != BOT_ID:
            raise ApiError(20012)
        guild_id = request.match_info.get("guild_id")
        if guild_id is not None and guild_id not in self._world.guilds:
            raise ApiError(50001)
        return guild_id, self._world.commands.setdefault(guild_id, {})

    def _one(self, request: web.Request) -> dict[str, Any]:
        _, commands = self._scope(request)
        command = commands.get(request.match_info["command_id"])
        if command is None:
            raise ApiError(10063)
        return command

    async def commands(self, request: web.Request) -> web.Response:
        return answer(list(self._scope(request)[1].values()))

    async def command(self, request: web.Request) -> web.Response:
        return answer(self._one(request))

    async def put_commands(self, request: web.Request) -> web.Response:
        guild_id, before = self._scope(request)
        bodies = check_list(parse(await request.text()))
        known = {(each["type"], each["name"]): each for each in before.values()}
        fresh = sum((body.get("type", 1), body["name"]) not in known for body in bodies)
        self._count_creates(guild_id, fresh)
        made = [self._made(guild_id, body, known) for body in bodies]
        self._world.commands[guild_id] = {each["id"]: each for each in made}
        self._announce()
        return answer(made)

    async def post_command(self, request: web.Request) -> web.Response:
        guild_id, commands = self._scope(request)
        body, _ = await read(request)
        check_one(body)
        known = {(each["type"], each["name"]): each for each in commands.values()}
        exists = (body.get("type", 1), body["name"]) in known
        if not exists:
            check_counts([*commands.values(), body])
            self._count_creates(guild_id, 1)
        made = self._made(guild_id, body, known)
        commands[made["id"]] = made
        self._announce()
        return answer(made, 200 if exists else 201)

    async def patch_command(self, request: web.Request) -> web.Response:
        guild_id, commands = self._scope(request)
        before = self._one(request)
        body, _ = await read(request)
        merged = before | body
        check_one(merged)
        made = self._made(guild_id, merged, {(merged["type"], merged["name"]): before})
        commands[made["id"]] = made
        self._announce()
        return answer(made)

    async def delete_command(self, request: web.Request) -> web.Response:
        command = self._one(request)
        del self._scope(request)[1][command["id"]]
        self._announce()
        return done()

    def _count_creates(self, guild_id: str | None, fresh: int) -> None:
        now = self._world.clock()
        recent = [each for each in self._creates[guild_id] if each > now - _DAY]
        if len(recent) + fresh > _DAILY_CREATES:
            raise ApiError(30034)
        self._creates[guild_id] = recent + [now] * fresh

    def _made(
        self,
        guild_id: str | None,
        body: dict[str, Any],
        known: dict[tuple[int, str], dict[str, Any]],
    ) -> dict[str, Any]:
        """The registered form of a command: ids added, defaults filled in."""
        kind = body.get("type", 1)
        needed = body.get("default_member_permissions")
        shape: dict[str, Any] = {
            "application_id": BOT_ID,
            "type": kind,
            "name": body["name"],
            "description": "",
            "default_member_permissions": None if needed is None else str(needed),
            "integration_types": [0],
            "contexts": None,
            "nsfw": False,
        }
        shape |= {key: body[key] for key in _KEPT if body.get(key) is not None}
        if guild_id is not None:
            shape["guild_id"] = guild_id
        elif body.get("dm_permission") is False and shape["contexts"] is None:
            shape["contexts"] = [0]
        before = known.get((kind, body["name"]))
        same = before is not None and shape == {
            key: value for key, value in before.items() if key not in ("id", "version")
        }
        if before is not None and same:
            return before
        command_id = before["id"] if before else self._world.ids.next()
        return {"id": command_id, "version": self._world.ids.next()} | shape

    def _announce(self) -> None:
        self._bus.publish(News("SANDBOX_COMMANDS", None))
