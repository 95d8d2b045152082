"""The configs that lie in the box, in `configs`, so that a single file needs none beside it.

They say what the makers published; the sizes in them follow the tensors of the file, so that a
smaller kin of a family is read too. CLIP's merges lie there as well. Knows JSON; not torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.models import addons, layouts
from bot.models.facts import INDEX, Shapes
from bot.models.layouts import Sizes
from bot.models.single import Published, place_of

FOLDER = Path(__file__).parent / "configs"
CLIP_WORDS = 49408
"""Words and pieces that CLIP's tokenizer knows."""

Config = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """What reads the sizes of a part, where its tensors lie in a file of a whole model (None: where
    the denoiser lies) or `else_at`, and what it is called in a file of its own (empty: the model).
    """

    read: Callable[[Shapes, str], Sizes | None]
    at: str | None = None
    kind: str = ""
    else_at: str = ""

    def sizes(self, shapes: Shapes) -> Sizes | None:
        """In a file of a whole model; None where it is not there."""
        found = self.read(shapes, place_of(shapes) if self.at is None else self.at)
        return self.read(shapes, self.else_at) if found is None and self.else_at else found


_VAE = Part(layouts.vae, "first_stage_model.", addons.DECODER, "vae.")
_CLIP_L = Part(layouts.clip, "text_encoders.clip_l.transformer.", addons.CLIP)
_CLIP_G = Part(layouts.clip, "text_encoders.clip_g.transformer.", addons.CLIP)
_T5 = Part(layouts.t5, "text_encoders.t5xxl.transformer.", addons.T5)
_SD2 = {
    "unet": Part(layouts.unet),
    "vae": _VAE,
    "text_encoder": Part(layouts.open_clip_but_last, "cond_stage_model.model.", addons.CLIP),
}
_FLUX = {
    "transformer": Part(layouts.flux),
    "vae": _VAE,
    "text_encoder": _CLIP_L,
    "text_encoder_2": _T5,
}
PARTS: Mapping[str, Mapping[str, Part]] = {
    "sd1": _SD2
    | {"text_encoder": Part(layouts.clip, "cond_stage_model.transformer.", addons.CLIP)},
    "sd2": _SD2,
    "sd2-base": _SD2,
    "sdxl": {
        "unet": Part(layouts.unet),
        "vae": _VAE,
        "text_encoder": Part(layouts.clip, "conditioner.embedders.0.transformer.", addons.CLIP),
        "text_encoder_2": Part(layouts.open_clip, "conditioner.embedders.1.model.", addons.CLIP),
    },
    "sd3": {
        "transformer": Part(layouts.sd3),
        "vae": _VAE,
        "text_encoder": _CLIP_L,
        "text_encoder_2": _CLIP_G,
        "text_encoder_3": _T5,
    },
    "flux-dev": _FLUX,
    "flux-schnell": _FLUX,
}


@dataclass(frozen=True)
class Configs:
    """A pipeline's configs by their paths in a folder of diffusers' format, and the parts whose
    weights are not in the file."""

    files: Mapping[str, Config]
    missing: Sequence[str] = ()

    @property
    def index(self) -> Config:
        """What parts the pipeline has, and of which classes."""
        return self.files[INDEX]

    def write(self, folder: Path) -> None:
        """As diffusers reads them."""
        for name, config in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(json.dumps(config), encoding="utf-8")


def published_configs(box: str) -> dict[str, Config]:
    """All configs of a family as they were published, by path."""
    place = FOLDER / box
    return {
        path.relative_to(place).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(place.rglob("*.json"))
    }


def configs_for(found: Published, shapes: Shapes) -> Configs | None:
    """Configs that fit a single file; None where the box has none, or another tokenizer than
    CLIP's is needed for its words."""
    if not found.box:
        return None
    files, missing = published_configs(found.box), []
    for name, part in PARTS[found.box].items():
        path = f"{name}/config.json"
        sizes = part.sizes(shapes)
        if sizes is None:
            missing.append(name)
        elif part.read is not layouts.t5 and sizes.get("vocab_size", CLIP_WORDS) != CLIP_WORDS:
            return None
        else:
            files[path] = fitted(files[path], sizes)
    return Configs(files, tuple(missing))


def fitted(config: Config, sizes: Sizes) -> Config:
    """A config with sizes that were read from tensors, and as many heads as fit them."""
    fitting = config | sizes
    if isinstance(config.get("attention_head_dim"), list):
        fitting["attention_head_dim"] = [
            layouts.heads(channels, 64) for channels in fitting["block_out_channels"]
        ]
    return fitting
