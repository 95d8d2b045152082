"""Interactions: their tokens, their deadlines and the one acknowledgement.

Knows the 3 seconds, the 15 minutes and which answer fits which interaction; does not know who
may start one, nor how it reaches the bot, nor how the messages of an answer are written.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from typing import Any

from bot.sandbox.rules import modals
from bot.sandbox.rules.errors import ApiError, NotResponding, Problems
from bot.sandbox.world.answers import Answers
from bot.sandbox.world.bus import Bus, News
from bot.sandbox.world.channel import Channel
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.interaction import (
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEFER,
    DEFER_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    REPLY,
    UPDATE,
    Interaction,
)
from bot.sandbox.world.message import StoredMessage, Upload
from bot.sandbox.world.world import World

TOKEN_SECONDS = 15 * 60
_TICK = 0.05
_FITTING = {
    COMMAND: (REPLY, DEFER, MODAL),
    COMPONENT: (REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (REPLY, DEFER),
}
_FITTING_FROM_MESSAGE = (REPLY, DEFER, DEFER_UPDATE, UPDATE)
"""The same for a modal that was opened from a message's component."""

Payload = dict[str, Any]


class Interactions:
    """Opens interactions and takes the application's first answer to each.

    `late` is asked once for each interaction: whether it reaches the bot after its time is over.
    """

    def __init__(
        self,
        world: World,
        answers: Answers,
        bus: Bus,
        *,
        ack_seconds: float,
        listening: Callable[[], bool],
        late: Callable[[], bool],
    ) -> None:
        self._world = world
        self._answers = answers
        self._bus = bus
        self._ack_seconds = ack_seconds
        self._listening = listening
        self._comes_late = late
        self._by_token: dict[str, Interaction] = {}
        self._by_id: dict[str, Interaction] = {}
        self._watches: set[asyncio.Task[None]] = set()

    def open(
        self,
        kind: int,
        user_id: str,
        channel: Channel,
        data: Payload,
        *,
        message: StoredMessage | None = None,
        parent: Interaction | None = None,
        name: str = "",
    ) -> Interaction:
        """Start an interaction and tell the bot of it."""
        number, token, now = self._world.ids.next(), secrets.token_urlsafe(96), self._world.clock()
        made = Interaction(number, token, kind, user_id, channel, data, now, message, parent, name)
        self._by_token[made.token] = self._by_id[made.id] = made
        if self._comes_late():
            self._fail(made)
        self._bus.publish(News("INTERACTION_CREATE", made, channel.id, channel.guild_id))
        if not self._listening():
            self._fail(made)
        elif made.failed is None:
            self._mind(made)
        return made

    def get(self, interaction_id: str) -> Interaction | None:
        return self._by_id.get(interaction_id)

    @property
    def all(self) -> list[Interaction]:
        """Everybody's, oldest first."""
        return list(self._by_id.values())

    def of(self, user_id: str) -> list[Interaction]:
        """A person's interactions, newest first."""
        mine = [each for each in self._by_id.values() if each.user_id == user_id]
        return mine[::-1]

    async def close(self) -> None:
        """Mind no deadline any more."""
        for watch in list(self._watches):
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    # The deadline

    def _mind(self, it: Interaction) -> None:
        watch = asyncio.get_running_loop().create_task(self._watch(it))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _watch(self, it: Interaction) -> None:
        deadline = it.created_at + self._ack_seconds
        while it.callback is None and (left := deadline - self._world.clock()) > 0:
            # The clock may be moved by hand, so no single sleep can be trusted.
            with contextlib.suppress(TimeoutError):
                await self._bus.until(lambda: it.callback is not None, min(left, _TICK))
        if it.callback is None:
            self._fail(it)

    def _fail(self, it: Interaction) -> None:
        it.failed = str(NotResponding())
        self._bus.touch()

    def _late(self, it: Interaction) -> bool:
        return it.failed is not None or self._world.clock() > it.created_at + self._ack_seconds

    # Answers

    def respond(
        self, interaction_id: str, token: str, body: Payload, uploads: dict[int, Upload]
    ) -> Payload:
        """Take the callback and return it.

        Raises ApiError 10062 (unknown or late), 40060 (second answer), 50035.
        """
        it = self._by_id.get(interaction_id)
        if it is None or it.token != token:
            raise ApiError(10062)
        if it.callback is not None:
            raise ApiError(40060)
        if self._late(it):
            raise ApiError(10062)
        kind = _check_kind(it, body)
        data = body.get("data") or {}
        try:
            self._take(it, kind, data, uploads)
        except ApiError as error:
            if error.errors is not None and "data" not in error.errors:
                error.errors = {"data": error.errors}
            raise
        it.callback = {"type": kind, "data": data}
        self._bus.touch()
        return it.callback

    def _take(self, it: Interaction, kind: int, data: Payload, uploads: dict[int, Upload]) -> None:
        if kind == MODAL:
            modals.accept(data)
        elif kind == CHOICES:
            _check_choices(data)
        else:
            self._answers.first(it, kind, data, uploads)

    def by_token(self, application_id: str, token: str) -> Interaction:
        """The interaction a webhook route means. Raises ApiError 10015 or 50027."""
        it = self._by_token.get(token)
        if application_id != BOT_ID:
            raise ApiError(10015)
        if it is None or self._world.clock() >= it.created_at + TOKEN_SECONDS:
            raise ApiError(50027)
        if it.callback is None:
            raise ApiError(10015)
        return it


def _check_kind(it: Interaction, body: Payload) -> int:
    """The type of the answer, which must fit the interaction. Raises ApiError 50035."""
    kind = body.get("type")
    from_message = it.type == MODAL_SUBMIT and it.message is not None
    problems = Problems()
    problems.choice("type", kind, _FITTING_FROM_MESSAGE if from_message else _FITTING[it.type])
    problems.finish()
    assert isinstance(kind, int)
    return kind


def _check_choices(data: Payload) -> None:
    problems = Problems()
    choices = data.get("choices")
    if problems.length("data.choices", choices, 0, 25):
        for index, choice in enumerate(choices or []):
            problems.length(f"data.choices.{index}.name", choice.get("name"), 1, 100)
            if isinstance(choice.get("value"), str):
                problems.length(f"data.choices.{index}.value", choice["value"], 0, 100)
    problems.finish()
