"""REST: what the application sells, and who has it.

Knows the parameters of these routes; the rules are in `world.shop`.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.sandbox.rest.body import answer, done, read
from bot.sandbox.rest.door import PREFIX
from bot.sandbox.rules.errors import ApiError, Problems
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.goods import Entitlement
from bot.sandbox.world.shop import GUILD_OWNER, USER_OWNER
from bot.sandbox.world.snowflake import is_snowflake
from bot.sandbox.world.world import World

_MOST = 100
_TRUE, _FALSE = ("true", "1"), ("false", "0")


class ShopRoutes:
    """Routes for SKUs and entitlements."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shop = world.shop

    def add_to(self, app: web.Application) -> None:
        routes = app.router
        base = PREFIX + "/applications/{application_id}"
        routes.add_get(base + "/skus", self.skus)
        routes.add_get(base + "/entitlements", self.entitlements)
        routes.add_post(base + "/entitlements", self.grant_test)
        one = base + "/entitlements/{entitlement_id}"
        routes.add_get(one, self.entitlement)
        routes.add_delete(one, self.delete_test)
        routes.add_post(one + "/consume", self.consume)

    async def skus(self, request: web.Request) -> web.Response:
        _check_own(request)
        return answer([sku.json() for sku in self._shop.skus.values()])

    async def entitlements(self, request: web.Request) -> web.Response:
        """Ascending by id: those right after `after`, else those right before `before`, else the
        oldest."""
        _check_own(request)
        limit = _checked(request)
        wanted = [each for each in self._shop.all() if self._matches(request, each)]
        backwards = "before" in request.query and "after" not in request.query
        page = wanted[-limit:] if backwards else wanted[:limit]
        return answer([each.json() for each in page])

    def _matches(self, request: web.Request, it: Entitlement) -> bool:
        query = request.query
        skus = query.get("sku_ids")
        return (
            query.get("user_id", it.user_id) == it.user_id
            and query.get("guild_id", it.guild_id) == it.guild_id
            and (skus is None or it.sku.id in skus.split(","))
            and int(query.get("after", "0")) < int(it.id)
            and int(it.id) < int(query.get("before", 1 << 64))
            and not (_flag(request, "exclude_ended", False) and it.ended(self._world.clock()))
            and not (_flag(request, "exclude_deleted", True) and it.deleted)
        )

    async def entitlement(self, request: web.Request) -> web.Response:
        _check_own(request)
        return answer(self._shop.find(request.match_info["entitlement_id"]).json())

    async def grant_test(self, request: web.Request) -> web.Response:
        _check_own(request)
        body, _ = await read(request)
        problems = Problems()
        for key in ("sku_id", "owner_id"):
            if not is_snowflake(body.get(key)):
                problems.add(key, "NUMBER_TYPE_COERCE", f"Value {body.get(key)!r} is no snowflake.")
        problems.choice("owner_type", body.get("owner_type"), (GUILD_OWNER, USER_OWNER))
        problems.finish()
        owner, kind = str(body["owner_id"]), body["owner_type"]
        if owner not in (self._world.guilds if kind == GUILD_OWNER else self._world.users):
            raise ApiError(10004 if kind == GUILD_OWNER else 10013)
        return answer(self._shop.grant_test(str(body["sku_id"]), owner, kind).json())

    async def delete_test(self, request: web.Request) -> web.Response:
        return self._done(request, self._shop.delete_test)

    async def consume(self, request: web.Request) -> web.Response:
        return self._done(request, self._shop.consume)

    def _done(self, request: web.Request, deed: Callable[[str], None]) -> web.Response:
        _check_own(request)
        deed(request.match_info["entitlement_id"])
        return done()


def _check_own(request: web.Request) -> None:
    if request.match_info["application_id"] != BOT_ID:
        raise ApiError(20012)


def _checked(request: web.Request) -> int:
    """The limit of a list. Raises ApiError 50035 for what is wrong in the query."""
    query, problems = request.query, Problems()
    for key in ("user_id", "guild_id", "before", "after"):
        if not is_snowflake(query.get(key, "0")):
            problems.add(key, "NUMBER_TYPE_COERCE", f"Value {query[key]!r} is no snowflake.")
    skus = query.get("sku_ids", "0").split(",")
    if len(skus) > _MOST or not all(map(is_snowflake, skus)):
        problems.add("sku_ids", "NUMBER_TYPE_COERCE", f"Must be at most {_MOST} snowflakes.")
    for key in ("exclude_ended", "exclude_deleted"):
        if query.get(key, "0").lower() not in (*_TRUE, *_FALSE):
            problems.add(key, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
    text = query.get("limit", str(_MOST))
    limit = int(text) if text.isdecimal() else 0
    problems.number("limit", limit, 1, _MOST)
    problems.finish()
    return limit


def _flag(request: web.Request, name: str, default: bool) -> bool:
    text = request.query.get(name)
    return default if text is None else text.lower() in _TRUE
