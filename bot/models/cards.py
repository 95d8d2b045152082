"""Model cards: what a model is called, where it lies, and what it is best asked for.

The card of the embedded model ships with Easel; any other source (local folder, hub id, single
file) gets one from its own files, or, until a worker has read them, from its name. Knows nothing
about torch.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.domain.samplers import DEFAULT
from bot.domain.vocabulary import Vocabulary
from bot.models import facts, families, pickles, single

EMBEDDED = Path(__file__).parent / "embedded"
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
    source (0 to 1); `spacing` is how the sampler spreads its steps, empty for the model's own way.

    Capabilities: `guidance_argument` is what the pipeline calls guidance, `negatives_above` the
    guidance above which it looks at a negative prompt (None: never), `samplers` whether it draws by
    others than its own, `variations` whether it can start from a picture, `inpaints` whether it can
    draw a part of one, `previews` whether it shows its steps.

    `steers` says whether what texts mean to it can be mixed and turned, so that weights, chaos and
    the like act; `locates` whether it can say where in a picture something is that a word names;
    `tiles` whether it can close a picture's edges on each other; `image_prompts`
    whether there is an IP-Adapter by which it looks at pictures.

    `revision` is another text whenever its files are others; empty where nobody looks at them.
    `allowed` are the ids of roles, people and servers that may use it; empty allows everybody.
    A `pinned` one is loaded ahead of need and never leaves a worker's memory for another.
    `vae` is the key of the decoder beside it that it is drawn with; empty: its own. `preview` is
    that of the small decoder by which it shows its steps; empty: roughly. `loras` are on where
    nobody says otherwise, by key and weight; `embeddings` are the keys of those it knows.
    `clip_skip` is with which layer of its text encoder a text's meaning is taken, from the end.
    `rescale` is φ of Lin et al. 2023: how much of the contrast that guidance adds is taken back.
    `speed` is what may be traded for time ("eager", "exact", "balanced", "fast"); empty: what
    the worker does.
    """

    id: str
    name: str
    source: str
    native: int
    multiple: int = 8
    steps: int = 30
    guidance: float = 7.0
    sampler: str = DEFAULT
    strength: float = 0.65
    licence: str = "see the model's page"
    family: str = ""
    spacing: str = ""
    guidance_argument: str = "guidance_scale"
    negatives_above: float | None = 1.0
    samplers: bool = True
    variations: bool = True
    inpaints: bool = True
    previews: bool = True
    steers: bool = True
    tiles: bool = True
    locates: bool = False
    image_prompts: bool = False
    revision: str = ""
    allowed: Sequence[int] = ()
    pinned: bool = False
    vae: str = ""
    preview: str = ""
    loras: Mapping[str, float] = field(default_factory=dict)
    embeddings: Sequence[str] = ()
    speed: str = ""
    clip_skip: int = 1
    rescale: float = 0.0

    @property
    def stem(self) -> str:
        """What its files are called, whatever people call it."""
        return facts.name_of(self.source)

    @property
    def frames(self) -> bool:
        """Whether it can draw around a picture."""
        return self.variations and self.inpaints

    def guided(self, guidance: float) -> bool:
        """Whether it looks at a negative prompt."""
        return self.negatives_above is not None and guidance > self.negatives_above

    def leaves_out(self, guidance: float) -> bool:
        """Whether what to leave out acts: as a negative prompt, or on what texts mean to it."""
        return self.steers or self.guided(guidance)

    @property
    def draws_by(self) -> str:
        """The sampler where nobody says otherwise: its own where no other fits."""
        return self.sampler if self.samplers else DEFAULT

    @property
    def caveat(self) -> str:
        """What was set in vain, in a sentence; empty where everything acts."""
        told = []
        if self.draws_by != self.sampler:
            told.append(f"draws by its own sampler only, so sampler = {self.sampler} is ignored.")
        if self.clip_skip != 1 and not self.skips:
            told.append(f"reads texts in its own way, so clip_skip = {self.clip_skip} is ignored.")
        return " ".join(f"{self.name} {each}" for each in told)

    @property
    def skips(self) -> bool:
        """Whether `clip_skip` acts. SDXL's two encoders are read before their last layer anyway."""
        return self.family == "sd"

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
    family="sd",
    locates=True,
    licence="Apache-2.0; drawings of Noto Emoji (OFL) in the training data",
)


def card_for(source: str, own: Mapping[str, Any] | None = None) -> ModelCard:
    """The card for a MODEL setting; empty means the embedded model.

    Says what the model's own files say where they are on this disk; a worker confirms it when it
    has loaded the model. `own` are the operator's values, by field, and win.
    """
    return dataclasses.replace(_unasked(source), **(own or {}))


def _unasked(source: str) -> ModelCard:
    if not source or source == EMBEDDED_CARD.id:
        return EMBEDDED_CARD
    return card_from(source, facts_at(Path(source).expanduser()))


def is_guess(source: str) -> bool:
    """Whether the card follows from the name alone, until a worker has read the files."""
    return source != EMBEDDED_CARD.source and facts_at(Path(source).expanduser()) is None


def card_from(source: str, found: facts.Facts | None) -> ModelCard:
    """The card of what lies at `source`, where its files said `found`; None: by its name."""
    name = facts.name_of(source)
    fields = families.fields(found or _guess(name))
    return ModelCard(id=_id(source, name), name=name, source=source, **fields)


def facts_at(path: Path) -> facts.Facts | None:
    """What the files say, as far as they can be read here; the worker says why they cannot."""
    try:
        if path.is_dir():
            return facts.of_folder(path)
        if facts.is_single_file(path.name):
            return of_single(path, shapes_in(path) or {})
    except (OSError, facts.UnfitFile):
        pass
    return None


def shapes_in(file: Path) -> facts.Shapes | None:
    """The tensors of a single file; None of a pickle out of which only a worker makes sense.

    Raises UnfitFile, OSError.
    """
    shapes = facts.shapes_in(file)
    return shapes if shapes is not None else pickles.read(file).shapes or None


def of_single(path: Path, shapes: facts.Shapes) -> facts.Facts | None:
    """What a single file says of itself, or else the folder with its other parts."""
    name = facts.name_of(path.name)
    return single.of_file(shapes, name) or facts.of_folder(path.with_name(name))


def _guess(name: str) -> facts.Facts:
    """What a model on the hub, or a .ckpt file that is odd, may be until it has been read."""
    kinds = (kind for pattern, kind in _KINDS if re.search(pattern, name, re.IGNORECASE))
    found = facts.Facts(next(kinds, "StableDiffusionPipeline"), name)
    if re.fullmatch(r"stable-diffusion-2(-1)?|.*[^0-9]768([^0-9].*)?", name):
        return dataclasses.replace(found, denoiser={"sample_size": 96}, vae=_FACTOR_8)
    if "playground" in name.lower():
        return dataclasses.replace(found, scheduler={"_class_name": single.EDM})
    return found


_FACTOR_8 = {"block_out_channels": (1, 1, 1, 1)}


_KINDS = (
    (r"kontext", "FluxKontextPipeline"),
    (r"flux[-._]?2.*klein", "Flux2KleinPipeline"),
    (r"(^|[^a-z])flux[-._]?2", "Flux2Pipeline"),
    (r"(^|[^a-z])flux", "FluxPipeline"),
    (r"stable[-_]?diffusion[-_]?3|(^|[^a-z])sd[-_]?3", "StableDiffusion3Pipeline"),
    (r"(^|[^a-z])z[-_]?image", "ZImagePipeline"),
    (r"(^|[^a-z])qwen", "QwenImagePipeline"),
    (r"(^|[^a-z])kolors", "KolorsPipeline"),
    (r"(^|[^a-z])pixart", "PixArtSigmaPipeline"),
    (r"(^|[^a-z])chroma", "ChromaPipeline"),
    (r"(^|[^a-z])sana[-_]?sprint", "SanaSprintPipeline"),
    (r"(^|[^a-z])sana(?![a-z])", "SanaPipeline"),
    (r"(^|[^a-z])lumina", "Lumina2Pipeline"),
    (r"aura[-_]?flow|pony[-_]?v7", "AuraFlowPipeline"),
    (r"cogview", "CogView4Pipeline"),
    (r"hunyuan[-_]?dit", "HunyuanDiTPipeline"),
    (r"hidream", "HiDreamImagePipeline"),
    (r"(^|[^a-z])krea[-_]?2", "Krea2Pipeline"),
    (r"kandinsky[-_]?3", "Kandinsky3Pipeline"),
    (r"ernie[-_]?image", "ErnieImagePipeline"),
    (r"glm[-_]?image", "GlmImagePipeline"),
    (r"longcat[-_]?image", "LongCatImagePipeline"),
    (r"xl(?![a-z])|(^|[^a-z])pony|illustrious|animagine|noobai|playground|ssd[-_]1b|"
     r"segmind[-_]?vega",
     "StableDiffusionXLPipeline"),
)  # fmt: skip


def _id(source: str, name: str) -> str:
    """A hub repository's own name; two files of one name in two folders are two models."""
    path = Path(source).expanduser()
    if not (path.exists() or facts.is_single_file(source)) and source.count("/") == 1:
        return source
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    return f"{name}-{digest[:8]}"
