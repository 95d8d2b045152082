"""How a cluster is reached, and what processes of Ray need in their environment. Knows no Ray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TUNING = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # A machine that does not answer is given up after 9 s and not after 65. The head looks, but
    # all are told, as Ray compares some of what it was told.
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
    # A machine whose head is gone for so long ends, and joins again.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "20",
    # It kills what takes most memory, which is the worker, long before the system would.
    "RAY_memory_monitor_refresh_ms": "0",
}


@dataclass(frozen=True)
class Access:
    """`address` is HOST:PORT. The token lies in a file, or is said; without both the cluster asks
    for none. Workers of an earlier bridge are adopted where it had the same `owner`."""

    address: str
    token_file: str = ""
    token: str = field(default="", repr=False)
    owner: str = ""

    @property
    def open(self) -> bool:
        """Whether no token is asked for."""
        return not (self.token or self.token_file)

    def environment(self) -> Mapping[str, str]:
        """Of a process that speaks with Ray, or is one of Ray's."""
        if self.open:
            return {**TUNING, "RAY_AUTH_MODE": "disabled"}
        where = {"RAY_AUTH_TOKEN_PATH": self.token_file}
        if self.token:
            where = {"RAY_AUTH_TOKEN": self.token}
        return {**TUNING, "RAY_AUTH_MODE": "token", **where}
