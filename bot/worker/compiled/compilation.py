"""The networks of one model in memory, compiled as they are asked for: first by a process of its
own, which fills the cache, then by this one, between two drawings, which is then quick.

Compiling here alone would be simpler, but holds Python's lock for a minute or more, and drawing
waits for it. Artefacts that need no second look by this process (torch.export with AOTInductor) ask
for the CUDA toolkit on every machine. Imported in a worker only.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import queue
import threading
from collections.abc import Callable, Hashable
from typing import Any

from bot.models.cards import ModelCard
from bot.worker import child
from bot.worker.causes import cause
from bot.worker.compiled import networks
from bot.worker.compiled.forwards import HastenedForward
from bot.worker.compiled.networks import Network
from bot.worker.compiled.shop import Shop
from bot.worker.converted.store import Store
from bot.worker.standing_aside import aside

log = logging.getLogger(__name__)


class Compilation:
    """Replaces the forwards of `pipeline` at once: they draw as before until there is something
    faster. `plain` is what recipes say of torch without that."""

    def __init__(self, shop: Shop, pipeline: Any, card: ModelCard, plain: str) -> None:
        self._shop = shop
        self._card = card
        self._plain = plain
        self._store = Store(shop.folder)
        self._orders: queue.SimpleQueue[tuple[dict[str, Any], Callable[[], None]]]
        self._orders = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._forwards = [self._hasten(each) for each in networks.networks_of(pipeline)]

    def _hasten(self, network: Network) -> HastenedForward:
        said = networks.described(network)

        def order(key: Hashable, call: dict[str, Any]) -> None:
            self._put({"network": said, "call": call}, functools.partial(forward.offer, key))

        forward = HastenedForward(network, self._shop, order, self._failed)
        network.module.forward = forward
        return forward

    @property
    def due(self) -> bool:
        """Whether `adopt` would take a while."""
        return any(forward.due for forward in self._forwards)

    @property
    def coming(self) -> bool:
        """Whether the other process has something to do."""
        with self._guard:
            return self._thread is not None

    def adopt(self, pipeline: Any) -> None:
        """A drawing begins: what is ready draws from here on."""
        for forward in self._forwards:
            forward.adopt()

    def adapted(self, on: bool) -> None:
        """Adapters are on the denoiser, or none any more."""
        for forward in self._forwards:
            forward.adapted = on and forward.network.part != networks.VAE

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """See `Faster`."""
        return aside(self._forwards)

    def listen(self) -> None:
        """Have `engine` speak of what follows."""
        for forward in self._forwards:
            forward.fell_back = False

    def rest(self) -> None:
        """See `Faster`."""
        for forward in self._forwards:
            forward.rest()

    @property
    def engine(self) -> str:
        """What drew since `listen`; empty where that was, in part at least, plain torch."""
        if not self._forwards or any(forward.fell_back for forward in self._forwards):
            return ""
        return f"{self._plain} compiled"

    # The other process

    def _put(self, order: dict[str, Any], done: Callable[[], None]) -> None:
        if self._shop.is_made(order):
            done()
            return
        self._orders.put((order, done))
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        work = self._store.begin()
        try:
            while taken := self._next():
                order, done = taken
                self._made(order, done)
        finally:
            work.end()

    def _next(self) -> tuple[dict[str, Any], Callable[[], None]] | None:
        with self._guard:
            with contextlib.suppress(queue.Empty):
                return self._orders.get_nowait()
            self._thread = None
            return None

    def _made(self, order: dict[str, Any], done: Callable[[], None]) -> None:
        where = {
            "folder": str(self._shop.folder), "device": str(self._shop.device),
            "backend": self._shop.backend,
        }  # fmt: skip
        try:
            child.ask("bot.worker.compiled", order | where)
            self._shop.mark(order)
        except Exception as error:
            self._failed(error)
        else:
            self._store.tell(self._card.id, "")
            done()

    def _failed(self, error: Exception) -> None:
        said = (
            f"{self._card.name} cannot be compiled for the card, so it draws slower "
            f"({cause(error)})"
        )
        log.warning("%s", said)
        self._store.tell(self._card.id, said)
