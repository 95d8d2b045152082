"""Requests spoiled on demand: slow answers, errors, lost answers, requests that are held.

Knows how to spoil one; which requests are spoiled is told by method and path. Paths are
as in Discord's documentation ("/channels/123/messages"), matched with `re.search`.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

PROXY_PAGE = "<html><head><title>Access denied</title></head><body>Cloudflare</body></html>"
"""What the proxy in front of Discord answers when it refuses by itself."""


@dataclass
class Fault:
    """An answer to give instead of the true one; status 0 means a dropped connection."""

    method: str
    pattern: re.Pattern[str]
    status: int
    times: int
    code: int = 0
    after_effect: bool = False
    page: str | None = None
    """HTML to answer with instead of Discord's JSON."""
    retry_after: float = 0.0
    """Of a 429: seconds to wait, for every request where `scope` is "global"."""
    scope: str = ""


@dataclass
class _Delay:
    method: str
    pattern: re.Pattern[str]
    seconds: float


@dataclass
class Hold:
    """Requests that wait at the door until released or dropped."""

    method: str
    pattern: re.Pattern[str]
    arrived: asyncio.Future[None]
    """Done when the first matching request has arrived; may be awaited again and again."""
    after_effect: bool = False
    count: int = 0
    dropped: bool = False
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def open(self) -> bool:
        """Whether it no longer holds anything up."""
        return self._open.is_set()

    def release(self) -> None:
        """Let matching requests go on, those that wait and those to come."""
        self._open.set()

    def drop(self) -> None:
        """Cut the waiting requests off: the connection ends without an answer."""
        self.dropped = True
        self._open.set()

    async def pass_through(self) -> bool:
        """Wait at the door; False when the request must be dropped."""
        self.count += 1
        if not self.arrived.done():
            self.arrived.set_result(None)
        await self._open.wait()
        return not self.dropped


class RequestFaults:
    """What goes wrong. `latency` stays until `clear`; `fail` ends after `times` requests."""

    def __init__(self) -> None:
        self._delays: list[_Delay] = []
        self._failures: list[Fault] = []
        self._holds: list[Hold] = []

    def latency(self, method: str, path_regex: str, seconds: float) -> None:
        """Answer matching requests `seconds` later than usual."""
        self._delays.append(_Delay(method, re.compile(path_regex), seconds))

    def fail(
        self,
        method: str,
        path_regex: str,
        status: int,
        code: int = 0,
        times: int = 1,
        after_effect: bool = False,
    ) -> None:
        """Answer the next `times` matching requests with `status` and Discord's `code`.

        Status 0 drops the connection. With `after_effect` the work is done first: the lost
        answer.
        """
        pattern = re.compile(path_regex)
        self._failures.append(Fault(method, pattern, status, times, code, after_effect))

    def answer(
        self, method: str, path_regex: str, status: int, page: str = PROXY_PAGE, times: int = 1
    ) -> None:
        """Answer the next `times` matching requests with a page of HTML, as a proxy does.

        A client finds no JSON in it and so no code of Discord's.
        """
        pattern = re.compile(path_regex)
        self._failures.append(Fault(method, pattern, status, times, page=page))

    def slow_down(
        self, method: str, path_regex: str, seconds: float, scope: str = "user", times: int = 1
    ) -> None:
        """Answer the next `times` matching requests with a 429 that no header foretold; `scope` is
        "user", "shared" or "global"."""
        pattern = re.compile(path_regex)
        fault = Fault(method, pattern, 429, times, retry_after=seconds, scope=scope)
        self._failures.append(fault)

    def hold(self, method: str, path_regex: str, *, after_effect: bool = False) -> Hold:
        """Make matching requests wait, before their effect or (`after_effect`) after it."""
        arrived = asyncio.get_running_loop().create_future()
        held = Hold(method, re.compile(path_regex), arrived, after_effect)
        self._holds.append(held)
        return held

    def clear(self) -> None:
        """Every request is answered as it should be; held ones go on."""
        for held in self._holds:
            held.release()
        self._delays.clear()
        self._failures.clear()
        self._holds.clear()

    def delay(self, method: str, path: str) -> float:
        """Seconds by which this request's answer is late."""
        matching = (each for each in self._delays if _matches(each, method, path))
        return sum(each.seconds for each in matching)

    def held(self, method: str, path: str, after_effect: bool) -> Hold | None:
        """What this request must wait for, before or after its effect."""
        for each in self._holds:
            waits = each.after_effect == after_effect and not each.open
            if waits and _matches(each, method, path):
                return each
        return None

    def failure(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if any; counts it."""
        for each in self._failures:
            if each.times > 0 and _matches(each, method, path):
                each.times -= 1
                return each
        return None


def _matches(rule: Fault | _Delay | Hold, method: str, path: str) -> bool:
    return rule.method in (method, "*") and bool(rule.pattern.search(path))
