"""Sampler names and the diffusers schedulers behind them. Imported in a worker only."""

from __future__ import annotations

from typing import Any

from bot.domain.errors import RenderFailed

DEFAULT = "default"
# A scheduler's own defaults where the model's config is silent: clipping would change colours.
_NEUTRAL = {"clip_sample": False, "set_alpha_to_one": False}
SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "plms": ("PNDMScheduler", {"skip_prk_steps": True}),
    "lcm": ("LCMScheduler", {}),
}


def sampler(name: str, own: Any) -> Any:
    """A fresh scheduler called `name`, configured like `own`, the model's.

    "default" is the model's own. Flow-matching models have only their own, whatever the name.
    Raises RenderFailed("bad_input") for an unknown name.
    """
    if name != DEFAULT and name not in SAMPLERS:
        known = ", ".join((DEFAULT, *SAMPLERS))
        raise RenderFailed("bad_input", f"There is no sampler {name!r}; there are {known}.")
    if name == DEFAULT or "FlowMatch" in type(own).__name__:
        return type(own).from_config(own.config)
    import diffusers  # in memory already, with the model

    kind, extra = SAMPLERS[name]
    return getattr(diffusers, kind).from_config(_NEUTRAL | dict(own.config), **extra)
