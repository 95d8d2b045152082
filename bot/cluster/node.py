"""One machine's part of a cluster: the processes of Ray that have to run on it.

Ends when they do, or when whoever started it goes away. Where the machine is told to leave, what is
drawn on it is drawn to its end first.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ray._private import ray_constants, services
from ray._private.node import Node
from ray._private.parameter import RayParams

from bot.cluster import fleet
from bot.cluster.fleet import Unreachable

STORE_BYTES = 256 << 20
_LOOK_S = 0.5


def run(
    said: Mapping[str, Any], started: Callable[[Mapping[str, Any]], None], parent: BinaryIO
) -> int:
    """Be that part until it is over: 0 where it was told to leave, 1 where something died.

    `said` has `head` (whether the cluster begins here), `address` (of the cluster's head), `ip`,
    `name`, `cards`, `gpus` (None: all), and `ports`, by Ray's names for them. `started` is told the
    address. Raises Unreachable.
    """
    if not said["head"]:
        fleet.reach(said["address"])
    _sweep(Path(os.environ["RAY_TMPDIR"], "ray"))
    node = _node(said)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    started({"address": node.address})
    while True:
        time.sleep(_LOOK_S)
        for kind, process in node.dead_processes():
            if process.returncode not in (0, -signal.SIGTERM, 128 + signal.SIGTERM):
                node.kill_all_processes(check_alive=False, allow_graceful=False)
                return 1
            if kind == ray_constants.PROCESS_TYPE_RAYLET:
                node.kill_all_processes(check_alive=False, allow_graceful=True)
                return 0


def _node(said: Mapping[str, Any]) -> Node:
    head, address = said["head"], None
    if not head:
        address = services.canonicalize_bootstrap_address(said["address"])
    ip = said["ip"] or services.get_node_ip_address()
    cards = {"resources": {fleet.CARD: said["cards"]}} if said["cards"] else {}
    params = RayParams(
        node_ip_address=ip, node_name=said["name"], num_cpus=0, num_gpus=said["gpus"],
        object_store_memory=STORE_BYTES, include_dashboard=False, no_monitor=True,
        gcs_address=address, **cards, **said["ports"],
    )  # fmt: skip
    params.include_log_monitor = False  # type: ignore[assignment]
    try:
        return Node(params, head=head, shutdown_at_exit=True, spawn_reaper=True)
    except Exception as error:  # Ray raises nothing more special
        text = " ".join(str(error).split())
        raise Unreachable(f"This machine cannot join ({text}).") from None


def _sweep(folder: Path) -> None:
    """Logs of parts that ended: Ray keeps them for ever. Their names end with a process id."""
    for session in folder.glob("session_*_*"):
        number = session.name.rpartition("_")[2]
        if number.isdecimal() and not Path("/proc", number).exists():
            shutil.rmtree(session, ignore_errors=True)


def _follow(parent: BinaryIO) -> None:
    """Whoever started this is gone, so leave."""
    with contextlib.suppress(OSError):
        while parent.read(1):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
