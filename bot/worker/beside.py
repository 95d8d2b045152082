"""Parts that a single file lacks, from files of one part each that lie beside it.

People have such models in pieces: a transformer, a decoder, text encoders. Imported in a worker
only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bot.models import addons, box
from bot.models.addons import Addon
from bot.models.box import Configs
from bot.worker import checkpoint, decoders
from bot.worker.checkpoint import Weights
from bot.worker.library import missing

_EXAMPLES = {
    addons.DECODER: "ae.safetensors",
    addons.CLIP: "clip_l.safetensors",
    addons.T5: "t5xxl_fp16.safetensors",
}
_SPARE = {"StableDiffusion3Pipeline": ("text_encoder_3",)}
"""Parts that a kind of pipeline draws without."""


@dataclass(frozen=True)
class Completed:
    """Configs, all tensors under the names that they have in a file of a whole model, and the parts
    that are open already, or None for those that the pipeline draws without."""

    configs: Configs
    weights: Weights
    parts: Mapping[str, Any]


class Beside:
    """`named` is the decoder that the operator chose; empty: the only one that fits."""

    def __init__(self, file: Path, named: str = "") -> None:
        self._file = file
        self._named = named
        self._there = list(addons.beside(file))

    def completed(
        self, family: str, configs: Configs, weights: Weights, dtype: torch.dtype
    ) -> Completed:
        """With every part that is found.

        Raises RenderFailed("model_missing") for a part that the pipeline cannot do without.
        """
        files, tensors, parts = dict(configs.files), dict(weights), {}
        for name, part, one in self._chosen(family, configs):
            path = f"{name}/config.json"
            if one is None:
                if name not in _SPARE.get(configs.index["_class_name"], ()):
                    raise self._lacking(part.kind)
                parts |= {name: None, name.replace("text_encoder", "tokenizer"): None}
            elif one.kind == addons.DECODER:
                parts[name] = decoders.opened(one, files[path], dtype)
            else:
                files[path] = box.fitted(files[path], one.sizes)
                read = checkpoint.read(one.path)
                tensors |= {f"{part.at}{key}": each for key, each in read.items()}
        return Completed(Configs(files), Weights(tensors, self._file), parts)

    def _chosen(
        self, family: str, configs: Configs
    ) -> Iterator[tuple[str, box.Part, Addon | None]]:
        parts = box.PARTS[family]
        speakers = self._speakers(parts, configs)
        for name in configs.missing:
            match parts[name].kind:
                case addons.DECODER:
                    yield name, parts[name], self._decoder(configs)
                case addons.T5:
                    width = _denoiser(configs)["joint_attention_dim"]
                    yield name, parts[name], self._first(addons.T5, "d_model", width)
                case _:
                    yield name, parts[name], speakers.get(name)

    def _speakers(self, parts: Mapping[str, box.Part], configs: Configs) -> Mapping[str, Addon]:
        """CLIP's encoders that together are as wide as what the denoiser looks at."""
        all_of_them = [name for name, part in parts.items() if part.kind == addons.CLIP]
        wanted = [name for name in all_of_them if name in configs.missing]
        total = _denoiser(configs).get("pooled_projection_dim") or 0
        for name in set(all_of_them) - set(wanted):
            total -= configs.files[f"{name}/config.json"]["hidden_size"]
        there = [one for one in self._there if one.kind == addons.CLIP]
        there.sort(key=lambda one: one.sizes["hidden_size"])
        for some in itertools.combinations(there, len(wanted)):
            if sum(one.sizes["hidden_size"] for one in some) == total:
                return dict(zip(wanted, some, strict=True))
        return {}

    def _decoder(self, configs: Configs) -> Addon | None:
        latents = configs.files["vae/config.json"]["latent_channels"]
        fitting = [
            one
            for one in self._of(addons.DECODER, "latent_channels", latents)
            if self._named in ("", one.key)
        ]
        if len(fitting) > 1:
            names = ", ".join(one.key for one in fitting)
            raise missing(
                f"Several decoders fit the model file {self._file.name}, {names}: say which by "
                f'vae = "…" in {self._file.stem}.toml beside it.'
            )
        return next(iter(fitting), None)

    def _first(self, kind: str, size: str, value: int) -> Addon | None:
        return next(iter(self._of(kind, size, value)), None)

    def _of(self, kind: str, size: str, value: int) -> Sequence[Addon]:
        return [one for one in self._there if one.kind == kind and one.sizes[size] == value]

    def _lacking(self, kind: str) -> Exception:
        return missing(
            f"The model file {self._file.name} holds no {kind}: put one that fits it, such as "
            f"{_EXAMPLES[kind]}, beside it."
        )


def _denoiser(configs: Configs) -> Mapping[str, Any]:
    return configs.files.get("transformer/config.json") or configs.files["unet/config.json"]
