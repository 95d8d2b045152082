"""First-block cache: a step whose first block changes its input nearly as the last one's did takes
from that step what the other blocks would add (after TeaCache, Liu et al. 2024; see
`diffusers.hooks.first_block_cache`, which decides in the same way). Imported in a worker only.
"""

from __future__ import annotations

import contextlib
import itertools
import weakref
from collections.abc import Iterator
from typing import Any

from bot.worker.blocks import Blocks, Kept

THRESHOLD = 0.08
"""Mean change of the first block's residual from one step to the next, relative to itself, up to
which the others are left out: what its makers found good for FLUX.1."""
_ABLE = frozenset(
    {"FluxPipeline", "Flux2Pipeline", "Flux2KleinPipeline", "ChromaPipeline"}
    | {"QwenImagePipeline", "StableDiffusion3Pipeline"}
)
"""Those of our families whose blocks pass on words and picture, or both in one."""
NOTE = "first-block cache"
"""As recipes call it."""


class StepCache:
    """Of one transformer. A forward decides for all its rows at once, so a run under it has no
    company: with others its pictures would be others."""

    def __init__(self, transformer: Any, threshold: float = THRESHOLD) -> None:
        self._blocks = Blocks(transformer, threshold)
        self._transformer = transformer
        self._forward = transformer.forward
        self._states: dict[str, Kept] = {}
        self._numbers = itertools.count()
        self._names: Iterator[str] | None = None
        transformer.forward = self._called

    def remembered(self, run: object) -> Memory:
        """What a run keeps from one step to the next, until it is no more."""
        memory = Memory(self, f"{next(self._numbers)}/")
        weakref.finalize(run, self.forget, memory.name)
        return memory

    @contextlib.contextmanager
    def under(self, name: str) -> Iterator[None]:
        """Forwards keep what they find under this name, each under its number. One that fails may
        have found but a half, so that all is forgotten."""
        self._names = (f"{name}/{number}" for number in itertools.count())
        try:
            yield
        except BaseException:
            self.forget(name)
            raise
        finally:
            self._names = None

    def rest(self) -> None:
        """Weights are about to be other ones, or elsewhere: every step is made from here on."""
        self._states.clear()
        del self._transformer.forward
        self._blocks.leave()

    def forget(self, name: str) -> None:
        """All that begins with it."""
        for each in [each for each in list(self._states) if each.startswith(name)]:
            self._states.pop(each, None)

    def _called(self, *args: Any, **named: Any) -> Any:
        if self._names is None:  # by the pipeline itself, which does not say whose it is
            return self._forward(*args, **named)
        self._blocks.kept = self._states.setdefault(next(self._names), Kept())
        try:
            return self._forward(*args, **named)
        finally:
            self._blocks.kept = None


class Memory:
    """Of one run, from one step to the next."""

    def __init__(self, cache: StepCache, name: str) -> None:
        self.name = name
        self._cache = cache

    def of(self, begin: int, end: int) -> contextlib.AbstractContextManager[None]:
        """While a forward of these rows is made; more or fewer of them have a memory of their
        own."""
        return self._cache.under(f"{self.name}{begin}-{end}")

    def clear(self) -> None:
        """Nothing is kept."""
        self._cache.forget(self.name)


def able(pipeline: Any) -> bool:
    """Whether its denoiser can be cached: not where its forward is another already."""
    return type(pipeline).__name__ in _ABLE and "forward" not in vars(pipeline.transformer)
