"""Engine factories that workers can be told to call. Imported in a worker only."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from bot.worker.simulated import SimulatedEngine

LAST = "damaged"
"""What `tests.kit.tiny` writes last."""


def with_tiny_models(options: Mapping[str, Any]) -> Any:
    """The real engine, after writing tiny random models into the folder `build`.

    With `openvino_fails` OpenVINO does, at more than two samples at once.
    """
    from bot.worker import diffusion

    _build_once(Path(options["build"]))
    if options.get("openvino_fails"):
        from bot.worker.converted.forwards import Compiled

        run = Compiled.__call__

        def fail(compiled: Any, *given: Any) -> Any:
            if len(given[0]) > 2:
                raise RuntimeError("a fault")
            return run(compiled, *given)

        Compiled.__call__ = fail
    return diffusion.create(options)


def _build_once(folder: Path) -> None:
    """The first process of a run builds them, which takes long to import alone; each has a copy."""
    shared = Path(os.environ["TINY_MODELS"])
    shared.mkdir(exist_ok=True)
    with FileLock(shared.with_suffix(".lock")):
        if not (shared / LAST).exists():
            from tests.kit import tiny

            tiny.build(shared)
    if not (folder / LAST).exists():
        shutil.copytree(shared, folder, symlinks=True, dirs_exist_ok=True)


def broken(options: Mapping[str, Any]) -> Any:
    """An engine that cannot be made."""
    raise RuntimeError("the driver is older than the library")


class Heavy(SimulatedEngine):
    """Is killed while it loads a model called "heavy", as the kernel does when memory runs out.

    Each load is a line in the file `loads`.
    """

    def load(self, model: str, say: Callable[[str], None]) -> None:
        with Path(self._options["loads"]).open("a", encoding="utf-8") as file:
            file.write(f"{model}\n")
        say(f"loading {model.capitalize()}")
        if "heavy" in model:
            os.kill(os.getpid(), signal.SIGKILL)
        super().load(model, lambda text: None)


def heavy(options: Mapping[str, Any]) -> Heavy:
    """An engine with one model too many."""
    return Heavy(options)


def killed(options: Mapping[str, Any]) -> Any:
    """A process that is killed before it can draw."""
    os.kill(os.getpid(), signal.SIGKILL)


def on_one_card(options: Mapping[str, Any]) -> SimulatedEngine:
    """An engine whose memory tells which card its process may see, by index."""
    card = int(os.environ["CUDA_VISIBLE_DEVICES"])
    return SimulatedEngine({"device": options["device"], "vram_mb": card})
