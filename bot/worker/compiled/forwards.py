"""What a network's `forward` becomes: the compiled one where that is ready, from a CUDA graph where
the shape is asked for often, and its own otherwise. Imported in a worker only.

It does not know of weights that are put elsewhere later, which a graph would not hear of; whoever
puts adapters on the network says so by `adapted`.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Hashable
from typing import Any

import torch

from bot.worker import capacity
from bot.worker.compiled.calls import Call, cut
from bot.worker.compiled.graphs import Graph, has_room, new_pool
from bot.worker.compiled.networks import Network, compiled
from bot.worker.compiled.policy import Demand, Recent, bucket_of
from bot.worker.compiled.shop import Shop
from bot.worker.precision import ran_out_of_memory

log = logging.getLogger(__name__)

Order = Callable[[Hashable, dict[str, Any]], None]


class HastenedForward:
    """`order` is told once of each shape (its key, and a description of a call) that is worth a
    compilation; `failed` of an error after which the network is drawn with as it is, for ever.

    `fell_back` says that something else than compiled code ran since somebody last made it false.
    While `adapted` it is another network than the compiled one, which rests; so does it while it is
    told to be `aside`.
    """

    def __init__(
        self, network: Network, shop: Shop, order: Order, failed: Callable[[Exception], None]
    ) -> None:
        self.network = network
        self.eager = network.module.forward
        self.fell_back = False
        self.adapted = False
        self.aside = False
        self._shop = shop
        self._order = order
        self._failed = failed
        self._policy = network.policy
        self._dtype = network.owner.dtype
        self._demand = Demand()
        self._ordered: dict[Hashable, dict[str, Any]] = {}
        self._due: list[Hashable] = []
        self._ready: set[Hashable] = set()
        self._run: Callable[..., Any] | None = None
        self._graphs: Recent[Graph] = Recent(max(1, self._policy.graphs))
        self._graphless = not self._policy.graphs
        self._pool: Any = None
        self._off = False

    def __call__(self, *args: Any, **named: Any) -> Any:
        call = self._known(args, named)
        result = self._quick(call) if call else None
        if result is None:
            self.fell_back = True
            return self._plain(*args, **named)
        return result

    def _known(self, args: tuple[Any, ...], named: dict[str, Any]) -> Call | None:
        """None for what is only ever drawn by the network as it is."""
        if self._off or self.adapted or self.aside or torch.is_grad_enabled():
            return None
        call = Call.of(args, named)
        if call is None or call.sample.dtype is not self._dtype:
            return None
        return call if bucket_of(call.rows) else None

    def _quick(self, call: Call) -> Any:
        """None where that is nothing for now. Drops the graphs where memory is short."""
        bucket = bucket_of(call.rows)
        assert bucket
        key = call.key(bucket)
        asked = self._demand.ask(key)
        if asked >= self._policy.compile_after and self._may_order(key):
            self._ordered[key] = call.filled(bucket).described()
            self._order(key, self._ordered[key])
        short = False
        try:
            with _as_it_is():
                return self._made(call, key, bucket, asked)
        except Exception as error:
            short = ran_out_of_memory(error)
            if not short:
                self._give_up(error)
        if short:  # outside the except clause, whose traceback holds the tensors
            log.warning("no memory for CUDA graphs of the %s", self.network.part)
            self._graphless = True
            self._graphs.clear()
            capacity.release()
        return None

    def _may_order(self, key: Hashable) -> bool:
        return key not in self._ordered and len(self._ordered) < self._policy.compiled

    def _made(self, call: Call, key: Hashable, bucket: int, asked: int) -> Any:
        ready = key in self._ready
        if graph := self._graph(call, key, bucket, ready, asked):
            result = graph(call)
        elif ready:
            args, named = self._laid(call, bucket).arguments
            assert self._run
            result = cut(self._run(*args, **named), call.rows)
        else:
            return None
        self.fell_back |= not ready
        return result

    def _graph(
        self, call: Call, key: Hashable, bucket: int, ready: bool, asked: int
    ) -> Graph | None:
        if self._graphless:
            return None
        graph = self._graphs.find(key)
        wanted = ready or asked >= self._policy.graph_after
        if graph is None and wanted and has_room(self._shop.device):
            run = self._run if ready else self._plain
            assert run
            graph = self._captured(run, self._laid(call, bucket), key)
        return graph

    def _captured(self, run: Callable[..., Any], call: Call, key: Hashable) -> Graph | None:
        """None for ever where that fails: without graphs all is drawn as before."""
        try:
            return self._graphs.make(key, lambda: Graph(run, call, self._shop.device, self._room()))
        except Exception as error:
            if ran_out_of_memory(error):
                raise
            log.warning("the %s is drawn without CUDA graphs: %s", self.network.part, error)
            self._graphless = True
            self._graphs.clear()
        return None

    def _room(self) -> Any:
        """Memory for one more graph. What the last of them has left is no pool any more."""
        if not len(self._graphs):
            self._pool = new_pool(self._shop.device)
        return self._pool

    def _laid(self, call: Call, rows: int) -> Call:
        channels_last = self._run is not None and self.network.channels_last
        return call.filled(rows).on(self._shop.device, channels_last)

    def _plain(self, *args: Any, **named: Any) -> Any:
        if self._run is None or self.network.whole:
            return self.eager(*args, **named)
        with torch.compiler.set_stance("force_eager"):
            return self.eager(*args, **named)

    # Compiling

    @property
    def due(self) -> bool:
        """Whether `adopt` has something to do."""
        return bool(self._due) and not self._is_another

    @property
    def _is_another(self) -> bool:
        """Whether its layers are wrapped by adapters, be they on or off."""
        return self.adapted or bool(getattr(self.network.owner, "peft_config", None))

    def offer(self, key: Hashable) -> None:
        """The code of a shape is there, and quickly compiled again. Called from any thread."""
        self._due.append(key)

    def adopt(self) -> None:
        """Draw what is due by compiled code from here on."""
        while self.due and not self._off:
            key = self._due.pop(0)
            try:
                self._adopt(key)
            except Exception as error:
                self._give_up(error)

    def _adopt(self, key: Hashable) -> None:
        if self._run is None:
            self._graphs.clear()  # they read the weights where they are no longer
            self._run = compiled(self.network, self.eager, self._shop.backend)
        call = Call.example(self._ordered[key])
        with torch.no_grad():
            args, named = self._laid(call, call.rows).arguments
            self._run(*args, **named)
        self._graphs.discard(key)
        self._ready.add(key)

    def rest(self) -> None:
        """The network draws as it is, for ever, and nothing is between."""
        self._off = True
        self._graphs.clear()
        self._pool = None
        for block in self.network.module.modules():
            block._compiled_call_impl = None
        self.network.module.forward = self.eager

    def _give_up(self, error: Exception) -> None:
        log.warning("the %s is drawn with as it is from now on: %s", self.network.part, error)
        self._off = True
        self._graphs.clear()
        if self._run and self.network.channels_last:  # slower for what is not compiled
            self.network.module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        self._failed(error)


def _as_it_is() -> Any:
    """What is compiled is used; nothing is compiled, which would take as long as a drawing."""
    if "torch._dynamo" not in sys.modules:
        return contextlib.nullcontext()
    return torch.compiler.set_stance("eager_on_recompile")
