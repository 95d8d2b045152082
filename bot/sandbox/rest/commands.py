"""REST: the application commands that the bot registers, everywhere or for one guild.

Knows how a registration changes the list; what makes a command valid is in `rules.commands`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from aiohttp import web

from bot.sandbox.rest.body import answer, done, parse, read
from bot.sandbox.rest.door import PREFIX
from bot.sandbox.rules.commands import check_counts, check_list, check_one, registered
from bot.sandbox.rules.errors import ApiError
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.world import World

_DAILY_CREATES = 200
_DAY = 24 * 3600

Command = dict[str, Any]
Known = dict[tuple[int, str], Command]
"""What is registered already, by type and name."""


class CommandRoutes:
    """Routes to read and change the list, as a whole or one by one."""

    def __init__(self, world: World, bus: Bus) -> None:
        self._world = world
        self._bus = bus
        self._creates: dict[str | None, list[float]] = defaultdict(list)

    def add_to(self, app: web.Application) -> None:
        routes = app.router
        for base in ("", "/guilds/{guild_id}"):
            many = f"{PREFIX}/applications/{{application_id}}{base}/commands"
            one = many + "/{command_id}"
            routes.add_get(many, self.commands)
            routes.add_put(many, self.put_commands)
            routes.add_post(many, self.post_command)
            routes.add_get(one, self.command)
            routes.add_patch(one, self.patch_command)
            routes.add_delete(one, self.delete_command)

    def _scope(self, request: web.Request) -> tuple[str | None, dict[str, Command]]:
        """The guild id (None: everywhere) and the commands registered there, by id."""
        if request.match_info["application_id"] != BOT_ID:
            raise ApiError(20012)
        guild_id = request.match_info.get("guild_id")
        if guild_id is not None and guild_id not in self._world.guilds:
            raise ApiError(50001)
        return guild_id, self._world.commands.setdefault(guild_id, {})

    def _one(self, request: web.Request) -> Command:
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

    def _made(self, guild_id: str | None, body: Command, known: Known) -> Command:
        """The registered form of a command; the one that is known already when nothing changed."""
        shape: Command = {"application_id": BOT_ID} | registered(body, guild_id)
        before = known.get((shape["type"], shape["name"]))
        if before is None:
            return {"id": self._world.ids.next(), "version": self._world.ids.next()} | shape
        numbers = {key: before[key] for key in ("id", "version")}
        if before == numbers | shape:
            return before
        return numbers | {"version": self._world.ids.next()} | shape

    def _announce(self) -> None:
        self._bus.publish(News("SANDBOX_COMMANDS", None))
