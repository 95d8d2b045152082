"""Opening a diffusers pipeline from wherever a model card says it lies.

A source is a folder in diffusers' format, one .safetensors or .ckpt file, or a repository on the
Hugging Face hub. Knows files and the hub; not devices or requests. Every failure is one
`RenderFailed("model_missing")` whose text says what is missing and where to put it, without a
path: strangers read it. Imported in a worker only, with the first model: this takes seconds.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from bot.domain.errors import RenderFailed
from bot.models import facts, families
from bot.models.cards import ModelCard
from bot.models.facts import INDEX, Facts, UnfitFile
from bot.worker import checkpoint
from bot.worker.causes import cause
from bot.worker.checkpoint import Weights
from bot.worker.precision import ran_out_of_memory

log = logging.getLogger(__name__)

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_CONFIGS = ["*.json", "**/*.json", "*.txt", "**/*.txt", "**/*.model"]
_NO_CHECKER: dict[str, Any] = {"safety_checker": None, "requires_safety_checker": False}
_WEIGHTS = (".safetensors", ".bin")
_SIBLING = re.compile(r"(Img2Img|Inpaint)(?=Pipeline$)")


@dataclass(frozen=True)
class Library:
    """Where models may be looked for beyond their own source.

    `cache_dir` holds what came from the hub (empty: the hub's own default); `token` is a Hugging
    Face token or empty; `configs` is a folder with the configs and tokenizers of single files.
    """

    cache_dir: str = ""
    token: str = ""
    configs: str = ""

    def hub(self) -> dict[str, Any]:
        """The keyword arguments of everything that may ask the hub."""
        return {"cache_dir": self.cache_dir or None, "token": self.token or None}


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
        if facts.is_single_file(card.source):
            pipeline = _from_file(card, path, dtype, library)
        elif path.is_dir():
            pipeline = _from_folder(card, path, dtype)
        elif _HUB_ID.fullmatch(card.source):
            pipeline = _from_hub(card, dtype, library)
        else:
            raise _missing(f"The model folder {card.name} does not exist.")
    except RenderFailed as failure:
        log.warning("the model at %s: %s", card.source, failure)
        raise
    except Exception as error:  # the libraries raise nearly anything at a damaged model
        if ran_out_of_memory(error):
            raise
        log.exception("the model at %s cannot be opened", card.source)
        raise _missing(
            f"The model {card.name} cannot be read ({cause(error)}): it has to be a folder in "
            "diffusers' format, a .safetensors or .ckpt file, or the name of a hub repository."
        ) from error
    _require_fit(card, described(pipeline, card.stem))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def described(pipeline: Any, name: str) -> Facts:
    """What the files of an opened pipeline said."""
    denoiser = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
    scheduler = getattr(pipeline, "scheduler", None)
    return Facts(
        type(pipeline).__name__,
        name,
        dict(pipeline.config),
        _config(denoiser),
        _config(getattr(pipeline, "vae", None)),
        _config(scheduler) | {"_class_name": type(scheduler).__name__},
    )


def _config(part: Any) -> dict[str, Any]:
    return dict(part.config) if hasattr(part, "config") else {}


def has_sibling(pipeline: Any) -> bool:
    """Whether pipelines of this kind can start from a picture."""
    return _sibling_kind(pipeline) is not None


def sibling(pipeline: Any) -> Any:
    """The image-to-image pipeline over the same weights. Raises RenderFailed("bad_input")."""
    kind = _sibling_kind(pipeline)
    if kind is None:
        raise RenderFailed(
            "bad_input",
            f"A {type(pipeline).__name__} cannot start from a picture, so it has no variations.",
        )
    parts = dict(pipeline.components)
    known = inspect.signature(kind.__init__).parameters
    plain = {name: value for name, value in pipeline.config.items() if name in known}
    made = kind(**plain | {name: part for name, part in parts.items() if name in known})
    made.set_progress_bar_config(disable=True)
    return made


def _sibling_kind(pipeline: Any) -> Any:
    name = type(pipeline).__name__
    return getattr(diffusers, name.replace("Pipeline", "Img2ImgPipeline"), None)


def _missing(text: str) -> RenderFailed:
    return RenderFailed("model_missing", text)


def _require_fit(card: ModelCard, found: Facts) -> None:
    if reason := families.unfit(found):
        raise _missing(f"The model {card.name} {reason}: choose another one.")


def _kind(name: str) -> Any:
    """The text-to-image class among the siblings of pipeline class `name`."""
    for wanted in (_SIBLING.sub("", name), name):
        if kind := getattr(diffusers, wanted, None):
            return kind
    raise _missing(f"The model is made for {name}, which needs a newer version of diffusers.")


# Folders


def _from_folder(card: ModelCard, folder: Path, dtype: torch.dtype) -> Any:
    found = facts.of_folder(folder)
    if found is None:
        raise _missing(f"The folder {card.name} holds no {INDEX}: it is no diffusers model.")
    _require_fit(card, found)
    extra = {"variant": "fp16"} if _needs_fp16(folder, found) else {}
    return _kind(found.kind).from_pretrained(
        str(folder), dtype=dtype, local_files_only=True, **extra, **_NO_CHECKER
    )


def _needs_fp16(folder: Path, found: Facts) -> bool:
    """True where a part has only weights of the fp16 variant; diffusers takes mixtures if asked."""
    parts = (name for name in found.pipeline if name != "safety_checker")
    return any(_only_fp16([path.name for path in (folder / part).glob("*")]) for part in parts)


def _only_fp16(files: list[str]) -> bool:
    weights = [".fp16" in name for name in files if name.endswith(_WEIGHTS)]
    return bool(weights) and all(weights)


# The hub


def _from_hub(card: ModelCard, dtype: torch.dtype, library: Library) -> Any:
    def fetch(**extra: Any) -> Any:
        return DiffusionPipeline.from_pretrained(
            card.source, dtype=dtype, **library.hub(), **extra, **_NO_CHECKER
        )

    try:
        pipeline = _smaller_first(fetch, dtype)
    except GatedRepoError:
        raise _missing(
            f"The model {card.source} is gated: accept its terms on its page, and set HF_TOKEN."
        ) from None
    except RepositoryNotFoundError:
        raise _missing(
            f"The hub has no model {card.source} (or it is private: then set HF_TOKEN)."
        ) from None
    except OSError as error:
        raise _missing(
            f"The model {card.source} is not on this disk, and could not be fetched from the hub "
            f"({cause(error)})."
        ) from error
    kind = _kind(type(pipeline).__name__)
    return pipeline if isinstance(pipeline, kind) else _as(kind, pipeline)


def _smaller_first(fetch: Callable[..., Any], dtype: torch.dtype) -> Any:
    """Half the download, where the repository offers it and half precision is wanted."""
    if dtype is torch.float32:
        return fetch()
    try:
        return fetch(variant="fp16")
    except ValueError:
        return fetch()


def _as(kind: Any, pipeline: Any) -> Any:
    known = inspect.signature(kind.__init__).parameters
    parts = {**pipeline.config, **pipeline.components}
    return kind(**{name: part for name, part in parts.items() if name in known})


# Single files


def _from_file(card: ModelCard, file: Path, dtype: torch.dtype, library: Library) -> Any:
    if not file.is_file():
        raise _missing(f"The model file {file.name} does not exist.")
    try:
        weights = checkpoint.read(file)
    except UnfitFile as error:
        raise _missing(f"The model file {file.name} {error}.") from error
    if reason := families.no_model(weights.shapes):
        raise _missing(f"The model file {file.name} {reason}: choose another one.")
    if found := families.of_file(weights.shapes, card.stem):
        _require_fit(card, found)
    folder = _configs_beside(file, library) or _configs_from_hub(card, file, weights, library)
    index = facts.of_folder(folder)
    assert index
    pipeline = _kind(index.kind).from_single_file(
        weights, config=str(folder), dtype=dtype, local_files_only=True, **_NO_CHECKER
    )
    if families.is_v_prediction(weights.shapes, card.stem):
        own = pipeline.scheduler
        pipeline.scheduler = type(own).from_config(
            own.config, prediction_type="v_prediction", rescale_betas_zero_snr=True,
            timestep_spacing="trailing",
        )  # fmt: skip
    return pipeline


def _places(file: Path, library: Library) -> Iterator[Path]:
    if library.configs:
        yield Path(library.configs).expanduser()
    yield file.parent / file.stem
    yield file.parent / "configs" / file.stem
    yield file.parent / "configs"


def _configs_beside(file: Path, library: Library) -> Path | None:
    return next((place for place in _places(file, library) if facts.of_folder(place)), None)


def _configs_from_hub(card: ModelCard, file: Path, weights: Weights, library: Library) -> Path:
    repository = _repository(weights, card.stem)
    try:
        return Path(snapshot_download(repository, allow_patterns=_CONFIGS, **library.hub()))
    except (OSError, HfHubHTTPError) as error:
        raise _missing(
            f"The model file {file.name} holds weights only, and the configs and tokenizer of "
            f"{repository}, which it needs, could not be fetched from the hub: put them ({INDEX} "
            f"and its subfolders) into a folder {file.stem} beside it."
        ) from error


def _repository(weights: Weights, name: str) -> str:
    """The hub repository whose configs fit these weights, told by their shapes."""
    if found := families.published(weights.shapes, name):
        return found.repository
    from diffusers.loaders import single_file_utils  # only for families that are not in our table

    return single_file_utils.fetch_diffusers_config(weights)["pretrained_model_name_or_path"]
