"""The machines of a cluster and their cards, as Ray knows them.

A machine offers its NVIDIA cards, and so many other ones as its resource `easel_card` says, which
draw on its processor.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import ray
from ray.exceptions import AuthenticationError, RpcError

NAMESPACE = "easel"
CARD = "easel_card"
_REACH_S = 5.0
_DRAIN_S = 7 * 86_400.0
"""Ray wants to hear by when, and does nothing about it."""
_PREEMPTION = 2
"""Ray's DRAIN_NODE_REASON_PREEMPTION, which no node refuses."""


class Unreachable(Exception):
    """There is no such cluster, or not for us; the text is one sentence for operators. `final` is
    what no waiting mends."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final

    @property
    def told(self) -> str:
        """A sentence for everybody."""
        if self.final:
            return "The cluster does not let the bot in; the operator's log says why."
        return "The cluster cannot be reached just now."


@dataclass(frozen=True)
class Place:
    """A card: `device` is what it is called on its machine `node`, `engine` what the engine calls
    it. Ray's own part of the machine answers at `host` and `port`. On one that is `draining`
    nothing new is begun."""

    id: str
    node_id: str
    node: str
    device: str
    engine: str
    host: str
    port: int
    draining: bool = False

    @property
    def actor(self) -> str:
        """The name of the actor that holds it."""
        return f"{NAMESPACE} {self.id}"

    @property
    def resources(self) -> dict[str, Any]:
        """What the actor takes of the machine, as options of Ray."""
        card = self.engine == "cuda"
        return {"num_cpus": 0, **({"num_gpus": 1} if card else {"resources": {CARD: 1}})}

    def plain(self) -> dict[str, Any]:
        """As it is told to the bot."""
        said = asdict(self)
        return {name: said[name] for name in said if name not in ("host", "port")}


def reach(address: str) -> None:
    """Make sure that somebody is there who takes our token. Raises Unreachable."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _REACH_S).close()
    except (OSError, ValueError) as error:
        raise Unreachable(f"The cluster at {address} cannot be reached ({error}).") from None
    try:
        _client(address)
    except AuthenticationError:
        text = f"The cluster at {address} refuses the token; take the one of its first machine."
        raise Unreachable(text, final=True) from None
    except RpcError as error:
        raise Unreachable(f"The cluster at {address} does not answer ({error}).") from None


def _client(address: str) -> Any:
    from ray._raylet import GcsClient  # type: ignore[attr-defined]

    client = GcsClient(address=address)
    client.internal_kv_get(b"session_name", b"session", timeout=_REACH_S)
    return client


def is_open(address: str) -> bool:
    """Whether a process without a token is let in. Raises Unreachable."""
    try:
        reach(address)
    except Unreachable as why:
        if why.final:
            return False
        raise
    return True


def join(address: str) -> None:
    """Be one of the cluster's programs from here on. Raises Unreachable."""
    reach(address)
    try:
        ray.init(
            address=address, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.ERROR,
            configure_logging=False,
        )  # fmt: skip
    except ConnectionError:
        text = (
            f"This machine is none of the cluster at {address}; start `easel cluster join` on it."
        )
        raise Unreachable(text) from None
    except RuntimeError as error:  # of other versions of Ray or Python
        said = " ".join(str(error).split())
        raise Unreachable(
            f"The cluster at {address} cannot be used ({said}).", final=True
        ) from None


class Fleet:
    """Every machine has a name of its own, which it keeps; those that leave are `draining`."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.draining: Collection[str] = ()

    def nodes(self) -> list[Mapping[str, Any]]:
        """The machines that are there; may take as long as the cluster's head does to answer."""
        return [node for node in ray.nodes() if node["Alive"]]

    def places(self) -> list[Place]:
        """Every card of them."""
        nodes = self.nodes()
        self.draining = _draining()
        self._name(nodes)
        return [place for node in nodes for place in self._cards(node)]

    def name(self, node_id: str) -> str:
        """Of a machine that was there at the last look."""
        return self._names.get(node_id, node_id)

    def _cards(self, node: Mapping[str, Any]) -> Iterator[Place]:
        id, name = node["NodeID"], self.name(node["NodeID"])
        leaves = id in self.draining
        where = node["NodeManagerAddress"], node["NodeManagerPort"]
        for resource, kind, engine in (("GPU", "cuda", "cuda"), (CARD, "card", "cpu")):
            for number in range(int(node["Resources"].get(resource, 0))):
                device = f"{kind}:{number}"
                yield Place(f"{id}/{device}", id, name, device, engine, *where, leaves)

    def _name(self, nodes: Sequence[Mapping[str, Any]]) -> None:
        here = {node["NodeID"] for node in nodes}
        self._names = {id: name for id, name in self._names.items() if id in here}
        for node in nodes:
            if node["NodeID"] not in self._names:
                self._names[node["NodeID"]] = self._free(_called(node), node["NodeID"])

    def _free(self, wanted: str, id: str) -> str:
        return f"{wanted}-{id[:4]}" if wanted in self._names.values() else wanted


def _called(node: Mapping[str, Any]) -> str:
    """By whoever started it; Ray takes the address where nobody says."""
    name = node["NodeName"]
    return node["NodeManagerHostname"] if name == node["NodeManagerAddress"] else name


def _draining() -> Mapping[str, Any]:
    from ray._private.state import state

    return state.get_draining_nodes()


def drain(address: str, node_id: str) -> None:
    """Have a machine leave as soon as nothing runs on it. Raises Unreachable."""
    far = int(1000 * (time.time() + _DRAIN_S))
    accepted, why = _client(address).drain_node(node_id, _PREEMPTION, "easel cluster drain", far)
    if not accepted:
        raise Unreachable(f"The machine does not leave ({why}).")
