"""How every card of a cluster stands, for people; asked beside whatever bot uses them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import ray
from ray.exceptions import RayError

from bot.cluster import fleet
from bot.cluster.fleet import NAMESPACE, Fleet, Place, Unreachable
from bot.worker.hosted import LEASE_S

PATIENCE_S = 5.0
_LOOK_S = 0.5


async def standing(address: str) -> list[dict[str, Any]]:
    """Machines, each with its cards, as plain data. Raises Unreachable."""
    fleet.join(address)
    return await _standing(Fleet())


async def drain(address: str, name: str) -> None:
    """Returns when the machine has left; it goes by its name or the beginning of its id. What it
    draws is drawn to its end, and where no bot sees to that, there is nothing. Raises Unreachable.
    """
    fleet.join(address)
    machines = Fleet()
    id = _chosen(await _standing(machines), name)
    fleet.drain(address, id)
    while any(node["NodeID"] == id for node in machines.nodes()):
        places = [place for place in machines.places() if place.node_id == id]
        for place in places:
            said = await _card(place)
            if said.get("alone_s", 0.0) > LEASE_S:
                ray.kill(ray.get_actor(place.actor, NAMESPACE))
        await asyncio.sleep(_LOOK_S)


def _chosen(nodes: list[dict[str, Any]], name: str) -> str:
    found = [node for node in nodes if node["name"] == name or node["id"].startswith(name)]
    if not found:
        known = ", ".join(node["name"] for node in nodes)
        raise Unreachable(f"There is no machine {name}; there are {known}.")
    if len(found) > 1:
        raise Unreachable(f"{name} is the beginning of several machines' ids: say more of it.")
    if found[0]["head"]:
        raise Unreachable(f"The cluster begins on {name}: to end it, end `easel cluster up`.")
    return found[0]["id"]


async def _standing(machines: Fleet) -> list[dict[str, Any]]:
    places = machines.places()
    said = await asyncio.gather(*map(_card, places))
    cards = list(zip(places, said, strict=True))
    found = [_machine(node, machines, cards) for node in machines.nodes()]
    return sorted(found, key=lambda machine: (not machine["head"], machine["name"]))


def _machine(
    node: Mapping[str, Any], machines: Fleet, cards: list[tuple[Place, dict[str, Any]]]
) -> dict[str, Any]:
    id = node["NodeID"]
    return {
        "id": id,
        "name": machines.name(id),
        "address": node["NodeManagerAddress"],
        "head": "node:__internal_head__" in node["Resources"],
        "draining": id in machines.draining,
        "cards": [said for place, said in cards if place.node_id == id],
    }


async def _card(place: Place) -> dict[str, Any]:
    said: dict[str, Any] = {"device": place.device}
    try:
        actor: Any = ray.get_actor(place.actor, NAMESPACE)
        async with asyncio.timeout(PATIENCE_S):
            return said | await actor.standing.remote() | {"device": place.device}
    except ValueError:  # there is none
        return said
    except (RayError, TimeoutError):
        return said | {"silent": True}
