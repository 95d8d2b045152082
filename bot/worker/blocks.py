"""The blocks of a transformer, all but the first of which can be left out of a step: they add then
what they added at the last step that was made whole. Imported in a worker only.

Blocks come in stages, within which tensors keep their shapes; FLUX.2 and Chroma join words and
picture between two of them, where diffusers' own hooks find nothing to subtract.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

Flow = torch.Tensor | Sequence[torch.Tensor | None]
"""What goes from block to block: the picture, or words (None: no longer wanted) and picture."""
_STAGES = ("transformer_blocks", "single_transformer_blocks")


@dataclass
class Kept:
    """Of one forward, from step to step: what the first block changed and each stage added when it
    was last made whole, and whether it is now."""

    whole: bool = True
    change: torch.Tensor | None = None
    entered: Flow = ()
    added: dict[int, Flow] = field(default_factory=dict)


class Blocks:
    """They ask `kept` at every forward; where it is None, that is made as if this were not here."""

    def __init__(self, transformer: torch.nn.Module, threshold: float) -> None:
        self.kept: Kept | None = None
        self._threshold = threshold
        stages = [list(getattr(transformer, name, ())) for name in _STAGES]
        first = stages[0].pop(0)
        first.forward = functools.partial(self._first, first.forward)
        self._all = [first]
        for number, stage in enumerate(stages):
            for place, block in enumerate(stage):
                ends = place == 0, place == len(stage) - 1
                block.forward = functools.partial(self._other, block.forward, number, ends)
            self._all += stage

    def leave(self) -> None:
        """They are as they were."""
        for block in self._all:
            del block.forward

    def _first(self, forward: Callable[..., Flow], **given: Any) -> Flow:
        made = forward(**given)
        if kept := self.kept:
            change = _picture(made) - given["hidden_states"]
            kept.whole = kept.change is None or self._differs(change, kept.change)
            if kept.whole:
                kept.change = change
        return made

    def _differs(self, change: torch.Tensor, before: torch.Tensor) -> bool:
        return bool((change - before).abs().mean() > self._threshold * before.abs().mean())

    def _other(
        self, forward: Callable[..., Flow], stage: int, ends: tuple[bool, bool], **given: Any
    ) -> Flow:
        kept = self.kept
        if kept is None:
            return forward(**given)
        begins, concludes = ends
        entered = given.get("encoder_hidden_states"), given["hidden_states"]
        if not kept.whole:
            return _sum(entered, kept.added[stage], begins)
        if begins:
            kept.entered = entered
        made = forward(**given)
        if concludes:
            kept.added[stage] = _difference(made, kept.entered)
            kept.entered = ()
        return made


def _picture(flow: Flow) -> torch.Tensor:
    picture = flow if isinstance(flow, torch.Tensor) else flow[1]
    assert picture is not None
    return picture


def _difference(made: Flow, entered: Flow) -> Flow:
    if isinstance(made, torch.Tensor):
        return made - _picture(entered)
    pairs = zip(made, entered, strict=True)
    return tuple(a - b if a is not None and b is not None else None for a, b in pairs)


def _sum(entered: Flow, added: Flow, begins: bool) -> Flow:
    """With what the stage added, where it begins; its other blocks pass on what they get."""
    if isinstance(added, torch.Tensor):
        return _picture(entered) + added if begins else _picture(entered)
    pairs = zip(entered, added, strict=True)
    return tuple(a + b if begins and a is not None and b is not None else a for a, b in pairs)
