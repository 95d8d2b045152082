"""Model cards: what a model is called, where it lies, and what it is best asked for.

The card of the embedded model ships with Easel; any other source (local folder, hub id, single
file) gets a card by looking at the name. Knows nothing about torch.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from bot.domain.vocabulary import Vocabulary

EMBEDDED = Path(__file__).parent / "embedded"
SINGLE_FILES = (".safetensors", ".ckpt")
IDEAS = (
    "an astronaut lying in a sun lounger with a cocktail in the desert, photo",
    "an astronaut lying in a sun lounger with a cocktail in the desert, expressive oil painting",
    "an astronaut lying in a sun lounger with a cocktail in the desert, pixel art",
    "a lighthouse on a cliff in a storm, dramatic light --ar 3:2",
    "a red fox asleep in fresh snow, watercolour",
    "a tiny robot watering a bonsai tree --ar 2:3",
)


@dataclass(frozen=True)
class ModelCard:
    """`native` is the side of a square in pixels, `multiple` what every side is divisible by.

    `steps` and `guidance` are for quality 1; `strength` is how far a variation leaves its
    source (0 to 1).
    """

    id: str
    name: str
    source: str
    native: int
    multiple: int = 8
    steps: int = 30
    guidance: float = 7.0
    sampler: str = "default"
    strength: float = 0.65
    licence: str = "see the model's page"

    def steps_for(self, quality: float) -> int:
        """Number of steps at `--quality`, at least 1."""
        return max(1, round(self.steps * quality))

    def ideas(self) -> tuple[str, ...]:
        """Prompts that the model is known to draw well: from `vocabulary.json` beside it."""
        vocabulary = self.vocabulary()
        return IDEAS if vocabulary is None else vocabulary.ideas

    def vocabulary(self) -> Vocabulary | None:
        """The words that the model knows; None for a model that was not taught word by word."""
        path = Path(self.source) / "vocabulary.json"
        if not path.is_file():
            return None
        told = json.loads(path.read_text(encoding="utf-8"))
        lists = {key: tuple(told.get(key, ())) for key in ("objects", "scenes", "styles", "ideas")}
        return Vocabulary(**lists, words=frozenset(told.get("words", ())))


EMBEDDED_CARD = ModelCard(
    id="embedded",
    name="Easel embedded",
    source=str(EMBEDDED),
    native=128,
    multiple=8,
    steps=8,
    guidance=3.0,
    strength=0.6,
    licence="Apache-2.0; drawings of Noto Emoji (OFL) in the training data",
)

# First match wins. Values are the model makers' own recommendations.
_FAMILIES: tuple[tuple[str, dict[str, float | int]], ...] = (
    (r"sdxl[-_]?turbo", {"native": 512, "steps": 4, "guidance": 0.0}),
    (r"sd[-_]?turbo", {"native": 512, "steps": 4, "guidance": 0.0}),
    (r"lightning|hyper-?sd", {"native": 1024, "steps": 8, "guidance": 0.0}),
    (r"flux.*schnell", {"native": 1024, "multiple": 16, "steps": 4, "guidance": 0.0}),
    (r"flux", {"native": 1024, "multiple": 16, "steps": 28, "guidance": 3.5}),
    (r"stable-diffusion-3|sd3", {"native": 1024, "multiple": 16, "steps": 28, "guidance": 4.5}),
    (r"z-image.*turbo", {"native": 1024, "multiple": 16, "steps": 9, "guidance": 0.0}),
    (r"qwen-image", {"native": 1024, "multiple": 16, "steps": 40, "guidance": 4.0}),
    (r"xl|pony|illustrious", {"native": 1024, "multiple": 64, "steps": 30, "guidance": 6.0}),
    (r"stable-diffusion-2|v2-1|768", {"native": 768, "multiple": 64, "steps": 30}),
)


def card_for(
    source: str,
    *,
    native: int | None = None,
    steps: int | None = None,
    guidance: float | None = None,
) -> ModelCard:
    """The card for a MODEL setting; empty means the embedded model.

    Keyword arguments are the operator's own values and win over what the name suggests.
    """
    if not source or source == EMBEDDED_CARD.id:
        base = EMBEDDED_CARD
    else:
        name = Path(source).stem if source.endswith(SINGLE_FILES) else Path(source).name
        values: dict[str, float | int] = {"native": 512, "multiple": 8}
        for pattern, found in _FAMILIES:
            if re.search(pattern, name, re.IGNORECASE):
                values |= found
                break
        base = ModelCard(id=name, name=name, source=source, **values)  # type: ignore[arg-type]
    return ModelCard(
        **{
            **base.__dict__,
            **({"native": native} if native else {}),
            **({"steps": steps} if steps else {}),
            **({"guidance": guidance} if guidance is not None else {}),
        }
    )
