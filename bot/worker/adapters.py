"""LoRAs on one model (Hu et al. 2021): put on for a drawing, and off again for the next.

What is put on stays in memory beside the weights, which it does not change, so that drawings with
and without it may take turns at every step. Imported in a worker only.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Any

import torch
from diffusers.utils.peft_utils import set_adapter_layers

from bot.domain.errors import RenderFailed
from bot.models import addons
from bot.models.addons import Addon
from bot.models.cards import ModelCard
from bot.models.facts import UnfitFile
from bot.worker import checkpoint, mapped, pipelines
from bot.worker.library import Library
from bot.worker.precision import ran_out_of_memory

KEPT = 4
"""So many stay in memory, the last that were used."""

Worn = tuple[tuple[str, float], ...]
"""Names and weights of what is on; a name means one file as it was when it was asked for."""


class Adapters:
    """Of one pipeline. `worn` is what is on now."""

    def __init__(self, pipeline: Any, card: ModelCard, library: Library) -> None:
        self.worn: Worn = ()
        self._pipeline = pipeline
        self._card = card
        self._library = library
        self._files: dict[str, Addon] = {}
        self._loaded: OrderedDict[str, None] = OrderedDict()

    def found(self, wanted: Mapping[str, float]) -> Worn:
        """What is meant by these keys and weights; nothing is on yet.

        Raises RenderFailed("lora_gone") for a key that there is no LoRA of.
        """
        return tuple((self._named(key), weight) for key, weight in wanted.items() if weight)

    def _named(self, key: str) -> str:
        one = self._library.addon(self._card, addons.LORA, key)
        if one is None:
            raise RenderFailed("lora_gone", f"There is no LoRA {key} beside the models.")
        state = one.path.stat()
        said = f"{one.path} {state.st_ino} {state.st_size} {state.st_mtime_ns}"
        name = f"lora{hashlib.sha256(said.encode()).hexdigest()[:12]}"
        self._files[name] = one
        return name

    def wear(self, worn: Worn) -> None:
        """Have just these on. Raises RenderFailed("bad_input") for one of another family."""
        if worn == self.worn:
            return
        for name, _ in worn:
            self._load(name, {each for each, _ in worn})
        if worn:
            self._pipeline.set_adapters(*map(list, zip(*worn, strict=True)))
        for part in self._pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                set_adapter_layers(part, enabled=bool(worn))
        self.worn = worn

    def _load(self, name: str, needed: Collection[str]) -> None:
        if name in self._loaded:
            self._loaded.move_to_end(name)
            return
        idle = [each for each in self._loaded if each not in needed]
        for each in idle[: max(0, len(self._loaded) + 1 - KEPT)]:
            self._pipeline.delete_adapters(each)
            del self._loaded[each]
        one = self._files[name]
        if not addons.fits(one, pipelines.described(self._pipeline, self._card.stem)):
            raise self._unfit(one)
        try:
            matrices = self._matrices(one)
            self._pipeline.load_lora_weights(matrices, adapter_name=name)
        except RenderFailed:
            raise
        except Exception as error:  # whatever the libraries raise at matrices of other sizes
            self._clear()
            if ran_out_of_memory(error):
                raise
            raise self._unfit(one) from error
        if not any(name in names for names in self._pipeline.get_list_adapters().values()):
            raise self._unfit(one)
        self._loaded[name] = None

    def _matrices(self, one: Addon) -> dict[str, torch.Tensor]:
        """Raises RenderFailed("bad_input") for numbers that would spoil every picture."""
        found = _spelled(mapped.owned(_read(one)), hasattr(self._pipeline, "unet"))
        if not all(bool(each.float().isfinite().all()) for each in found.values()):
            raise RenderFailed(
                "bad_input", f"The LoRA {one.key} is damaged: it holds what are no numbers."
            )
        return found

    def _clear(self) -> None:
        """Nothing is on, and nothing half."""
        self._pipeline.unload_lora_weights()
        self._loaded.clear()
        self.worn = ()

    def _unfit(self, one: Addon) -> RenderFailed:
        made = " or ".join(addons.FAMILIES[family] for family in one.fits)
        why = f"is made for {made} and does" if made else "does"
        text = f"The LoRA {one.key} {why} not fit the model {self._card.name}."
        return RenderFailed("bad_input", text)


def _read(one: Addon) -> Mapping[str, torch.Tensor]:
    try:
        return _folded(checkpoint.read(one.path))
    except UnfitFile as error:
        raise RenderFailed("bad_input", f"The LoRA {one.path.name} {error}.") from error


_MIDDLE = ".lora_mid.weight"


def _folded(matrices: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """LyCORIS lays three convolutions beside one (Tucker): the first takes channels alone, the
    middle one its whole window. Both together are the one that diffusers knows."""
    found = dict(matrices)
    for name in [name for name in matrices if name.endswith(_MIDDLE)]:
        down = name.replace(_MIDDLE, ".lora_down.weight")
        window, channels = found.pop(name), found[down]
        folded = torch.einsum("abhw,bc->achw", window.double(), channels.flatten(1).double())
        found[down] = folded.to(channels.dtype)
    return found


_PEFT = "base_model.model."
_PLACES = re.compile(r"(down_blocks|mid_block|up_blocks|(single_)?transformer_blocks)\.")
"""What a name begins with that does not say in which part of a pipeline it is."""


def _spelled(matrices: Mapping[str, torch.Tensor], on_unet: bool) -> dict[str, torch.Tensor]:
    """As diffusers knows them, which writes the part in front; peft itself writes other words there
    and, at times, the name of the adapter behind."""
    part = "unet." if on_unet else "transformer."
    found = {}
    for name, matrix in matrices.items():
        plain = name.removeprefix(_PEFT).replace(".default.weight", ".weight")
        found[f"{part}{plain}" if _PLACES.match(plain) else plain] = matrix
    return found
