"""What is asked of a model where its family, its name or its files set a trap."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.models import families, single
from bot.models.cards import card_for
from bot.models.facts import Facts
from tests.kit.sources import folder, weights

XL = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    "conditioner.embedders.1.model.positional_embedding": (77, 1280),
}
PLAIN = (30, 6.0, "default")


def asked(name: str, *marks: str) -> tuple[int, float, str]:
    """Steps, guidance and sampler of a file of XL's shapes that people call so."""
    found = fields(name, *marks)
    return found["steps"], found["guidance"], found["sampler"]


def fields(name: str, *marks: str) -> dict[str, Any]:
    """Of the card of such a file."""
    found = single.of_file(XL | dict.fromkeys(marks, (1,)), name)
    assert found
    return families.fields(found)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("dreamshaperXL_lightningDPMSDE", (8, 0.0, "euler")),
        ("juggernautXL_juggXILightningByRD", (8, 0.0, "euler")),
        ("realvisxlV50_v50LightningBakedvae", (8, 0.0, "euler")),
        ("SDXLTurbo", (4, 0.0, "euler_a")),
        ("animeSDXLTurbo_v1", (8, 2.0, "euler_a")),
        ("wildcardxXLTURBO_wildcardxXLTURBOV10", (8, 2.0, "euler_a")),
        ("realitiesEdgeXLLCM_TURBOXL", (8, 1.0, "lcm")),
        ("lustifySDXLNSFW_v10DMD", (8, 1.0, "lcm")),
        ("juggernautXL_vXHyper", (8, 0.0, "ddim")),
        ("someXL_v51HyperVAE", (8, 0.0, "ddim")),
        ("Hyper-SDXL-4steps", (4, 0.0, "ddim")),
        ("ponyDiffusionV6XL_v6StartWithThisOne", PLAIN),
        ("HyperRealismXL_v1", PLAIN),
        ("hyper-realistic-mix", PLAIN),
        ("hyperRealism_30", PLAIN),
        ("turbovisionxlSuperFast", PLAIN),
    ],
)
def test_a_name_says_that_a_model_was_distilled(name: str, wanted: tuple[int, float, str]) -> None:
    assert asked(name) == wanted


@pytest.mark.parametrize(
    ("kind", "name", "scheduler", "wanted"),
    [
        ("PixArtAlphaPipeline", "PixArt-LCM", {"_class_name": "LCMScheduler"}, (4, 0.0)),
        ("QwenImagePipeline", "Qwen-Image-Lightning-4steps", {}, (4, 1.0)),
        ("HiDreamImagePipeline", "HiDream-I1-Full", {}, (50, 5.0)),
        ("HiDreamImagePipeline", "HiDream-I1-Dev", {}, (28, 0.0)),
        ("HiDreamImagePipeline", "HiDream-I1-Fast", {}, (16, 0.0)),
        ("ErnieImagePipeline", "ERNIE-Image", {}, (50, 4.0)),
        ("ErnieImagePipeline", "ERNIE-Image-Turbo", {}, (8, 1.0)),
        ("FluxKontextPipeline", "FLUX.1-Kontext-dev", {}, (28, 2.5)),
        ("Kandinsky3Pipeline", "kandinsky-3", {}, (25, 3.0)),
        ("GlmImagePipeline", "GLM-Image", {}, (50, 1.5)),
    ],
)
def test_a_family_is_asked_for_what_its_makers_say(
    tmp_path: Path, kind: str, name: str, scheduler: dict[str, Any], wanted: tuple[int, float]
) -> None:
    card = card_for(folder(tmp_path / name, kind, 0, scheduler=scheduler))
    assert (card.steps, card.guidance) == wanted


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Efficient-Large-Model/Sana_1600M_1024px_BF16_diffusers", "sana"),
        ("Alpha-VLLM/Lumina-Image-2.0", "lumina"),
        ("fal/AuraFlow-v0.3", "auraflow"),
        ("THUDM/CogView4-6B", "cogview"),
        ("HiDream-ai/HiDream-I1-Full", "hidream"),
        ("segmind/Segmind-Vega", "sdxl"),
        ("someone/savanna", "sd"),
    ],
)
def test_a_name_on_the_hub_says_which_family_it_may_be(name: str, family: str) -> None:
    assert card_for(name).family == family


@pytest.mark.parametrize(
    "kind",
    [
        "QwenImageEditPlusPipeline", "QwenImageLayeredPipeline", "FluxControlNetPipeline",
        "StableDiffusionXLControlNetPipeline", "StableDiffusionDepth2ImgPipeline", "WanPipeline",
        "WanImageToVideoPipeline", "LTXPipeline", "CogVideoXPipeline", "AnimateDiffPipeline",
        "StableVideoDiffusionPipeline", "StableAudioPipeline", "DDPMPipeline",
        "FluxPriorReduxPipeline",
        "StableCascadePriorPipeline", "Flux2ModularPipeline", "HunyuanImageRefinerPipeline",
    ],
)  # fmt: skip
def test_what_draws_nothing_from_words_is_no_model(kind: str) -> None:
    assert families.unfit(Facts(kind, "x"))


@pytest.mark.parametrize(
    "kind",
    [
        "StableDiffusionPipeline", "StableDiffusionInpaintPipeline", "StableDiffusionXLPipeline",
        "StableDiffusion3Pipeline", "FluxPipeline", "FluxKontextPipeline", "Flux2KleinPipeline",
        "QwenImagePipeline", "QwenImage21Pipeline", "ZImagePipeline", "ChromaPipeline",
        "SanaPipeline",
        "SanaSprintPipeline", "PixArtSigmaPipeline", "KolorsPipeline", "Lumina2Pipeline",
        "AuraFlowPipeline", "CogView4Pipeline", "HunyuanDiTPipeline", "HunyuanImagePipeline",
        "HiDreamImagePipeline", "Krea2Pipeline", "Ideogram4Pipeline", "ErnieImagePipeline",
        "GlmImagePipeline", "LongCatImagePipeline", "OvisImagePipeline", "PRXPipeline",
        "BriaFiboPipeline", "Kandinsky3Pipeline", "Kandinsky5T2IPipeline",
        "KandinskyV22CombinedPipeline",
        "NucleusMoEImagePipeline", "OmniGenPipeline", "Cosmos2TextToImagePipeline", "IFPipeline",
        "StableCascadeCombinedPipeline", "LatentConsistencyModelPipeline", "DreamLitePipeline",
        "UniDiffuserPipeline", "AmusedPipeline", "StableDiffusionPAGPipeline",
    ],
)  # fmt: skip
def test_what_draws_from_words_is_one(kind: str) -> None:
    assert families.unfit(Facts(kind, "x")) == ""


def test_velocity_is_told_by_a_tensor_a_name_or_what_stands_beside_the_tensors(
    tmp_path: Path,
) -> None:
    assert (
        asked("noobaiXLVpred_v1") == asked("noobaiXLNAIXL_vPred10Version") == (30, 5.0, "default")
    )
    assert asked("noob", "v_pred") == (30, 5.0, "default")
    assert fields("noob", "v_pred")["rescale"] == 0.2
    assert fields("juggernaut")["rescale"] == 0.0
    assert asked("noobaiXLNAIXL_epsilonPred11Version") == PLAIN
    for said, wanted in (("v", 5.0), ("epsilon", 6.0)):
        file = tmp_path / f"{said}.safetensors"
        weights(file, {name: list(shape) for name, shape in XL.items()})
        header = {"__metadata__": {"modelspec.prediction_type": said}} | json.loads(
            file.read_bytes()[8 : 8 + int.from_bytes(file.read_bytes()[:8], "little")]
        )
        text = json.dumps(header).encode()
        size = file.stat().st_size
        file.write_bytes(len(text).to_bytes(8, "little") + text)
        with file.open("r+b") as stream:
            stream.truncate(size + len(text))
        assert card_for(str(file)).guidance == wanted


def test_a_file_with_levels_of_its_own_draws_along_these_only(tmp_path: Path) -> None:
    for name, mark, guidance in (("pg", "edm_mean", 3.0), ("cos", "edm_vpred.sigma_max", 6.0)):
        file = tmp_path / f"{name}.safetensors"
        weights(file, {each: list(shape) for each, shape in (XL | {mark: (1,)}).items()})
        card = card_for(str(file))
        assert (card.family, card.native, card.guidance) == ("sdxl", 1024, guidance)
        assert not card.samplers
