"""One card's actor, from the moment that it is ours until it is gone.

It is found, or made, or made anew where it was started for something else; then frames go to it and
come from it, as bytes. Nothing is tried again by Ray: who ends, ends for good.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import (
    ActorDiedError,
    ActorUnschedulableError,
    RayActorError,
    RayError,
    RayTaskError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from bot import __version__
from bot.cluster.actor import Actor
from bot.cluster.fleet import Place
from bot.engine import frames
from bot.engine.frames import Frame

if TYPE_CHECKING:
    from bot.worker.hosted import Chunk

log = logging.getLogger(__name__)

ADOPT_S = 60.0
"""So long an actor may take to come up, or to say that it is ours."""
PING_S = 5.0
"""An actor hears of us at least so often."""
CONFIRM_S = 1.0
"""An actor that was killed is gone after so long, unless its machine does not answer."""
_ANSWER_S = 0.5
_AGAIN_S = 0.2
_BATCH = 1 << 20
_NODE_DIED, _NOT_MADE = "node has died", "error raised in its creation task"

Say = Callable[[bytes], Awaitable[None]]


class Ended(Exception):
    """It is over; the text completes "The process …". It was `innocent` where its machine, or the
    way there, failed it."""

    def __init__(self, how: str, *, innocent: bool = False) -> None:
        super().__init__(how)
        self.innocent = innocent


class Berth:
    """`name` is what the bot knows the worker by, `say` writes to the bot."""

    def __init__(self, name: str, place: Place, owner: str, say: Say) -> None:
        self._name = name
        self._place = place
        self._owner = owner
        self._say = say
        self._orders: asyncio.Queue[Frame] = asyncio.Queue()
        self._actor: Any = None
        self._killed = self._released = False
        self._run = asyncio.create_task(self._live(), name=name)

    def put(self, frame: Frame) -> None:
        """An order for the worker; the first is its "hello"."""
        self._orders.put_nowait(frame)

    async def kill(self) -> None:
        """End the actor; `ended` tells how that went."""
        self._killed = True
        if self._actor is None:
            self._run.cancel()
        else:
            await asyncio.to_thread(ray.kill, self._actor)
            asyncio.get_running_loop().call_later(CONFIRM_S, self._run.cancel)

    async def release(self) -> None:
        """Leave the actor as it is, with what it has in memory, for who adopts it next."""
        self._released = True
        if self._actor is not None:
            with contextlib.suppress(RayError, TimeoutError):
                stop = self._actor.take.remote(self._name, frames.pack(Frame("stop", {})))
                await asyncio.wait_for(stop, CONFIRM_S)
        self._run.cancel()

    async def ended(self) -> Ended:
        """How it ended, when it has."""
        try:
            await self._run
        except asyncio.CancelledError:
            why = "was released" if self._released else "was lost with the cluster"
            return Ended("did not answer" if self._killed else why, innocent=True)
        except Ended as end:
            return end
        except TimeoutError:
            return Ended("did not come up")
        except RayError as error:
            end = end_of(error)
            innocent = end.innocent or not await asyncio.to_thread(self._machine_answers)
            how = "was killed" if self._killed else str(end)
            return Ended(how, innocent=innocent)
        except Exception as error:
            log.exception("%s", self._name)
            return Ended(f"could not be used ({error!r})", innocent=True)
        return Ended("was taken over by another bot", innocent=True)

    def _machine_answers(self) -> bool:
        """Where it does not, it is why the process died, although Ray does not know yet."""
        try:
            socket.create_connection((self._place.host, self._place.port), _ANSWER_S).close()
        except OSError:
            return False
        return True

    async def _live(self) -> None:
        hello = await self._orders.get()
        try:
            self._actor = actor = await self._ours(frames.pack(hello))
        except (TimeoutError, asyncio.CancelledError):
            await asyncio.to_thread(self._clear)
            raise
        feeding = asyncio.create_task(self._feed(actor))
        try:
            said = actor.listen.options(num_returns="streaming").remote(self._name)
            async for one in said:
                await self._pass_on(actor, await one)
        finally:
            feeding.cancel()

    async def _pass_on(self, actor: Any, chunk: Chunk) -> None:
        data, number = chunk if isinstance(chunk, tuple) else (chunk, 0)
        await self._say(data)
        if number:
            actor.heard.remote(number)

    async def _ours(self, hello: bytes) -> Any:
        """The actor, after it has heard our hello."""
        async with asyncio.timeout(ADOPT_S):
            while True:
                actor = await asyncio.to_thread(self._found)
                try:
                    refused = await actor.adopt.remote(self._name, self._owner, hello, __version__)
                except RayActorError as error:
                    if _is_final(error):
                        raise
                    refused = "gone"  # one of before whose name is not free yet
                if not refused:
                    return actor
                await self._despite(refused, actor)

    async def _despite(self, refused: str, actor: Any) -> None:
        if refused.startswith("version"):
            said = f"has another version of Easel on its machine ({refused[8:]}, not {__version__})"
            await asyncio.to_thread(ray.kill, actor)
            raise Ended(said)
        if refused == "other":
            await asyncio.to_thread(ray.kill, actor)
        await asyncio.sleep(_AGAIN_S)

    def _found(self) -> Any:
        here = NodeAffinitySchedulingStrategy(self._place.node_id, soft=False)
        options: dict[str, Any] = {
            "name": self._place.actor, "get_if_exists": True, "lifetime": "detached",
            "max_restarts": 0, "max_task_retries": 0, "scheduling_strategy": here,
        }  # fmt: skip
        return ray.remote(Actor).options(**options, **self._place.resources).remote()

    def _clear(self) -> None:
        """What never became ours takes no room."""
        with contextlib.suppress(ValueError):
            ray.kill(ray.get_actor(self._place.actor))

    async def _feed(self, actor: Any) -> None:
        """Orders, in order; and a sign of life where there are none."""
        while True:
            with contextlib.suppress(RayError):  # who listens hears of it, too
                await actor.take.remote(self._name, await self._next())

    async def _next(self) -> bytes:
        parts: list[bytes] = []
        with contextlib.suppress(TimeoutError):
            parts.append(frames.pack(await asyncio.wait_for(self._orders.get(), PING_S)))
        while parts and not self._orders.empty() and sum(map(len, parts)) < _BATCH:
            parts.append(frames.pack(self._orders.get_nowait()))
        return b"".join(parts)


def _is_final(error: RayActorError) -> bool:
    unschedulable = isinstance(error, ActorUnschedulableError)
    return unschedulable or any(said in str(error) for said in (_NODE_DIED, _NOT_MADE))


def end_of(error: RayError) -> Ended:
    """What an error of Ray's means for the process that it is about."""
    text = str(error)
    said = next(reversed(text.strip().splitlines()), "")
    if isinstance(error, ActorUnschedulableError) or _NODE_DIED in text:
        return Ended("was lost with its machine", innocent=True)
    if _NOT_MADE in text:
        return Ended(f"could not be started on its machine ({said})")
    if isinstance(error, ActorDiedError):
        return Ended("died")
    if isinstance(error, RayTaskError):
        return Ended(f"could not be used ({said})")
    return Ended("did not answer", innocent=True)
