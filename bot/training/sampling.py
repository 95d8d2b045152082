"""Sampling: how a pipeline is asked for the pictures that are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

_BATCH = 16
_SOLVERS: dict[str, Any] = {
    "DDIM": DDIMScheduler,
    "DPM++": DPMSolverMultistepScheduler,
    "UniPC": UniPCMultistepScheduler,
}


@dataclass(frozen=True)
class Sampling:
    """How pictures are drawn from the pipeline."""

    steps: int = 12
    guidance: float = 3.0
    solver: str = "DDIM"

    def __str__(self) -> str:
        return f"{self.solver}, {self.steps} steps, guidance {self.guidance:g}"


def draw(
    pipeline: StableDiffusionPipeline,
    prompts: Sequence[str | None],
    sampling: Sampling,
    seed: int = 0,
    **options: Any,
) -> torch.Tensor:
    """One picture a prompt, each from its own seed: uint8, shape (n, 3, 128, 128).

    A single prompt may be None where the options hold its embedding.
    """
    solver = _SOLVERS[sampling.solver]
    if type(pipeline.scheduler) is not solver:
        pipeline.scheduler = solver.from_config(pipeline.scheduler.config)
    parts = []
    for start in range(0, len(prompts), _BATCH):
        batch = list(prompts[start : start + _BATCH])
        dice = [torch.Generator().manual_seed(seed * 7919 + start + k) for k in range(len(batch))]
        pictures = pipeline(
            None if batch == [None] else batch,  # type: ignore[arg-type]
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance,
            generator=dice,
            output_type="np",
            **options,
        ).images  # type: ignore[union-attr]
        parts.append(torch.from_numpy(np.asarray(pictures)).permute(0, 3, 1, 2))
    return (torch.cat(parts) * 255).round().to(torch.uint8)
