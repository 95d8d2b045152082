"""Pictures as prompts, through an IP-Adapter (Ye et al. 2023): attention to what CLIP sees in them,
beside the attention to the text. Imported in a worker only.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from bot.domain.errors import RenderFailed
from bot.models import addons
from bot.models.addons import Addon
from bot.models.cards import ModelCard
from bot.worker import checkpoint, mapped, pipelines
from bot.worker.asked import BLIND, Sight
from bot.worker.library import Library
from bot.worker.precision import ran_out_of_memory

_ROW = "image_embeds"
_LARGE = 1024
"""OpenAI's encoder has this width, and an activation that the later ones do not have."""


class ImagePrompts:
    """Of one pipeline with a U-Net, on with a `sight`; while that is BLIND nothing of it is in the
    U-Net."""

    def __init__(self, pipeline: Any, card: ModelCard, library: Library) -> None:
        self._pipeline = pipeline
        self._card = card
        self._library = library
        self._adapter: Addon | None = None
        self._eye: Any = None
        self._parts: Any = None
        self._without: Any = None
        self._hook: Any = None
        self.sight = BLIND

    @functools.cached_property
    def there(self) -> bool:
        """Whether there are an adapter for the model and its image encoder."""
        try:
            return hasattr(self._pipeline, "unet") and bool(self._found())
        except RenderFailed:
            return False

    def rows(
        self, images: Sequence[Image.Image], count: int, *, guided: bool
    ) -> dict[str, torch.Tensor]:
        """What the U-Net is told of them: a row for each sample, the negative half first.

        Raises RenderFailed("bad_input") where adapter or encoder is missing.
        """
        self._open()
        assert self._adapter
        size = self._eye.config.image_size
        processor = CLIPImageProcessor(size=size, crop_size=size)
        pixels = processor(list(images), return_tensors="pt").pixel_values
        positive, negative = self._seen(pixels), self._seen(torch.zeros_like(pixels))
        if not self._adapter.sizes["hidden"]:
            negative = torch.zeros_like(positive)
        halves = [negative, positive] if guided else [positive]
        return {_ROW: torch.cat([half[None].repeat_interleave(count, 0) for half in halves])}

    def _seen(self, pixels: torch.Tensor) -> torch.Tensor:
        """What stands for each picture: one vector, or one for each patch."""
        assert self._adapter
        seen = self._eye(pixels.to(self._eye.device, self._eye.dtype), output_hidden_states=True)
        hidden = self._adapter.sizes["hidden"]
        means = seen.hidden_states[-2] if hidden else seen.image_embeds
        return means.to(self._device)

    @functools.cached_property
    def _device(self) -> torch.device:
        """Asked once: every module is looked at for it, several times over."""
        return self._pipeline._execution_device

    def wear(self, sight: Sight) -> None:
        """Have it on in this way."""
        if sight == self.sight:
            return
        unet = self._pipeline.unet
        if sight == BLIND:
            unet.set_attn_processor(dict(self._without))
            unet.encoder_hid_proj, unet.config.encoder_hid_dim_type = None, None
            self._hook.remove()
        elif self.sight == BLIND:
            self._put_on(unet)
        if sight != BLIND:
            self._pipeline.set_ip_adapter_scale(_scale(unet, sight))
        self.sight = sight

    def _put_on(self, unet: Any) -> None:
        self._open()
        assert self._adapter
        self._without = unet.attn_processors
        if self._parts is None:
            self._load(self._adapter)
            self._parts = unet.attn_processors, unet.encoder_hid_proj
        else:
            processors, projection = self._parts
            unet.set_attn_processor(dict(processors))
            unet.encoder_hid_proj = projection
        unet.config.encoder_hid_dim_type = "ip_image_proj"
        self._hook = unet.register_forward_pre_hook(_listed, with_kwargs=True)

    def _load(self, one: Addon) -> None:
        parts: dict[str, dict[str, torch.Tensor]] = {"image_proj": {}, "ip_adapter": {}}
        for name, tensor in mapped.owned(checkpoint.read(one.path)).items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        try:
            self._pipeline.load_ip_adapter(
                parts, subfolder="", weight_name="", image_encoder_folder=None
            )
        except Exception as error:  # whatever the libraries raise at matrices of other sizes
            self._pipeline.unet.set_attn_processor(dict(self._without))
            self._pipeline.unet.encoder_hid_proj = None
            if ran_out_of_memory(error):
                raise
            text = f"The IP-Adapter {one.key} does not fit the model {self._card.name}."
            raise RenderFailed("bad_input", text) from error

    def _open(self) -> None:
        """Have adapter and encoder. Raises RenderFailed("bad_input")."""
        if self._eye is None:
            self._adapter, eye = self._found()
            self._eye = self._opened(eye)

    def _found(self) -> tuple[Addon, Addon]:
        """Adapter and encoder. Raises RenderFailed("bad_input")."""
        described = pipelines.described(self._pipeline, self._card.stem)
        there = [one for one in self._library.addons(self._card) if addons.fits(one, described)]
        adapters = [one for one in there if one.kind == addons.IP_ADAPTER]
        if not adapters:
            text = f"There is no IP-Adapter for {self._card.name} beside the models."
            raise RenderFailed("bad_input", text)
        wanted = adapters[0].sizes["hidden"] or adapters[0].sizes["vector"]
        key = "hidden_size" if adapters[0].sizes["hidden"] else "projection_dim"
        eyes = [one for one in there if one.kind == addons.EYE and one.sizes[key] == wanted]
        if not eyes:
            text = f"The IP-Adapter {adapters[0].key} needs its image encoder beside the models."
            raise RenderFailed("bad_input", text)
        return adapters[0], eyes[0]

    def _opened(self, one: Addon) -> Any:
        width = one.sizes["hidden_size"]
        act = "quick_gelu" if width == _LARGE else "gelu"
        eye = CLIPVisionModelWithProjection(CLIPVisionConfig(**one.sizes, hidden_act=act))
        eye.load_state_dict(dict(checkpoint.read(one.path)), strict=False)
        unet = self._pipeline.unet
        return eye.to(unet.device, unet.dtype).eval()


def _scale(unet: Any, sight: Sight) -> Any:
    """Style acts in SDXL, whose last block attends to nothing, by the second layer behind the
    middle alone (Wang et al. 2024); in others, where none is known, by all."""
    weight, style = sight
    layers = len(getattr(unet.up_blocks[0], "attentions", ()))
    if not style or layers < 2 or hasattr(unet.up_blocks[-1], "attentions"):
        return weight
    return {"up": {"block_0": [weight if layer == 1 else 0.0 for layer in range(layers)]}}


def _listed(_: Any, given: Any, named: dict[str, Any]) -> Any:
    """The U-Net asks for a list, with an item for each adapter."""
    added = dict(named.get("added_cond_kwargs") or {})
    if isinstance(added.get(_ROW), torch.Tensor):
        added[_ROW] = [added[_ROW]]
    return given, {**named, "added_cond_kwargs": added}
