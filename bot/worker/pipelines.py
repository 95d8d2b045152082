"""Opening a diffusers pipeline from wherever a model card says it lies.

A source is a folder in diffusers' format, one .safetensors or .ckpt file, or a repository on the
Hugging Face hub. Knows files and the hub; not devices or requests. Every failure is one
`RenderFailed("model_missing")` whose text says what is missing and where to put it.
Imported in a worker only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.loaders import single_file_utils
from diffusers.pipelines.auto_pipeline import AutoPipelineForText2Image
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from bot.domain.errors import RenderFailed
from bot.models.cards import ModelCard
from bot.models.facts import INDEX, is_single_file

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_CONFIGS = ["*.json", "**/*.json", "*.txt", "**/*.txt", "**/*.model"]
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")
_NO_CHECKER: dict[str, Any] = {"safety_checker": None, "requires_safety_checker": False}


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


def open_pipeline(card: ModelCard, dtype: torch.dtype, library: Library) -> Any:
    """A text-to-image pipeline on the CPU. Raises RenderFailed("model_missing", …)."""
    try:
        if is_single_file(card.source):
            pipeline = _from_file(Path(card.source).expanduser(), dtype, library)
        elif (folder := Path(card.source).expanduser()).is_dir():
            pipeline = _from_folder(folder, dtype)
        elif _HUB_ID.fullmatch(card.source):
            pipeline = _from_hub(card.source, dtype, library)
        else:
            raise _missing(f"The model folder {card.source} does not exist.")
    except RenderFailed:
        raise
    except Exception as error:  # the libraries raise nearly anything at a damaged model
        if ran_out_of_memory(error):
            raise
        raise _missing(
            f"The model {card.source} cannot be read ({_first_line(error)}): it has to be a folder "
            "in diffusers' format, a .safetensors or .ckpt file, or the name of a hub repository."
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def ran_out_of_memory(error: BaseException) -> bool:
    """True for the errors of all devices; a CPU's and Metal's are told by their text alone."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _OUT_OF_MEMORY)


def _missing(text: str) -> RenderFailed:
    return RenderFailed("model_missing", text)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")[:300]


def _from_folder(folder: Path, dtype: torch.dtype) -> Any:
    if not (folder / INDEX).is_file():
        raise _missing(f"The folder {folder} holds no {INDEX}: it is no diffusers model.")
    extra = {"variant": "fp16"} if _has_only_fp16(folder) else {}
    return AutoPipelineForText2Image.from_pretrained(
        str(folder), dtype=dtype, local_files_only=True, **extra, **_NO_CHECKER
    )


def _has_only_fp16(folder: Path) -> bool:
    files = [path.name for path in folder.glob("*/*.safetensors")]
    return bool(files) and all(".fp16" in name for name in files)


def _from_hub(repository: str, dtype: torch.dtype, library: Library) -> Any:
    def fetch(**extra: Any) -> Any:
        return AutoPipelineForText2Image.from_pretrained(
            repository, dtype=dtype, **library.hub(), **extra, **_NO_CHECKER
        )

    try:
        if dtype is torch.float32:
            return fetch()
        try:  # half the download, where the repository offers it
            return fetch(variant="fp16")
        except ValueError:
            return fetch()
    except GatedRepoError:
        raise _missing(
            f"The model {repository} is gated: accept its terms on its page, and set HF_TOKEN."
        ) from None
    except RepositoryNotFoundError:
        raise _missing(
            f"The hub has no model {repository} (or it is private: then set HF_TOKEN)."
        ) from None
    except OSError as error:
        raise _missing(
            f"The model {repository} is not on this disk, and could not be fetched from the hub "
            f"({_first_line(error)})."
        ) from error


def _from_file(file: Path, dtype: torch.dtype, library: Library) -> Any:
    if not file.is_file():
        raise _missing(f"The model file {file} does not exist.")
    folder = _configs_beside(file, library) or _configs_from_hub(file, library)
    index = json.loads((folder / INDEX).read_text())
    pipeline_class = getattr(diffusers, index["_class_name"])
    return pipeline_class.from_single_file(
        str(file), config=str(folder), dtype=dtype, local_files_only=True, **_NO_CHECKER
    )


def _places(file: Path, library: Library) -> Iterator[Path]:
    if library.configs:
        yield Path(library.configs).expanduser()
    yield file.parent / file.stem
    yield file.parent / "configs" / file.stem
    yield file.parent / "configs"


def _configs_beside(file: Path, library: Library) -> Path | None:
    return next((place for place in _places(file, library) if (place / INDEX).is_file()), None)


def _configs_from_hub(file: Path, library: Library) -> Path:
    repository = _family(file)
    try:
        return Path(snapshot_download(repository, allow_patterns=_CONFIGS, **library.hub()))
    except (OSError, HfHubHTTPError) as error:
        raise _missing(
            f"The model file {file.name} holds weights only, and the configs and tokenizer of "
            f"{repository}, which it needs, could not be fetched from the hub: put them ({INDEX} "
            f"and its subfolders) into {file.parent / file.stem}."
        ) from error


def _family(file: Path) -> str:
    """The hub repository whose configs fit the weights in `file`, told by their shapes."""
    checkpoint: Any = single_file_utils.load_single_file_checkpoint(str(file))
    return single_file_utils.fetch_diffusers_config(checkpoint)["pretrained_model_name_or_path"]
