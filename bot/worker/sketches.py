"""How a half-drawn picture is shown: by a small decoder (TAESD, Ollin Boer Bohan) where the model
has one, else by its latents' colours. Imported in a worker only.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from diffusers.models.autoencoders.vae import DecoderTiny
from PIL import Image

from bot.models import addons
from bot.models.addons import Addon
from bot.models.cards import ModelCard
from bot.worker import capacity, checkpoint, pipelines
from bot.worker.library import Library
from bot.worker.precision import ran_out_of_memory
from bot.worker.previews import LatentColours

log = logging.getLogger(__name__)

_SIDE = 256
"""Nobody sees more pixels of a preview, along the longer side."""
_QUICK_S = 0.05
_SHARE = 0.25
"""On a processor a preview takes as long as this share of a step, or `_QUICK_S`; else it is rough.
A card draws it in a few thousandths of a second."""
_PATIENCE = 0.9
"""What was too slow counts as so much quicker each time that it is left out: it is tried again."""


class TinyDecoder:
    """On a device, in a dtype. Takes latents as the denoiser knows them."""

    def __init__(self, one: Addon, device: torch.device, dtype: torch.dtype) -> None:
        sizes, weights = one.sizes, checkpoint.read(addons.weights_of(one.path))
        self.module = DecoderTiny(
            sizes["latent_channels"], 3, tuple(sizes["num_decoder_blocks"]),
            tuple(sizes["decoder_block_out_channels"]), 2, "relu", "nearest",
        )  # fmt: skip
        self.module.load_state_dict(dict(_layers(weights, sizes["at"], sizes["first"])))
        self.module.to(device, dtype).eval()
        self._device, self._dtype = device, dtype

    def pictures(self, latents: torch.Tensor, until: float = math.inf) -> list[Image.Image]:
        """`latents` (n, channels, height, width) → n pictures, each of `_SIDE` pixels or a little
        more where it has as many; none where that time has come before the last is begun."""
        pixels: list[torch.Tensor] = []
        for one in latents.detach().to(self._device, self._dtype):
            if pixels and time.monotonic() > until:
                return []
            pixels.append(_small(self.module(one[None])))
        return [Image.fromarray(one) for one in torch.cat(pixels).cpu().numpy()]


def _layers(weights: Mapping[str, torch.Tensor], at: str, first: int) -> Iterator[Any]:
    """By their names in diffusers' decoder, where the first of them is number 0."""
    for name, tensor in weights.items():
        number, _, rest = name.removeprefix(at).partition(".")
        if name.startswith(at) and number.isdigit():
            yield f"layers.{int(number) - first}.{rest}", tensor


def _small(decoded: torch.Tensor) -> torch.Tensor:
    """Bytes (n, height, width, 3) of pictures from -1 to 1, made smaller where they are so."""
    many = max(1, max(decoded.shape[-2:]) // _SIDE)
    shares = torch.nn.functional.avg_pool2d(decoded.float() * 0.5 + 0.5, many).clamp(0, 1)
    return (shares * 255).round().to(torch.uint8).movedim(1, -1)


class Sketches:
    """`colours` and `tiny` as far as there are; `taught` makes of latents what the tiny decoder
    was taught with."""

    def __init__(
        self,
        colours: LatentColours | None,
        tiny: TinyDecoder | None = None,
        taught: Callable[[torch.Tensor], torch.Tensor] = lambda latents: latents,
    ) -> None:
        self.colours = colours
        self.tiny = tiny
        self._taught = taught
        self._seconds: dict[torch.Size, float] = {}

    @property
    def able(self) -> bool:
        """Whether there are any."""
        return self.colours is not None or self.tiny is not None

    def pictures(self, latents: torch.Tensor, step_s: float) -> list[Image.Image]:
        """Of `latents` (n, channels, height, width), as the denoiser knows them, after a step that
        took so long; none where that would take too long."""
        wait = max(_QUICK_S, _SHARE * step_s)
        took = self._seconds.get(latents.shape, 0.0)
        if took > wait:
            self._seconds[latents.shape] = _PATIENCE * took
        elif self.tiny and (pictures := self._decoded(self.tiny, latents, wait)):
            return pictures
        return self.colours.pictures(latents) if self.colours else []

    def _decoded(self, tiny: TinyDecoder, latents: torch.Tensor, wait: float) -> list[Image.Image]:
        """None of a size for which there is no memory, this time and from then on."""
        started, timed = time.monotonic(), latents.device.type == "cpu"
        try:  # on a card the step is waited for as well
            until = started + wait if timed else math.inf
            pictures = tiny.pictures(self._taught(latents), until)
        except Exception as error:
            if not ran_out_of_memory(error):
                raise
            pictures = None
        if pictures is None:  # outside the except clause, whose traceback holds tensors
            self._seconds[latents.shape] = math.inf
            capacity.release()
        elif timed:
            self._seconds[latents.shape] = time.monotonic() - started
        return pictures or []


def tiny_of(
    pipeline: Any, card: ModelCard, dtype: torch.dtype, library: Library
) -> TinyDecoder | None:
    """The decoder for previews that the card names; None, with a word in the log, where there is
    none that fits."""
    if not card.preview:
        return None
    one = library.addon(card, addons.PREVIEWER, card.preview)
    found = pipelines.described(pipeline, card.name)
    if why := addons.unfit(one, card.preview, found):
        log.warning("%s", why)
        return None
    assert one
    return TinyDecoder(one, pipeline._execution_device, dtype)
