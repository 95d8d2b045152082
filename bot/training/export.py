"""Export: a checkpoint made into the pipeline folder that is shipped, with what its words are.

It knows diffusers' folder layout and our limits on size; it does not judge whether the model is
good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from transformers import CLIPTextModel, CLIPTokenizer

from bot.training.captions import every_word
from bot.training.denoiser import noise_schedule
from bot.training.vocabulary import COLOURS, SCENES, STYLES, THING
from bot.training.workplace import save_json

FILE_LIMIT, FOLDER_LIMIT = 15_000_000, 32_000_000  # bytes
_SHARD = "10MB"
_PRIVATE = (
    "_name_or_path"  # diffusers notes from where a part was loaded; nobody else has that path
)


_WORD = re.compile("[a-z]+")


class TooLarge(Exception):
    """The exported folder breaks the limits that a repository can bear."""


def assemble(
    unet: UNet2DConditionModel,
    text: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    autoencoder: AutoencoderTiny,
) -> StableDiffusionPipeline:
    """The parts as a pipeline, in the precision that they have."""
    return StableDiffusionPipeline(
        vae=autoencoder,  # type: ignore[arg-type]
        text_encoder=text.eval(),
        tokenizer=tokenizer,
        unet=unet.eval(),
        scheduler=noise_schedule(),  # type: ignore[arg-type]
        safety_checker=None,  # type: ignore[arg-type]
        feature_extractor=None,  # type: ignore[arg-type]
        requires_safety_checker=False,
    )


def export(pipeline: StableDiffusionPipeline, folder: Path) -> int:
    """Write the pipeline at half precision; returns its bytes.

    Raises `TooLarge` when a file or the folder is over the limits.
    """
    for stale in folder.glob("*/*.safetensors*"):
        stale.unlink()
    pipeline.to(torch.float16).save_pretrained(folder, max_shard_size=_SHARD)
    for config in folder.rglob("*.json"):
        forget_origin(config)
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    for path in sizes:
        path.chmod(0o644)
    largest = max(sizes, key=sizes.__getitem__)
    if sizes[largest] > FILE_LIMIT:
        raise TooLarge(f"{largest.name} has {sizes[largest]} bytes, the limit is {FILE_LIMIT}")
    if sum(sizes.values()) > FOLDER_LIMIT:
        raise TooLarge(f"the folder has {sum(sizes.values())} bytes, the limit is {FOLDER_LIMIT}")
    return sum(sizes.values())


def describe(
    objects: Sequence[str],
    ideas: Sequence[str],
    styles: Sequence[str] = tuple(STYLES),
    counts: Sequence[str] = ("one", "two", "three"),
    relations: Sequence[str] = ("and", "left of", "right of", "on top of", "with", "holding", "in"),
) -> dict[str, Any]:
    """What `vocabulary.json` holds: the words that the weights know, and prompts to offer.

    `words` has every single word of a caption, also those that change nothing ("please").
    """
    synonyms = {word: name for name in objects for word in THING[name].synonyms}
    return {
        "objects": list(objects),
        "scenes": list(SCENES),
        "styles": list(styles),
        "colours": list(COLOURS),
        "counts": list(counts),
        "relations": list(relations),
        "synonyms": synonyms,
        "ideas": list(ideas),
        "words": sorted({word for words in every_word(objects) for word in _WORD.findall(words)}),
    }


def write_vocabulary(folder: Path, words: dict[str, Any]) -> None:
    """Write `vocabulary.json` beside the weights."""
    save_json(folder / "vocabulary.json", words)


def forget_origin(config: Path) -> None:
    """Without where a part was loaded from."""
    data = json.loads(config.read_text(encoding="utf-8"))
    if isinstance(data, dict) and _PRIVATE in data:
        del data[_PRIVATE]
        config.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
