"""The REST API's front door: authorization, rate limits, faults, errors and the log.

Knows requests as such; what a route does is in the rest_* modules.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox.rest.body import answer
from bot.sandbox.rest.faults import Fault, Faults
from bot.sandbox.rest.ratelimits import RateLimits
from bot.sandbox.rules.errors import ApiError
from bot.sandbox.world.snowflake import Clock

PREFIX = "/api/v10"
_log = logging.getLogger(__name__)
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
        faults: Faults,
        touch: Callable[[], None],
    ) -> None:
        self.log: list[Call] = []
        self._touch = touch
        self._clock = clock
        self._token = token
        self._limits = limits
        self._faults = faults

    def middleware(self) -> Middleware:
        @web.middleware
        async def enter(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not _same_site(request):
                return web.Response(status=403, text="Only this machine's own page may ask.")
            if request.path == "/client":
                return await handler(request)
            if request.path.startswith(PREFIX):
                return await self._api(request, handler)
            return await self._with_faults(request, handler, request.path)

        return enter

    async def _api(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        response = await self._with_faults(request, self._guarded(handler, path), path)
        template = _template(request)
        length, code = request.content_length or 0, request.get(CODE, 0)
        now = self._clock()
        entry = Call(now, request.method, template, response.status, length, path, code)
        self.log.append(entry)
        self._touch()
        if response.status == 404 and template == "unknown":
            _log.warning("%s %s: no such route", request.method, path)
        return response

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

    def _guarded(self, handler: Handler, path: str) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            open_to_all = path.startswith(_NO_TOKEN_NEEDED) and path != "/gateway/bot"
            if not open_to_all and request.headers.get("Authorization") != f"Bot {self._token()}":
                return answer({"message": "401: Unauthorized", "code": 0}, 401)
            verdict = self._limits.take(_bucket(request), not open_to_all)
            if verdict.refused:
                await request.read()
                body = {
                    "message": "You are being rate limited.",
                    "retry_after": verdict.retry_after,
                    "global": verdict.everywhere,
                }
                # Clients take a 429 without Via for a ban by the proxy in front of Discord.
                return answer(body, 429, verdict.headers | {"Via": "1.1 sandbox"})
            response = await _answered(request, handler)
            response.headers.update(verdict.headers)
            return response

        return guarded


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


def _broken(request: web.Request, fault: Fault) -> web.StreamResponse:
    if fault.status == 0:
        return _cut(request)
    text = {500: "500: Internal Server Error", 502: "502: Bad Gateway"}
    message = text.get(fault.status, f"{fault.status}: made to fail")
    return answer({"message": message, "code": fault.code}, fault.status)


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
