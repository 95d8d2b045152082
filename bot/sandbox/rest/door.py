"""The REST API's front door: authorization, rate limits, faults, errors and the log.

Knows requests as such; what a route does is in the modules beside.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox.rest.body import answer
from bot.sandbox.rest.faults import Fault, RequestFaults
from bot.sandbox.rest.outage import Outage
from bot.sandbox.rest.ratelimits import RateLimits, Verdict
from bot.sandbox.rules.errors import ApiError
from bot.sandbox.world.snowflake import Clock, is_snowflake, seconds

PREFIX = "/api/v10"
_log = logging.getLogger(__name__)
_OLD = 3600
_OLD_EDITS = 30046
_SLOW_DOWN = {
    0: "You are being rate limited.",
    _OLD_EDITS: "Maximum number of edits to messages older than 1 hour reached. Try again later.",
}
_NO_TOKEN_NEEDED = ("/interactions/", "/webhooks/", "/gateway")

CODE = web.RequestKey("code", int)


@dataclass(frozen=True)
class Call:
    """One REST request as it was answered."""

    time: float
    method: str
    path: str
    """The template, as in Discord's documentation: /channels/{channel_id}/messages."""
    status: int
    bytes: int
    """Bytes of the request's body."""
    url: str = ""
    """The path with its values."""
    code: int = 0
    """Discord's error code, 0 when there was none."""


class FrontDoor:
    """A middleware for the whole application; also keeps the log."""

    def __init__(
        self,
        clock: Clock,
        token: Callable[[], str],
        limits: RateLimits,
        faults: RequestFaults,
        touch: Callable[[], None],
    ) -> None:
        self.log: list[Call] = []
        self.outage: Outage | None = None
        """What everybody meets at the moment, if Discord is away."""
        self._touch = touch
        self._clock = clock
        self._token = token
        self._limits = limits
        self._faults = faults

    def middleware(self) -> Middleware:
        """What aiohttp calls for every request."""

        @web.middleware
        async def enter(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not _same_site(request):
                return web.Response(status=403, text="Only this machine's own page may ask.")
            if request.path == "/client":
                return await handler(request)
            if request.path.startswith(PREFIX):
                return await self._api(request, handler)
            return await self._with_outage(request, handler, request.path)

        return enter

    async def _api(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        response = await self._with_outage(request, self._guarded(handler), path)
        template = _template(request)
        length, code = request.content_length or 0, request.get(CODE, 0)
        now = self._clock()
        entry = Call(now, request.method, template, response.status, length, path, code)
        self.log.append(entry)
        self._touch()
        if response.status == 404 and template == "unknown":
            _log.warning("%s %s: no such route", request.method, path)
        return response

    async def _with_outage(
        self, request: web.Request, handler: Handler, path: str
    ) -> web.StreamResponse:
        outage = self.outage
        if outage is None or not _belongs_to_discord(request, outage):
            return await self._with_faults(request, handler, path)
        response = await outage.meet(request, path)
        return _cut(request) if response is None else response

    async def _with_faults(
        self, request: web.Request, handler: Handler, path: str
    ) -> web.StreamResponse:
        method = request.method
        await asyncio.sleep(self._faults.delay(method, path))
        if not await self._passes(method, path, after_effect=False):
            return _cut(request)
        fault = self._faults.failure(method, path)
        if fault is not None and not fault.after_effect:
            await request.read()
            return _broken(request, fault)
        response = await handler(request)
        if not await self._passes(method, path, after_effect=True):
            return _cut(request)
        return response if fault is None else _broken(request, fault)

    async def _passes(self, method: str, path: str, *, after_effect: bool) -> bool:
        held = self._faults.held(method, path, after_effect)
        return held is None or await held.pass_through()

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix(PREFIX)
            open_to_all = path.startswith(_NO_TOKEN_NEEDED) and path != "/gateway/bot"
            if not open_to_all and request.headers.get("Authorization") != f"Bot {self._token()}":
                return answer({"message": "401: Unauthorized", "code": 0}, 401)
            verdict = self._limits.take(_bucket(request), not open_to_all)
            if verdict.refused:
                return await _slow_down(request, verdict)
            if (wait := self._wait_for_old_edit(request)) > 0:
                return await _slow_down(request, replace(verdict, retry_after=wait), _OLD_EDITS)
            response = await _answered(request, handler)
            response.headers.update(verdict.headers)
            return response

        return guarded

    def _wait_for_old_edit(self, request: web.Request) -> float:
        """Seconds for which an edit of a message older than an hour must wait."""
        values = request.match_info
        message_id = values.get("message_id", "")
        if _bucket_name(request) != "message-edit" or not is_snowflake(message_id):
            return 0.0
        if self._clock() - seconds(message_id) < _OLD:
            return 0.0
        return self._limits.wait_for_old_edit(values["channel_id"])


async def _slow_down(request: web.Request, verdict: Verdict, code: int = 0) -> web.StreamResponse:
    """A 429, with the code of a limit that has one of its own."""
    await request.read()
    body: dict[str, Any] = {
        "message": _SLOW_DOWN[code],
        "retry_after": verdict.retry_after,
        "global": verdict.everywhere,
    }
    headers = verdict.headers
    if code:
        request[CODE] = body["code"] = code
        wait = str(max(1, round(verdict.retry_after)))
        headers = headers | {"X-RateLimit-Scope": "user", "Retry-After": wait}
    # Clients take a 429 without Via for a ban by the proxy in front of Discord.
    return answer(body, 429, headers | {"Via": "1.1 sandbox"})


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The handler's answer, its errors turned into Discord's error bodies."""
    try:
        return await handler(request)
    except ApiError as error:
        failure = error
    except web.HTTPException as error:
        return answer({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)
    except (KeyError, TypeError, AttributeError, ValueError, AssertionError) as error:
        _log.warning(
            "%s %s: a body of impossible shape", request.method, request.path, exc_info=error
        )
        failure = ApiError(50035, errors={"_errors": [{"code": "SHAPE", "message": repr(error)}]})
    request[CODE] = failure.code
    return answer(failure.body(), failure.status)


def _template(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical.removeprefix(PREFIX) if resource is not None else "unknown"


def _bucket(request: web.Request) -> tuple[str, str, int, float] | None:
    """Which bucket a request falls into: (name, major parameter, limit, seconds)."""
    template, values = _template(request), request.match_info
    if template == "/channels/{channel_id}/messages" and request.method == "POST":
        return "message-create", values["channel_id"], 5, 5.0
    if template == "/channels/{channel_id}/messages/{message_id}" and request.method == "PATCH":
        return "message-edit", values["channel_id"], 5, 5.0
    if template.startswith("/webhooks/{application_id}/{token}"):
        return "interaction-token", values["token"], 5, 5.0
    return None


def _bucket_name(request: web.Request) -> str:
    bucket = _bucket(request)
    return bucket[0] if bucket is not None else ""


def _belongs_to_discord(request: web.Request, outage: Outage) -> bool:
    """Whether an outage concerns this path; the page is the sandbox's own."""
    if request.path == "/gateway":
        return outage.gateway
    return request.path.startswith((PREFIX, "/cdn/"))


def _broken(request: web.Request, fault: Fault) -> web.StreamResponse:
    if fault.status == 0:
        return _cut(request)
    if fault.page is not None:
        return web.Response(status=fault.status, text=fault.page, content_type="text/html")
    if fault.scope:
        return _too_fast(fault)
    text = {500: "500: Internal Server Error", 502: "502: Bad Gateway"}
    message = text.get(fault.status, f"{fault.status}: made to fail")
    return answer({"message": message, "code": fault.code}, fault.status)


def _too_fast(fault: Fault) -> web.StreamResponse:
    everywhere = fault.scope == "global"
    body = {"message": _SLOW_DOWN[0], "retry_after": fault.retry_after, "global": everywhere}
    headers = {
        "Via": "1.1 sandbox",
        "Retry-After": str(max(1, round(fault.retry_after))),
        "X-RateLimit-Scope": fault.scope,
    }
    return answer(body, 429, headers | ({"X-RateLimit-Global": "true"} if everywhere else {}))


def _cut(request: web.Request) -> web.StreamResponse:
    """Abort the connection; the answer returned never arrives."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _same_site(request: web.Request) -> bool:
    """Whether a request comes from a program or from the sandbox's own page.

    Other pages in the same browser must not speak for the user, nor reach us by another name.
    """
    host = request.host.rsplit(":", 1)[0].strip("[]")
    if host not in ("127.0.0.1", "localhost", "::1"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin.split("://", 1)[-1] == request.host
