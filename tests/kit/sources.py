"""Models on disk without weights: configs and headers, made by hand."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

FACTOR_8 = {"block_out_channels": [128, 256, 512, 512]}
LEADING = {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}
TRAILING = {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}

FIRST = "model.diffusion_model.input_blocks.0.0.weight"
SD = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
XL = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"


def folder(
    path: Path,
    kind: str = "StableDiffusionXLPipeline",
    side: int = 128,
    scheduler: dict[str, Any] | None = None,
    index: dict[str, Any] | None = None,
    **denoiser: Any,
) -> str:
    """A folder in diffusers' format without weights."""
    part = (
        "unet"
        if kind.startswith(("StableDiffusionXL", "StableDiffusionP", "Lat"))
        else ("transformer")
    )
    configs = {
        "model_index.json": {"_class_name": kind, **(index or {})},
        f"{part}/config.json": {"sample_size": side, **denoiser},
        "vae/config.json": FACTOR_8,
        "scheduler/scheduler_config.json": scheduler or LEADING,
    }
    for name, config in configs.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(json.dumps(config))
    return str(path)


def weights(path: Path, shapes: dict[str, list[int]], payload: int = 0) -> Path:
    """A .safetensors file whose tensors are all empty at its end, and `payload` bytes."""
    offsets = {"dtype": "F16", "data_offsets": [0, payload]}
    header = json.dumps({name: offsets | {"shape": shape} for name, shape in shapes.items()})
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(payload))
    return path


def whole(path: Path, *parts: str, **more: Any) -> Path:
    """A folder whose `parts` ("unet", "vae") are in its index and have their weights."""
    index = {part: ["diffusers", "Some"] for part in parts} | {"safety_checker": [None, None]}
    folder(path, index=index, **more)
    for part in parts:
        (path / part).mkdir(exist_ok=True)
        weights(path / part / "model.safetensors", {"a": [1]}, payload=8)
        if not (path / part / "config.json").exists():
            (path / part / "config.json").write_text("{}")
    return path


def checkpoint(path: Path) -> Path:
    """A .ckpt file as `torch.save` begins and ends it: an archive."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00." * 100)
    return path
