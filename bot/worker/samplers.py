"""The diffusers schedulers behind the names of `bot.domain.samplers`. Imported in a worker only."""

from __future__ import annotations

from typing import Any

from bot.domain.errors import RenderFailed
from bot.domain.samplers import DEFAULT
from bot.models import families

# A scheduler's own defaults where the model's config is silent: clipping would change colours.
_NEUTRAL = {"clip_sample": False, "set_alpha_to_one": False}
# Where the last noise level holds no signal, it has no end, and Karras' levels would all lie there.
_KARRAS = {"use_karras_sigmas": True, "rescale_betas_zero_snr": False}
_SDE = {"algorithm_type": "sde-dpmsolver++"}
SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "plms": ("PNDMScheduler", {"skip_prk_steps": True}),
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm2": ("KDPM2DiscreteScheduler", {}),
    "dpm2_a": ("KDPM2AncestralDiscreteScheduler", {}),
    "dpmpp_2s": ("DPMSolverSinglestepScheduler", {"lower_order_final": True}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", _KARRAS),
    "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", _SDE),
    "dpmpp_2m_sde_karras": ("DPMSolverMultistepScheduler", _SDE | _KARRAS),
    "deis": ("DEISMultistepScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
}


def sampler(name: str, own: Any) -> Any:
    """A fresh scheduler called `name`, configured like `own`, the model's.

    "default" is the model's own. Raises RenderFailed("bad_input") for an unknown name, and for
    another than its own of a model that no other fits.
    """
    if name == DEFAULT:
        return type(own).from_config(own.config)
    if name not in SCHEDULERS:
        known = ", ".join((DEFAULT, *SCHEDULERS))
        raise RenderFailed("bad_input", f"There is no sampler {name!r}; there are {known}.")
    if not families.exchangeable(dict(own.config) | {"_class_name": type(own).__name__}):
        raise RenderFailed("bad_input", f"This model draws by its own sampler only, not by {name}.")
    import diffusers  # in memory already, with the model

    kind, extra = SCHEDULERS[name]
    return getattr(diffusers, kind).from_config(_NEUTRAL | dict(own.config), **extra)
