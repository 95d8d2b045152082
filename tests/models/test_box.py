"""The configs in the box: what the makers published, by the numbers that are known of them."""

from __future__ import annotations

import json
from typing import Any

import diffusers
import pytest
import torch
import transformers

from bot.models import box, single
from bot.models.box import FOLDER, Configs
from tests.kit import original

library: Any = diffusers

_CLIP_L, _CLIP_G, _T5 = 123_060_480, 694_659_840, 4_762_310_656
_VAE_4, _VAE_16 = 83_653_863, 83_819_683
PARAMETERS = {
    "sd1": {"unet": 859_520_964, "vae": _VAE_4, "text_encoder": _CLIP_L},
    "sd2": {"unet": 865_910_724, "vae": _VAE_4, "text_encoder": 340_387_840},
    "sd2-base": {"unet": 865_910_724, "vae": _VAE_4, "text_encoder": 340_387_840},
    "sdxl": {
        "unet": 2_567_463_684,
        "vae": _VAE_4,
        "text_encoder": _CLIP_L,
        "text_encoder_2": _CLIP_G,
    },
    "sd3": {
        "transformer": 2_028_328_000,
        "vae": _VAE_16,
        "text_encoder": _CLIP_L + 768**2,
        "text_encoder_2": _CLIP_G,
        "text_encoder_3": _T5,
    },
    "flux-dev": {
        "transformer": 11_901_408_320,
        "vae": _VAE_16,
        "text_encoder": _CLIP_L,
        "text_encoder_2": _T5,
    },
    "flux-schnell": {
        "transformer": 11_891_178_560,
        "vae": _VAE_16,
        "text_encoder": _CLIP_L,
        "text_encoder_2": _T5,
    },
}


def network(config: dict[str, Any]) -> Any:
    """A part of full size without any weight."""
    with torch.device("meta"):
        if "_class_name" in config:
            return getattr(library, config["_class_name"]).from_config(config)
        kind = getattr(transformers, config["architectures"][0])
        return kind(kind.config_class(**config))


@pytest.mark.parametrize("family", PARAMETERS)
def test_every_part_has_as_many_parameters_as_were_published(family: str) -> None:
    configs = box.published_configs(family)
    counted = {
        path.split("/")[0]: sum(each.numel() for each in network(config).parameters())
        for path, config in configs.items()
        if path.endswith("/config.json")
    }
    assert counted == PARAMETERS[family]
    assert set(counted) == set(box.PARTS[family])


@pytest.mark.parametrize("family", PARAMETERS)
def test_the_index_names_classes_that_there_are(family: str) -> None:
    index = box.published_configs(family)["model_index.json"]
    assert hasattr(library, index["_class_name"])
    for name, value in index.items():
        if isinstance(value, list) and value[0]:
            assert hasattr({"diffusers": library, "transformers": transformers}[value[0]], value[1])
            assert any(path.is_dir() for path in FOLDER.glob(f"{family}/{name}")) or (
                name.startswith("tokenizer")
            )
    kind = box.published_configs(family)["scheduler/scheduler_config.json"]["_class_name"]
    assert index["scheduler"] == ["diffusers", kind]


class _Whole:
    """A pipeline as far as `tests.kit.original` looks at it."""

    def __init__(self, family: str) -> None:
        for path, config in box.published_configs(family).items():
            if path.endswith("/config.json"):
                setattr(self, path.split("/")[0], network(config))


@pytest.mark.parametrize(
    ("family", "name"), [("sd1", "x"), ("sd2", "x"), ("sd2-base", "v2-512"), ("sdxl", "x")]
)
def test_a_published_file_gets_the_published_configs(family: str, name: str) -> None:
    layout = getattr(original, family.removesuffix("-base"))
    shapes = {key: tuple(each.shape) for key, each in layout(_Whole(family)).items()}
    found = single.published(shapes, name)
    assert found
    assert found.box == family
    assert box.configs_for(found, shapes) == Configs(box.published_configs(family), ())
    halved = {key: shape for key, shape in shapes.items() if "first_stage" not in key}
    lacking = box.configs_for(found, halved)
    assert lacking
    assert lacking.missing == ("vae",)


def test_words_that_are_not_clips_need_their_own_tokenizer() -> None:
    shapes = {key: tuple(each.shape) for key, each in original.sd1(_Whole("sd1")).items()}
    found = single.published(shapes, "x")
    assert found
    key = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
    assert box.configs_for(found, shapes | {key: (49410, 768)}) is None


def test_the_merges_come_with_their_licence() -> None:
    licence = (FOLDER / "clip" / "LICENSE").read_text(encoding="utf-8")
    assert "Copyright (c) 2021 OpenAI" in licence
    lines = (FOLDER / "clip" / "merges.txt").read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[1], lines[-1]) == ("#version: 0.2", "i n", "jeky ll</w>")
    assert len(lines) == 1 + 49408 - 2 * 256 - 2


def test_the_files_are_small_and_say_nothing_of_where_they_were_made() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 700_000
    for path in files:
        if path.suffix == ".json":
            assert "_name_or_path" not in json.loads(path.read_text(encoding="utf-8"))
