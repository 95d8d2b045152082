"""The converted networks of one model in memory: found or made on a thread of its own, and used
from the next drawing on after they are ready."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bot.models.cards import ModelCard
from bot.worker import child
from bot.worker.causes import cause
from bot.worker.converted import networks, room, runtime
from bot.worker.converted.forwards import FORWARDS, Compiled, DenoiserForward, Forward
from bot.worker.converted.store import Store, Work
from bot.worker.library import Library
from bot.worker.standing_aside import aside

log = logging.getLogger(__name__)

COPIES = 2
"""The networks as they are read, and as OpenVINO lays them out."""
_STREAMS = 2
"""Halves of a grid's step are drawn beside each other, each by half of the threads: they wait for
each other once a step, and not after every layer. On two cores a step of the embedded model takes a
tenth less, beside a busy neighbour a third."""
_SMALL = 256 << 20
"""Bytes up to which a network is in memory a second time, for grids alone. In any shape it leaves
out what can be fused where shapes are known: a step of the embedded model takes a quarter longer.
"""
_PRECISIONS = {torch.float32: "f32", torch.bfloat16: "bf16"}


class _Changed(Exception):
    """Files are others than those that were loaded."""


@dataclass(frozen=True)
class Workshop:
    """Where conversions are kept (`folder`), where models are opened from, and the threads that may
    draw (0: as OpenVINO likes)."""

    folder: str
    library: Library
    threads: int = 0


def workshop_of(
    folder: str, library: Library, threads: int, device: torch.device
) -> Workshop | None:
    """None where torch is to draw alone: unasked, on a card, or without OpenVINO."""
    if not folder or device.type != "cpu":
        return None
    if not runtime.version():
        log.warning("OpenVINO is not installed, so torch draws: install the extra cpu for speed")
        return None
    return Workshop(folder, library, threads)


class Conversion:
    """Begins at once. `pipeline` is drawn with meanwhile; its weights are only read."""

    def __init__(self, shop: Workshop, pipeline: Any, card: ModelCard, dtype: torch.dtype) -> None:
        self._shop = shop
        self._card = card
        self._dtype = dtype
        self._store = Store(Path(shop.folder))
        self._compiled: dict[str, Compiled] = {}
        self._forwards: list[Forward] = []
        self._streams = min(_STREAMS, torch.get_num_threads())
        self._grid: Mapping[str, networks.Shapes] = {}
        self._adapted = False
        if dtype in _PRECISIONS and networks.networks_of(pipeline):
            # Seen by others from before the model counts as loaded.
            self._grid = networks.of_a_grid(pipeline, card, self._streams)
            work, of = self._store.begin(), networks.identity(pipeline)
            threading.Thread(target=self._run, args=(of, work), daemon=True).start()

    @property
    def due(self) -> bool:
        """Whether `adopt` would take a while."""
        return False

    @property
    def coming(self) -> bool:
        """Never: what is converted is adopted in no time, when a drawing begins."""
        return False

    def adopt(self, pipeline: Any) -> None:
        """A drawing begins: what is ready draws from here on, and nothing happens before."""
        if self._forwards or not self._compiled:
            return
        found = networks.networks_of(pipeline)
        if not found.keys() >= self._compiled.keys():  # something is on that it does not know
            return
        for name, compiled in self._compiled.items():
            forward = found[name].forward = FORWARDS[name](found[name], compiled)
            self._forwards.append(forward)
        self.adapted(self._adapted)

    def adapted(self, on: bool) -> None:
        """Adapters are on the denoiser, or none any more."""
        self._adapted = on
        for forward in self._forwards:
            forward.adapted = on and isinstance(forward, DenoiserForward)

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
            forward.network.forward = forward.eager
        self._forwards.clear()

    @property
    def engine(self) -> str:
        """What drew since `listen`; empty where that was, in part at least, torch."""
        if not self._forwards or any(forward.fell_back for forward in self._forwards):
            return ""
        precision = next(iter(self._compiled.values())).precision
        return f"openvino {runtime.version()} {precision}"

    def _run(self, of: networks.Identity, work: Work) -> None:
        try:
            self._compiled = self._compile(self._found(networks.key_of(of)))
        except Exception as error:
            said = (
                f"{self._card.name} cannot be converted for OpenVINO, so torch draws it "
                f"({cause(error)})"
            )
            log.warning("%s", said)
            self._store.tell(self._card.id, said)
        else:
            self._store.tell(self._card.id, "")
        finally:
            work.end()

    def _found(self, key: str) -> Path:
        model = f"{self._card.id} {self._dtype}"
        place = self._store.find(model, key)
        if place is None:
            self._convert(model)
            place = self._store.find(model, key)
        if place is None:
            raise _Changed("its files have changed since it was loaded")
        return place

    def _convert(self, model: str) -> None:
        order = {
            "card": dataclasses.asdict(self._card),
            "dtype": str(self._dtype).removeprefix("torch."),
            "library": dataclasses.asdict(self._shop.library),
            "folder": self._shop.folder,
            "model": model,
        }
        child.ask("bot.worker.converted", order)

    def _compile(self, place: Path) -> dict[str, Compiled]:
        room.require_memory(COPIES * sum(path.stat().st_size for path in place.glob("*.bin")))
        core = runtime.library().Core()
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _PRECISIONS[self._dtype],
            "PERFORMANCE_HINT": "LATENCY",
        }
        if self._shop.threads:
            settings["INFERENCE_NUM_THREADS"] = self._shop.threads
        return {
            path.stem: self._compiled_of(core, path, settings)
            for path in sorted(place.glob("*.xml"))
        }

    def _compiled_of(self, core: Any, path: Path, settings: Mapping[str, Any]) -> Compiled:
        fitted: dict[networks.Shapes, Any] = {}
        shapes = self._grid.get(path.stem)
        if shapes and path.with_suffix(".bin").stat().st_size <= _SMALL:
            model = core.read_model(path)
            model.reshape(dict(enumerate(shapes)))
            parts = self._streams if path.stem == networks.UNET else 1
            fitted[shapes] = core.compile_model(model, "CPU", {**settings, "NUM_STREAMS": parts})
        return Compiled(core.compile_model(path, "CPU", settings), fitted)
