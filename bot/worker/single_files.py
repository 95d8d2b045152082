"""Opening a pipeline from one .safetensors, .ckpt or .gguf file, which holds nothing but weights.

Its configs are looked for beside it, then in the box (`bot.models.box`), then on the hub. Imported
in a worker only, with the first model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import torch
from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from bot.models import box, facts, families, single
from bot.models.cards import ModelCard
from bot.models.facts import INDEX, UnfitFile
from bot.models.parts import has_weights
from bot.worker import alone, checkpoint, siblings, tokenizers
from bot.worker.beside import Beside, Completed
from bot.worker.checkpoint import Weights
from bot.worker.library import NO_CHECKER, Library, absent, missing

_CONFIGS = ["*.json", "**/*.json", "*.txt", "**/*.txt", "**/*.model"]
_T5, _T5_FILE = "google-t5/t5-base", "tokenizer.json"
"""Every T5 has the same words."""


def open_file(card: ModelCard, file: Path, dtype: torch.dtype, library: Library) -> Any:
    """A pipeline on the CPU. Raises RenderFailed("model_missing") and what the libraries raise."""
    weights = _read(card, file)
    pipeline = _opened(card, file, weights, dtype, library)
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval()  # diffusers leaves T5 learning, at random
            if any(each.is_meta for each in part.parameters()):
                raise missing(f"The model file {file.name} lacks some of its weights.")
    found = single.published(weights.shapes, card.stem)
    known = found is not None and found.v_prediction  # Stable Diffusion 2, by its own schedule
    if not known and single.is_v_prediction(weights.shapes, card.stem):
        pipeline.scheduler = _of_velocity(pipeline.scheduler, weights)
    return pipeline


def _of_velocity(own: Any, weights: Weights) -> Any:
    """CosXL's noise begins stronger than any betas say, and is told by its strength."""
    if single.COSINE in weights:
        low, high = (weights[f"edm_vpred.sigma_{end}"].float().item() for end in ("min", "max"))
        kind = getattr(diffusers, single.EDM)
        return kind(low, high, sigma_data=1.0, prediction_type="v_prediction")
    return type(own).from_config(
        own.config, prediction_type="v_prediction", rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )  # fmt: skip


def _read(card: ModelCard, file: Path) -> Weights:
    if not file.is_file():
        raise missing(f"The model file {file.name} does not exist.")
    try:
        weights = checkpoint.read(file)
    except UnfitFile as error:
        raise missing(f"The model file {file.name} {error}.") from error
    if reason := single.no_model(weights.shapes):
        raise missing(f"The model file {file.name} {reason}: choose another one.")
    found = single.of_file(weights.shapes, card.stem)
    if found and (reason := families.unfit(found)):
        raise missing(f"The model {card.name} {reason}: choose another one.")
    return weights


def _opened(
    card: ModelCard, file: Path, weights: Weights, dtype: torch.dtype, library: Library
) -> Any:
    folder = _configs_beside(file, library)
    found = single.published(weights.shapes, card.stem)
    configs = box.configs_for(found, weights.shapes) if found and not folder else None
    if found and configs:
        whole = Beside(file, card.vae).completed(found.box, configs, weights, dtype)
        return _from_box(file, whole, dtype, library)
    if single.is_alone(weights.shapes) and not (folder and has_weights(folder)):
        raise missing(
            f"The model file {file.name} holds one part of its model: put a folder in diffusers' "
            f"format with the others beside it, and call it {file.stem}."
        )
    return _from_folder(folder or _from_hub(card, file, weights, library), weights, dtype)


def _from_box(file: Path, whole: Completed, dtype: torch.dtype, library: Library) -> Any:
    parts = _tokenizers(file, whole, library) | dict(whole.parts)
    with tempfile.TemporaryDirectory() as place:
        whole.configs.write(Path(place))
        return _from_folder(Path(place), _tied(whole.weights, file), dtype, **parts)


_T5_WORDS = "text_encoders.t5xxl.transformer.shared.weight"


def _tied(weights: Weights, file: Path) -> Weights:
    """T5 has one table of words under two names, of which a file may have one."""
    again = _T5_WORDS.replace("shared", "encoder.embed_tokens")
    words = weights.get(_T5_WORDS)
    return weights if words is None else Weights({again: words, **weights}, file)


def _tokenizers(file: Path, whole: Completed, library: Library) -> dict[str, Any]:
    """Each reads for the text encoder of its number."""
    made: dict[str, Any] = {}
    for name, (_, kind) in _parts(whole.configs.index):
        encoder = name.replace("tokenizer", "text_encoder")
        if not name.startswith("tokenizer") or name in whole.parts:
            continue
        config = whole.configs.files[f"{encoder}/config.json"]
        if kind == "CLIPTokenizer":
            made[name] = tokenizers.clip(config["max_position_embeddings"], config["pad_token_id"])
        else:
            made[name] = tokenizers.t5(_t5_file(file, name, library))
    return made


def _t5_file(file: Path, name: str, library: Library) -> Path:
    places = [place / name for place in _places(file, library)] + [file.parent / "t5"]
    for place in places:
        if (place / _T5_FILE).is_file():
            return place / _T5_FILE
    try:
        return Path(hf_hub_download(_T5, _T5_FILE, **library.hub()))
    except (OSError, HfHubHTTPError) as error:
        raise missing(
            f"The model file {file.name} needs T5's tokenizer, which could not be fetched from the "
            f"hub: put the file {_T5_FILE} of {_T5} (1.4 MB) into a folder t5 beside it."
        ) from error


def _parts(index: box.Config) -> Iterator[tuple[str, list[str]]]:
    return ((name, value) for name, value in index.items() if isinstance(value, list))


def _from_folder(folder: Path, weights: Weights, dtype: torch.dtype, **parts: Any) -> Any:
    index = facts.of_folder(folder)
    assert index
    kind, config = siblings.from_words(index.kind), str(folder)
    common = {"dtype": dtype, "local_files_only": True, **NO_CHECKER}
    packed, rest = facts.is_gguf(Path(weights)), has_weights(folder)
    if packed or (rest and single.is_alone(weights.shapes)):
        parts |= alone.denoiser(weights, folder, index, dtype)
        if rest:
            return kind.from_pretrained(config, **absent(index) | common | parts)
    return kind.from_single_file(weights, config=config, **common, **parts)


def _places(file: Path, library: Library) -> Iterator[Path]:
    if library.configs:
        yield Path(library.configs).expanduser()
    yield file.parent / file.stem
    yield file.parent / "configs" / file.stem
    yield file.parent / "configs"


def _configs_beside(file: Path, library: Library) -> Path | None:
    return next((place for place in _places(file, library) if facts.of_folder(place)), None)


def _from_hub(card: ModelCard, file: Path, weights: Weights, library: Library) -> Path:
    if single.is_strange(weights.shapes):
        raise missing(f"The model file {file.name} {single.STRANGE.format(name=file.stem)}.")
    repository = _repository(weights, card.stem)
    try:
        return Path(snapshot_download(repository, allow_patterns=_CONFIGS, **library.hub()))
    except (OSError, HfHubHTTPError) as error:
        raise missing(
            f"The model file {file.name} holds weights only, and the configs and tokenizer of "
            f"{repository}, which it needs, could not be fetched from the hub: put them ({INDEX} "
            f"and its subfolders) into a folder {file.stem} beside it."
        ) from error


def _repository(weights: Weights, name: str) -> str:
    """The hub repository whose configs fit these weights, told by their shapes."""
    if found := single.published(weights.shapes, name):
        return found.repository
    from diffusers.loaders import single_file_utils  # only for families that are not in our table

    return single_file_utils.fetch_diffusers_config(weights)["pretrained_model_name_or_path"]
