"""What makes a model draw faster than torch by itself: other arithmetic when it is opened, other
code for its networks when that is ready. Imported in a worker only."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import torch

from bot.models.cards import ModelCard
from bot.worker.converted.conversion import Workshop, workshop_of
from bot.worker.library import Library

if TYPE_CHECKING:
    from bot.worker.caching import StepCache

EAGER = "eager"
EXACT = "exact"
BALANCED = "balanced"
FAST = "fast"


class Faster(Protocol):
    """Networks of one model that come to be ready while it is drawn with as it is."""

    @property
    def due(self) -> bool:
        """Whether `adopt` would take a while."""
        ...

    @property
    def coming(self) -> bool:
        """Whether something is being made that `adopt` would take a while for."""
        ...

    @property
    def engine(self) -> str:
        """What drew since `listen`; empty where that was, in part at least, plain torch."""
        ...

    def adopt(self, pipeline: Any) -> None:
        """Draw with what is ready from here on."""
        ...

    def adapted(self, on: bool) -> None:
        """Adapters are on the denoiser, or none any more."""
        ...

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """While it is entered torch draws, in a way that others do not know of."""
        ...

    def listen(self) -> None:
        """Have `engine` speak of what follows."""
        ...

    def rest(self) -> None:
        """Never draw again: weights are about to be other ones, or elsewhere."""
        ...


class Hastening:
    """For all models of a worker. Options as for `bot.worker.diffusion.create`: converted,
    compiled, compiler, speed and threads."""

    def __init__(self, options: Mapping[str, Any], library: Library, device: torch.device) -> None:
        self._device = device
        self._speed = options.get("speed") or EXACT
        self._compiled: str = options.get("compiled") or ""
        self._compiler: str = options.get("compiler") or "inductor"
        converted, threads = options.get("converted") or "", int(options.get("threads") or 0)
        self._workshop: Workshop | None = workshop_of(converted, library, threads, device)

    def lighten(self, pipeline: Any, card: ModelCard, dtype: torch.dtype) -> str:
        """Have the denoiser of a pipeline that is still on the CPU compute in 8 bits where that was
        asked for and pays; says so in a word, for recipes, or is empty."""
        from bot.worker.compiled import float8

        speed = card.speed or self._speed
        part = getattr(pipeline, "transformer", None)
        if part is None and speed == FAST:
            part = getattr(pipeline, "unet", None)
        if part is None or speed not in (BALANCED, FAST) or not float8.able(self._device, dtype):
            return ""
        return "float8" if float8.convert(part, self._device) else ""

    def begin(self, pipeline: Any, card: ModelCard, dtype: torch.dtype, note: str) -> Faster | None:
        """What will draw the pipeline, which is where it is drawn with; None: torch alone. `note`
        is the word of `lighten`."""
        if self._workshop:
            from bot.worker.converted.conversion import Conversion

            return Conversion(self._workshop, pipeline, card, dtype)
        if not self._compiled or (card.speed or self._speed) == EAGER:
            return None
        from bot.worker.compiled.compilation import Compilation
        from bot.worker.compiled.shop import shop_of

        shop = shop_of(self._compiled, self._device, self._compiler)
        if shop is None:
            return None
        shop.use()
        return Compilation(shop, pipeline, card, precision(dtype, note))

    def cached(self, pipeline: Any, card: ModelCard) -> StepCache | None:
        """What spares parts of steps, where that was asked for and the denoiser allows it; what is
        compiled makes every step whole."""
        from bot.worker import caching

        fast = (card.speed or self._speed) == FAST
        return caching.StepCache(pipeline.transformer) if fast and caching.able(pipeline) else None


def precision(dtype: torch.dtype, note: str) -> str:
    """As recipes name it."""
    return f"torch {torch.__version__} {str(dtype).removeprefix('torch.')} {note}".rstrip()
