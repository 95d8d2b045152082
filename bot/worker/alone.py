"""Opening a file of a denoiser alone. The numbers of a .gguf file stay as small in memory as on
disk, and are unpacked one layer at a time. Imported in a worker only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import torch

from bot.models import facts
from bot.models.facts import Facts
from bot.worker.checkpoint import Weights
from bot.worker.library import missing

_diffusers: Any = diffusers


def denoiser(weights: Weights, folder: Path, index: Facts, dtype: torch.dtype) -> dict[str, Any]:
    """That of the pipeline whose configs are in `folder`, by its name there, computing in `dtype`.

    Raises RenderFailed("model_missing") for a pipeline that has none that is read of such a file.
    """
    file, packed = Path(weights), facts.is_gguf(Path(weights))
    part = "transformer" if packed or "transformer" in index.pipeline else "unet"
    _, name = index.pipeline.get(part) or (None, "")
    kind: Any = getattr(_diffusers, name or "", None)
    if not hasattr(kind, "from_single_file"):
        form = file.suffix.lower()
        raise missing(f"The model file {file.name} is of a family that no {form} file is read of.")
    how: dict[str, Any] = {"dtype": dtype, "local_files_only": True}
    if packed:
        how["quantization_config"] = _diffusers.GGUFQuantizationConfig(compute_dtype=dtype)
    given = str(file) if packed else _bare(weights)
    return {part: kind.from_single_file(given, config=str(folder), subfolder=part, **how)}


_BEFORE = (facts.DENOISER, "diffusion_model.", "transformer.", "unet.")
"""What other tools put before every name; not all families in diffusers know that."""


def _bare(weights: Weights) -> dict[str, torch.Tensor]:
    """By the names that the makers published; those of a U-Net have its place before them."""
    before = next((each for each in _BEFORE if any(name.startswith(each) for name in weights)), "")
    named = {name.removeprefix(before): tensor for name, tensor in weights.items()}
    if not any(name.startswith("input_blocks.") for name in named):
        return named
    return {f"{facts.DENOISER}{name}": tensor for name, tensor in named.items()}
