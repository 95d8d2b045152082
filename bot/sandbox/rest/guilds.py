"""REST: the guilds of the bot, their members, roles and channels.

Knows that only guilds are shown in which the bot user itself is a member.
"""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.rest.body import answer
from bot.sandbox.rest.door import PREFIX
from bot.sandbox.rules.errors import ApiError
from bot.sandbox.world.guild import Guild
from bot.sandbox.world.shapes import Renderer
from bot.sandbox.world.world import World


class GuildRoutes:
    """Routes that look at a guild; nothing can be changed here."""

    def __init__(self, world: World, renderer: Renderer) -> None:
        self._world = world
        self._renderer = renderer

    def add_to(self, app: web.Application) -> None:
        routes = app.router
        routes.add_get(PREFIX + "/guilds/{guild_id}", self.guild)
        routes.add_get(PREFIX + "/guilds/{guild_id}/members/{user_id}", self.member)
        routes.add_get(PREFIX + "/guilds/{guild_id}/roles", self.roles)
        routes.add_get(PREFIX + "/guilds/{guild_id}/channels", self.channels)
        routes.add_get(PREFIX + "/guilds/{guild_id}/threads/active", self.active_threads)

    def _guild(self, request: web.Request) -> Guild:
        """The guild, if the bot user is in it. Raises ApiError 10004 or 50001."""
        guild = self._world.guilds.get(request.match_info["guild_id"])
        if guild is None:
            raise ApiError(10004)
        if not self._world.rights.has_bot(guild.id):
            raise ApiError(50001)
        return guild

    async def guild(self, request: web.Request) -> web.Response:
        if not self._world.rights.has_bot(request.match_info["guild_id"]):
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
