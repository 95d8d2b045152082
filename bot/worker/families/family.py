"""What a family of models offers to the loop in `bot.worker.stepping`, in the order of its use:

    check → encode → condition → schedule → gaussian, encoded → (predict → guide)* → decode

Knows tensors and a pipeline's parts; not attempts, samplers by name or progress. Imported in a
worker only.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from bot.worker.families.rows import Rows

Size = tuple[int, int]
"""Width and height in pixels."""
Guidance = float | torch.Tensor
"""One for all pictures, or one for each (n)."""


@dataclass(frozen=True)
class Capabilities:
    """What can be asked of a model.

    `negatives_above` is the guidance above which there are two forwards, one of them against the
    negative prompt (None: never). `previews` and `cancel` say whether a drawing shows its steps and
    can be ended at one, `shared_steps` whether each sample may be at a time of its own, so that
    drawings can share a forward. `steers` says whether all texts have as many tokens, so that
    `meanings` can reckon with them, `tiles` whether a picture's edges can be closed, `locates`
    whether it attends to texts in layers of their own, so that `bot.worker.locating` can find what
    they name. The others say what can be drawn from besides words.
    """

    negatives_above: float | None = 1.0
    image_to_image: bool = True
    inpainting: bool = False
    references: bool = False
    previews: bool = True
    cancel: bool = True
    shared_steps: bool = True
    lora: bool = False
    ip_adapter: bool = False
    steers: bool = False
    tiles: bool = True
    locates: bool = False

    def guided(self, guidance: float) -> bool:
        """Whether there is a negative half at this guidance."""
        return self.negatives_above is not None and guidance > self.negatives_above


class Family(Protocol):
    """One model of a family. What it raises as ValueError is shown to people."""

    capabilities: Capabilities
    repairs: bool
    """Whether the denoiser was trained to repair pictures, and sees what is `beside`."""
    cell: int
    """Pixels along a side of one of the `cells`."""

    @property
    def denoiser(self) -> Any:
        """The network that makes the steps."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """What latents are made of."""
        ...

    def check(self, size: Size) -> None:
        """Raises ValueError for a size that cannot be drawn."""
        ...

    def encode(self, text: str | None, negative: bool) -> Rows:
        """One row of what a text means, to be drawn or, where it is `negative`, not to be. None is
        the negative of who gave none."""
        ...

    def condition(
        self, positive: Rows, negative: Rows | None, count: int, guidance: Guidance, size: Size
    ) -> Rows:
        """What the denoiser is told of `count` samples, by one row each or one for all: the
        negative half first, where there is one."""
        ...

    def schedule(
        self, scheduler: Any, steps: int, size: Size, strength: float | None = None
    ) -> torch.Tensor:
        """The times (float or int, on the CPU) of the model's calls, from noise to picture; of a
        start from a picture only those that `strength` leaves."""
        ...

    def gaussian(self, size: Size, generators: Sequence[torch.Generator]) -> torch.Tensor:
        """Noise of spread 1, laid out as latents: a sample from each generator."""
        ...

    def first(self, scheduler: Any, noise: torch.Tensor) -> torch.Tensor:
        """What drawing from words begins with."""
        ...

    def encoded(self, image: Image.Image, generators: Sequence[torch.Generator]) -> torch.Tensor:
        """A picture of the right size as latents: a sample for each generator."""
        ...

    def looking(self, closed: bool) -> contextlib.AbstractContextManager[Any]:
        """While it is entered, what is `encoded` has closed edges, or not."""
        ...

    def seen(self, pixels: torch.Tensor) -> torch.Tensor:
        """A picture (1, 3, height, width) from -1 to 1 as `cells`."""
        ...

    def mixed(
        self, scheduler: Any, clean: torch.Tensor, noise: torch.Tensor, time: torch.Tensor
    ) -> torch.Tensor:
        """Latents at the noise of `time` (1), which is the first of a path or its next."""
        ...

    def mask(self, mask: Image.Image) -> torch.Tensor:
        """1 where a grey picture of the right size is light, else 0, laid out as latents of one
        picture."""
        ...

    def beside(
        self,
        image: Image.Image | None,
        mask: Image.Image | None,
        size: Size,
        generators: Sequence[torch.Generator],
    ) -> torch.Tensor | None:
        """What one that `repairs` sees beside the latents, a row for each generator; None for
        others, which keep what is outside a mask by blending."""
        ...

    def predict(self, rows: Rows, size: Size) -> torch.Tensor:
        """One forward of the denoiser: "latents", "times" (one for each row) and conditions."""
        ...

    def turned(
        self, latents: torch.Tensor, size: Size, step: int, back: bool = False
    ) -> torch.Tensor:
        """Latents of closed edges as the denoiser is to see them at a step; what it predicts of
        them is turned `back`."""
        ...

    def guide(
        self, negative: torch.Tensor, positive: torch.Tensor, guidance: Guidance, rescale: float
    ) -> torch.Tensor:
        """The prediction of both halves together."""
        ...

    def cells(self, latents: torch.Tensor, size: Size) -> torch.Tensor:
        """Latents as (n, channels, height, width), scaled as the denoiser knows them."""
        ...

    def unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        """Cells as the autoencoder takes them."""
        ...

    def taught(self, latents: torch.Tensor) -> torch.Tensor:
        """Cells as decoders for previews take them."""
        ...

    def decode(
        self, latents: torch.Tensor, size: Size, closed: bool = False, whole: bool = False
    ) -> torch.Tensor:
        """Pictures (n, 3, height, width) from -1 to 1 of finished latents, with closed edges or
        not; as a `whole`, where nothing may be cut that was `encoded`."""
        ...


def random(
    shape: Sequence[int],
    generators: Sequence[torch.Generator],
    device: torch.device,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Noise in which each sample of a shape comes from its own generator; on the CPU first, so that
    every device starts from the same."""
    given = (len(generators), *shape)
    return randn_tensor(given, generator=list(generators), device=device, dtype=dtype)


def sampled(encoded: Any, generators: Sequence[torch.Generator]) -> torch.Tensor:
    """A sample for each generator of what an autoencoder made of one picture."""
    if (distribution := getattr(encoded, "latent_dist", None)) is not None:
        return torch.cat([distribution.sample(generator) for generator in generators])
    latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent  # these are sure
    return latents.expand(len(generators), *latents.shape[1:])


def extra_of(scheduler: Any, generators: Sequence[torch.Generator]) -> dict[str, Any]:
    """What a scheduler's step takes besides prediction, time and latents: generators where it adds
    noise, and η = 0 where it asks."""
    known = takes(type(scheduler), "step")
    offered = {"eta": 0.0, "generator": list(generators)}
    return {name: value for name, value in offered.items() if name in known}


def times_after(scheduler: Any, skipped: int) -> torch.Tensor:
    """The times of a schedule that are left after so many steps of it, with which it begins."""
    begin = skipped * scheduler.order
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    return scheduler.timesteps[begin:]


def steps_within(scheduler: Any, steps: int, strength: float = 1.0) -> int:
    """No more than those that a sampler for consistency models was distilled to, of which so many
    are left by a strength."""
    most = scheduler.config.get("original_inference_steps")
    return min(steps, max(1, int(most * strength))) if most else steps


@functools.cache
def takes(kind: type, method: str) -> Collection[str]:
    """The names of what a method of a class of diffusers is called with: nothing else says it."""
    return frozenset(inspect.signature(getattr(kind, method)).parameters)


def classifier_free(
    negative: torch.Tensor, positive: torch.Tensor, guidance: Guidance, rescale: float = 0.0
) -> torch.Tensor:
    """Ho & Salimans 2022 in the form of Imagen, where 1 is no guidance.

    `rescale` is φ of Lin et al. 2023, section 3.4: how much of the spread that guidance adds is
    taken back.
    """
    guided = negative + guidance * (positive - negative)
    if not rescale:
        return guided
    over = list(range(1, positive.ndim))
    spread = positive.std(dim=over, keepdim=True) / guided.std(dim=over, keepdim=True)
    return rescale * (guided * spread) + (1 - rescale) * guided


def light(mask: Image.Image) -> torch.Tensor:
    """(1, 1, height, width): 1 where a grey picture is lighter than the middle, else 0."""
    grey = torch.from_numpy(np.asarray(mask.convert("L"), dtype=np.float32) / 255)
    return (grey[None, None] >= 0.5).float()
