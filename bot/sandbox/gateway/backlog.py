"""Events that wait before they are sent, as on a gateway that lags behind the world.

Knows names of events and in what order they came; does not know what they mean nor who gets them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Send = Callable[[], None]


class EventHold:
    """Events kept back until they are released; those that came first go first."""

    def __init__(self, names: frozenset[str], arrived: asyncio.Future[None]) -> None:
        self.names = names
        """Which events; none named means all."""
        self.arrived = arrived
        """Done when the first event has been held; may be awaited again and again."""
        self.open = False
        self._waiting: list[Send] = []

    def __len__(self) -> int:
        """How many events wait."""
        return len(self._waiting)

    def keep(self, send: Send) -> None:
        """Put one more event at the end."""
        self._waiting.append(send)
        if not self.arrived.done():
            self.arrived.set_result(None)

    def release(self) -> None:
        """Send what waits, and hold nothing any more."""
        self.open = True
        waiting, self._waiting = self._waiting, []
        for send in waiting:
            send()


class Backlog:
    """Where every event passes on its way to a session."""

    def __init__(self) -> None:
        self._holds: list[EventHold] = []
        self._delays: list[tuple[frozenset[str], float]] = []
        self._twice: frozenset[str] = frozenset()
        self._late: dict[int, tuple[asyncio.TimerHandle, Send]] = {}
        self._number = 0

    def hold(self, *names: str) -> EventHold:
        """Keep events of these names back, all of them when none is named."""
        arrived = asyncio.get_running_loop().create_future()
        made = EventHold(frozenset(names), arrived)
        self._holds.append(made)
        return made

    def delay(self, seconds: float, *names: str) -> None:
        """From now on send events of these names (none: all) that many seconds later."""
        self._delays.append((frozenset(names), seconds))

    def repeat(self, *names: str) -> None:
        """From now on send events of these names twice, and no others."""
        self._twice = frozenset(names)

    def clear(self) -> None:
        """Send everything that waits; nothing waits any more, and nothing is sent twice."""
        self._delays.clear()
        self._twice = frozenset()
        late, self._late = self._late, {}
        for timer, send in late.values():
            timer.cancel()
            send()
        holds, self._holds = self._holds, []
        for each in holds:
            each.release()

    def pass_on(self, name: str, send: Send) -> None:
        """Call `send` now, or when its time has come; for some events twice."""
        for _ in range(2 if name in self._twice else 1):
            self._pass_once(name, send)

    def _pass_once(self, name: str, send: Send) -> None:
        for each in self._holds:
            if not each.open and _concerns(each.names, name):
                each.keep(send)
                return
        seconds = sum(span for names, span in self._delays if _concerns(names, name))
        if seconds:
            self._send_later(seconds, send)
        else:
            send()

    def _send_later(self, seconds: float, send: Send) -> None:
        self._number += 1
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self._send_late, self._number)
        self._late[self._number] = timer, send

    def _send_late(self, number: int) -> None:
        _, send = self._late.pop(number)
        send()


def _concerns(names: frozenset[str], name: str) -> bool:
    return not names or name in names
