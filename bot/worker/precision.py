"""Devices and data types: which to draw with, and how it shows that one was too small.

Half precision overflows in some models on some cards; the numbers are then not finite and the
picture is black, without any error. Imported in a worker only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from bot.domain.errors import SettingsError

_NATIVE_BF16 = ("avx512_bf16", "amx_bf16", "bf16")


_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")


class NotFinite(Exception):
    """Latents or pictures hold infinite numbers or none at all."""


def ran_out_of_memory(error: BaseException) -> bool:
    """True for the errors of all devices; a CPU's and Metal's are told by their text alone."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _OUT_OF_MEMORY)


def pick_device(wanted: str) -> torch.device:
    """ "auto" is the first of CUDA, Apple's Metal and the CPU that is there. Raises SettingsError
    for a card that this torch cannot draw on."""
    if wanted != "auto":
        device = torch.device(wanted)
        if device.type == "cuda" and not torch.cuda.is_available():
            lacks = "sees none" if torch.version.cuda or torch.version.hip else "is built for none"
            raise SettingsError(
                f"DEVICE asks for a card, but torch {torch.__version__} {lacks}: write DEVICE=auto,"
                " or install a torch and a driver that fit"
            )
        return device
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """ "auto" is half precision where the hardware computes in it, bfloat16 before float16."""
    if wanted != "auto":
        dtype = getattr(torch, wanted, None)
        if not isinstance(dtype, torch.dtype):
            raise ValueError(f"{wanted!r} is no data type: use float32, bfloat16 or float16")
        return dtype
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if native else torch.float16
    if device.type == "mps":
        return torch.float16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if any(able.get(name) for name in _NATIVE_BF16) else torch.float32


def require_finite(numbers: torch.Tensor) -> None:
    """Raises NotFinite."""
    if not numbers.isfinite().all():
        raise NotFinite


@contextlib.contextmanager
def finite_pictures(pipeline: Any) -> Iterator[None]:
    """While this lasts, what the pipeline decodes is checked, before it is clipped to a picture.

    Raises NotFinite out of the pipeline's call.
    """
    decoder = getattr(getattr(pipeline, "vae", None), "decoder", None)
    if not isinstance(decoder, torch.nn.Module):
        yield
        return
    hook = decoder.register_forward_hook(lambda _, __, decoded: require_finite(_tensor(decoded)))
    try:
        yield
    finally:
        hook.remove()


def _tensor(decoded: Any) -> torch.Tensor:
    return decoded if isinstance(decoded, torch.Tensor) else decoded[0]


def require_pictures(images: list[Any]) -> None:
    """Raises NotFinite for a PIL image without a spark of light: no model draws that."""
    for image in images:
        if not image.convert("L").getextrema()[1]:
            raise NotFinite
