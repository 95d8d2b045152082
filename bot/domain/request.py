"""What is to be drawn, as a value: everything needed to draw the same pictures again.

A variation or a re-roll is a changed copy. Stored as JSON with a schema version; the executor
gets the same plain data. Knows nothing about queues, money or Discord.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.action import Action, Tile
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameters import SEED_MAX
from bot.domain.size import Size

SCHEMA = 1
GRID = 4


@dataclass(frozen=True)
class GenerationRequest:
    """`seed` is the grid's; picture i (0-based) starts from `seed_of(i)` alone.

    `source` and `strength` (0 to 1, share of the noise schedule) are set for variations.
    `sampler` is a name that the engine knows, or "default" for the model's own.
    """

    action: Action
    prompt: Prompt
    model: str
    size: Size
    seed: int
    steps: int
    guidance: float
    sampler: str = "default"
    count: int = GRID
    source: Tile | None = None
    strength: float | None = None

    def seed_of(self, index: int) -> int:
        """The seed of the picture at 0-based `index`."""
        return (self.seed + index) % (SEED_MAX + 1)

    def vary(self, tile: Tile, seed: int, strength: float) -> GenerationRequest:
        """Four pictures close to `tile` in composition."""
        return replace(
            self, action=Action.VARY, prompt=self.prompt.without("seed"), seed=seed, source=tile,
            strength=strength, count=GRID,
        )  # fmt: skip

    def reroll(self, seed: int) -> GenerationRequest:
        """The same again from other noise; of a variation, other variations of its source."""
        varied = self.strength is not None
        return replace(
            self, action=Action.REROLL, prompt=self.prompt.without("seed"), seed=seed, count=GRID,
            source=self.source if varied else None,
        )  # fmt: skip

    def afresh(self) -> GenerationRequest:
        """Without its source picture: drawn from the prompt alone."""
        return replace(self, source=None, strength=None)

    def upscale(self, tile: Tile) -> GenerationRequest:
        """One stored picture alone; never drawn."""
        return replace(
            self, action=Action.UPSCALE, seed=self.seed_of(tile.index - 1), source=tile,
            strength=None, count=1,
        )  # fmt: skip

    @property
    def cost(self) -> int:
        """Whole credits: a drawn grid costs 1, a stored picture nothing."""
        return 1 if self.action.draws else 0

    @property
    def work(self) -> float:
        """Size of the job for fairness and estimates, in megapixel-steps."""
        steps = self.steps * (1.0 if self.strength is None else self.strength)
        return self.count * steps * self.size.width * self.size.height / 1e6

    def to_json(self) -> dict[str, Any]:
        """Plain data with a schema version; `from_json` is the inverse."""
        return {
            "schema": SCHEMA,
            "action": self.action.value,
            "prompt": str(self.prompt),
            "model": self.model,
            "width": self.size.width,
            "height": self.size.height,
            "seed": self.seed,
            "steps": self.steps,
            "guidance": self.guidance,
            "sampler": self.sampler,
            "count": self.count,
            "source": [self.source.job, self.source.index] if self.source else None,
            "strength": self.strength,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GenerationRequest:
        """Raises ValueError for a schema this version does not know."""
        if data.get("schema") != SCHEMA:
            raise ValueError(f"unknown request schema {data.get('schema')!r}")
        source = data["source"]
        return cls(
            action=Action(data["action"]),
            prompt=Prompt.parse(data["prompt"]),
            model=data["model"],
            size=Size(data["width"], data["height"]),
            seed=data["seed"],
            steps=data["steps"],
            guidance=data["guidance"],
            sampler=data["sampler"],
            count=data["count"],
            source=Tile(*source) if source else None,
            strength=data["strength"],
        )

    def recipe(self) -> dict[str, Any]:
        """What the picture's metadata holds: the request with its text parts apart."""
        return self.to_json() | {"text": self.prompt.text, "negative": self.prompt.negative}
