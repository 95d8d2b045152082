"""Everything that can be made to go wrong, in one place for tests.

Knows which part spoils what; how it is done is in `rest.faults` and in `gateway`.
"""

from __future__ import annotations

from bot.sandbox.gateway.backlog import Backlog
from bot.sandbox.gateway.gateway import Gateway
from bot.sandbox.rest.faults import RequestFaults


class Faults:
    """Faults on demand: of requests, of the gateway, of single events.

    Requests are named by method and path ("/channels/123/messages"), events by Discord's names
    ("INTERACTION_CREATE").
    """

    def __init__(self, requests: RequestFaults, gateway: Gateway, backlog: Backlog) -> None:
        self._requests = requests
        self._backlog = backlog
        self._late = 0
        self.latency = requests.latency
        self.fail = requests.fail
        self.answer = requests.answer
        self.hold = requests.hold
        self.slow_down = requests.slow_down
        self.drop_gateway = gateway.drop
        """Cut every gateway connection without a close frame; sessions can be resumed."""
        self.reconnect = gateway.reconnect
        """Send op 7 on every gateway connection."""
        self.invalidate_session = gateway.invalidate
        """End every session: op 9, not resumable unless told so."""
        self.mute_gateway = gateway.mute
        """Leave every connection open and say nothing more on it, as a dead line does."""
        self.hold_events = backlog.hold
        self.delay_events = backlog.delay
        self.repeat_events = backlog.repeat

    def late_interactions(self, times: int = 1) -> None:
        """Let the next `times` interactions reach the bot when their time is over.

        The person is told "did not respond" before the bot hears of it, and the bot's callback is
        answered with 10062.
        """
        self._late += times

    def takes_late(self) -> bool:
        """Whether the interaction that begins now is such a one; counts it."""
        late = self._late > 0
        self._late -= late
        return late

    def clear(self) -> None:
        """Everything works again; what was held goes on."""
        self._late = 0
        self._requests.clear()
        self._backlog.clear()
