"""Opening a diffusers pipeline from wherever a model card says it lies.

A source is a folder in diffusers' format, one .safetensors, .ckpt or .gguf file, or a repository on
the Hugging Face hub. Knows files and the hub; not devices or requests. Every failure is one
`RenderFailed("model_missing")` whose text says what is missing and where to put it, without a
path: strangers read it. Imported in a worker only, with the first model: this takes seconds.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from bot.domain.errors import RenderFailed
from bot.models import facts, families, parts
from bot.models.cards import ModelCard
from bot.models.facts import Facts, UnfitFile
from bot.worker import clip_skip, decoders, inversions, siblings, single_files
from bot.worker.causes import cause
from bot.worker.library import NO_CHECKER, Library, absent, missing
from bot.worker.precision import ran_out_of_memory

log = logging.getLogger(__name__)

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def hush() -> None:
    """Keep the libraries from writing to the terminal."""
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def open_pipeline(card: ModelCard, dtype: torch.dtype, library: Library) -> Any:
    """A text-to-image pipeline on the CPU. Raises RenderFailed("model_missing", …)."""
    path = Path(card.source).expanduser()
    try:
        if facts.is_single_file(card.source) and not path.is_dir():
            pipeline = single_files.open_file(card, path, dtype, library)
        elif path.is_dir():
            pipeline = _from_folder(card, path, dtype)
        elif _HUB_ID.fullmatch(card.source):
            pipeline = _from_hub(card, dtype, library)
        else:
            raise missing(
                f"There is no model {card.name}, neither in MODELS_DIR nor as a folder: "
                "`easel models list` names those that there are."
            )
        if card.vae:
            decoders.exchange(card, pipeline, dtype, library)
        inversions.teach(card, pipeline, library)
        clip_skip.skip(pipeline, card)
    except RenderFailed as failure:
        log.warning("the model at %s: %s", card.source, failure)
        raise
    except Exception as error:  # the libraries raise nearly anything at a damaged model
        if ran_out_of_memory(error):
            raise
        log.exception("the model at %s cannot be opened", card.source)
        raise missing(
            f"The model {card.name} cannot be read ({cause(error)}): it has to be a folder in "
            "diffusers' format, a .safetensors, .ckpt or .gguf file, or the name of a hub "
            "repository."
        ) from error
    _require_fit(card, described(pipeline, card.stem))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def described(pipeline: Any, name: str) -> Facts:
    """What the files of an opened pipeline said."""
    denoiser = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
    scheduler = getattr(pipeline, "scheduler", None)
    vae = getattr(pipeline, "vae", None)
    return Facts(
        type(pipeline).__name__,
        name,
        dict(pipeline.config),
        _config(denoiser),
        _config(vae) | {"_class_name": type(vae).__name__},
        _config(scheduler) | {"_class_name": type(scheduler).__name__},
    )


def _config(part: Any) -> dict[str, Any]:
    return dict(part.config) if hasattr(part, "config") else {}


def _require_fit(card: ModelCard, found: Facts) -> None:
    if reason := families.unfit(found):
        raise missing(f"The model {card.name} {reason}: choose another one.")


# Folders


def _from_folder(card: ModelCard, folder: Path, dtype: torch.dtype) -> Any:
    try:
        found = parts.of_whole(folder)
    except UnfitFile as error:
        raise missing(f"The model {card.name} {error}.") from error
    _require_fit(card, found)
    variant = parts.variant(folder, found)
    extra: dict[str, Any] = {"variant": variant} if variant else {}
    return siblings.from_words(found.kind).from_pretrained(
        str(folder), dtype=dtype, local_files_only=True, **absent(found) | extra | NO_CHECKER
    )


# The hub


def _from_hub(card: ModelCard, dtype: torch.dtype, library: Library) -> Any:
    def fetch(**extra: Any) -> Any:
        return DiffusionPipeline.from_pretrained(
            card.source, dtype=dtype, **library.hub(), **extra, **NO_CHECKER
        )

    try:
        pipeline = _smaller_first(fetch, dtype)
    except GatedRepoError:
        raise missing(
            f"The model {card.source} is gated: accept its terms on its page, and set HF_TOKEN."
        ) from None
    except RepositoryNotFoundError:
        raise missing(
            f"The hub has no model {card.source} (or it is private: then set HF_TOKEN)."
        ) from None
    except OSError as error:
        raise missing(
            f"The model {card.source} is not on this disk, and could not be fetched from the hub "
            f"({cause(error)})."
        ) from error
    kind = siblings.from_words(type(pipeline).__name__)
    return pipeline if isinstance(pipeline, kind) else siblings.over(pipeline, kind)


def _smaller_first(fetch: Callable[..., Any], dtype: torch.dtype) -> Any:
    """Half the download, where the repository offers it and half precision is wanted."""
    if dtype is torch.float32:
        return fetch()
    try:
        return fetch(variant="fp16")
    except ValueError:
        return fetch()
