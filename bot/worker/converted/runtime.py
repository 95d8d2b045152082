"""OpenVINO as it is installed, if it is: its version, and the library without its telemetry."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import sys
from typing import Any


@functools.cache
def version() -> str:
    """The release that is installed, such as "2026.4.1"; empty where there is none."""
    try:
        return importlib.metadata.version("openvino")
    except importlib.metadata.PackageNotFoundError:
        return ""


def library() -> Any:
    """The package `openvino`. Raises ImportError.

    It would report its use to its makers through a package of its own; without that it is silent.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return importlib.import_module("openvino")
