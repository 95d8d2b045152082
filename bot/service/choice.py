"""What an operator chooses by hand: pixels, seeds, steps and the like, beside what prompts say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain import samplers
from bot.domain.errors import InvalidPrompt, Unable
from bot.domain.language import _
from bot.domain.prompt.parameter import quoted
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.models.cards import ModelCard

COUNT_MAX = 64
SIDE_MIN, SIDE_MAX = 64, 4096
STEPS_MAX = 1000


@dataclass(frozen=True)
class Choice:
    """What an operator chooses by hand; None leaves it to the prompt and the model's card."""

    count: int | None = None
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    strength: float | None = None
    loras: Mapping[str, float] | None = None

    @property
    def sized(self) -> bool:
        """Whether the pixels are chosen, at least of one side."""
        return self.width is not None or self.height is not None

    def given(self, *names: str) -> dict[str, Any]:
        """The values of these fields that are chosen."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def applied(self, card: ModelCard, request: GenerationRequest) -> GenerationRequest:
        """The request with what was chosen; a chosen sampler draws as many steps as it needs,
        unless they are chosen, too.

        Raises InvalidPrompt for an impossible size, Unable for a sampler that does not fit.
        """
        if not card.samplers and self.sampler not in (None, samplers.DEFAULT):
            raise Unable(
                _(
                    "The model {model} draws by its own sampler only, not by `{sampler}`.",
                    model=quoted(card.name),
                    sampler=self.sampler,
                )
            )
        picked = self.given("steps", "guidance", "sampler", "strength")
        if self.sampler is not None and self.steps is None:
            picked["steps"] = samplers.enough(self.sampler, request.sampling.steps)
        sampling = replace(request.sampling, **picked)
        made = replace(request, sampling=sampling, **self.given("count", "seed"))
        if self.loras is not None:
            made = made.with_loras(self.loras)
        if not self.sized:
            return made
        size = Size(self.width or card.native, self.height or card.native)
        _require_multiple("W", size.width, card.multiple)
        _require_multiple("H", size.height, card.multiple)
        return replace(made.sized(size), prompt=made.prompt.without("ar"))


def _require_multiple(name: str, side: int, multiple: int) -> None:
    if side % multiple:
        near = max(1, round(side / multiple)) * multiple
        raise InvalidPrompt(
            _(
                "`--{name}` takes a multiple of {multiple} for this model, such as {near}, not"
                " {side}.",
                name=name,
                multiple=multiple,
                near=near,
                side=side,
            )
        )
