"""Opening the transformer of a .gguf file, whose numbers stay as small in memory as on disk and are
unpacked one layer at a time. Imported in a worker only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import torch

from bot.models.facts import Facts
from bot.worker.library import missing

_diffusers: Any = diffusers


def transformer(file: Path, folder: Path, index: Facts, dtype: torch.dtype) -> Any:
    """The transformer of the pipeline whose configs are in `folder`, computing in `dtype`.

    Raises RenderFailed("model_missing") for a pipeline that has none.
    """
    _, name = index.pipeline.get("transformer") or (None, "")
    if not hasattr(_diffusers, name):
        raise missing(f"The model file {file.name} is of a family that no .gguf file is read of.")
    return getattr(_diffusers, name).from_single_file(
        str(file),
        config=str(folder),
        subfolder="transformer",
        quantization_config=_diffusers.GGUFQuantizationConfig(compute_dtype=dtype),
        dtype=dtype,
        local_files_only=True,
    )
