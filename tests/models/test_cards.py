"""Cards from a model's own files: configs of folders, headers of files, names at the last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.models import families, single
from bot.models.cards import EMBEDDED_CARD, ModelCard, card_for
from bot.models.facts import Facts, UnfitFile, shapes_of
from tests.kit.sources import FIRST, LEADING, SD, TRAILING, XL, folder, weights


def asked(card: ModelCard) -> tuple[int, int, float, bool]:
    """What shows in every picture: side, steps, guidance, whether negatives act."""
    return card.native, card.steps, card.guidance, card.guided(card.guidance)


@pytest.mark.parametrize(
    ("name", "files", "wanted"),
    [
        ("best_model", {}, (1024, 30, 6.0, True)),
        ("pixlArt_sd15", {"kind": "StableDiffusionPipeline", "side": 64}, (512, 30, 7.0, True)),
        ("sd2", {"kind": "StableDiffusionPipeline", "side": 96}, (768, 30, 7.0, True)),
        ("sd-xl", {"kind": "StableDiffusionPipeline", "side": 64}, (512, 30, 7.0, True)),
        ("fast", {"side": 64, "scheduler": TRAILING}, (512, 4, 0.0, False)),
        ("fast", {"scheduler": TRAILING}, (1024, 8, 0.0, False)),
        ("merge-Lightning-4step", {}, (1024, 4, 0.0, False)),
        ("my_DMD2_merge", {}, (1024, 8, 1.0, False)),
        (
            "noob",
            {"scheduler": TRAILING | {"prediction_type": "v_prediction"}},
            (1024, 30, 5.0, True),
        ),
        (
            "LCM_Dreamshaper",
            {"kind": "LatentConsistencyModelPipeline", "side": 64, "time_cond_proj_dim": 256},
            (512, 8, 8.5, False),
        ),
        ("flux", {"kind": "FluxPipeline", "guidance_embeds": True}, (1024, 28, 3.5, False)),
        ("mine", {"kind": "FluxPipeline", "guidance_embeds": False}, (1024, 4, 0.0, False)),
        ("three", {"kind": "StableDiffusion3Pipeline"}, (1024, 28, 4.5, True)),
        ("z", {"kind": "ZImagePipeline", "side": 0}, (1024, 28, 4.0, True)),
        ("Z-Image-Turbo", {"kind": "ZImagePipeline", "side": 0}, (1024, 9, 0.0, False)),
        (
            "klein",
            {"kind": "Flux2KleinPipeline", "side": 0, "index": {"is_distilled": True}},
            (1024, 4, 0.0, False),
        ),
    ],
)
def test_a_folder_says_what_it_is(
    tmp_path: Path, name: str, files: dict[str, Any], wanted: tuple[int, int, float, bool]
) -> None:
    assert asked(card_for(folder(tmp_path / name, **files))) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("stabilityai/sdxl-turbo", (512, 4, 0.0, False)),
        ("stabilityai/stable-diffusion-2-1-base", (512, 30, 7.0, True)),
        ("stabilityai/stable-diffusion-2-1", (768, 30, 7.0, True)),
        ("stabilityai/stable-diffusion-3.5-large-turbo", (1024, 4, 0.0, False)),
        ("stabilityai/stable-diffusion-xl-base-1.0", (1024, 30, 6.0, True)),
        ("SimianLuo/LCM_Dreamshaper_v7", (512, 8, 1.0, False)),
        ("Tongyi-MAI/Z-Image-Turbo", (1024, 9, 0.0, False)),
        ("Kwai-Kolors/Kolors-diffusers", (1024, 30, 5.0, True)),
        ("playgroundai/playground-v2.5-1024px-aesthetic", (1024, 30, 3.0, True)),
        ("segmind/SSD-1B", (1024, 30, 6.0, True)),
        ("black-forest-labs/FLUX.2-klein-4B", (1024, 4, 0.0, False)),
        ("black-forest-labs/FLUX.1-schnell", (1024, 4, 0.0, False)),
        ("somebody/foxlyBlend", (512, 30, 7.0, True)),
        ("somebody/influxMix", (512, 30, 7.0, True)),
        ("somebody/hyperrealism", (512, 30, 7.0, True)),
    ],
)
def test_until_a_worker_has_read_it_a_name_is_all_there_is(
    name: str, wanted: tuple[int, int, float, bool]
) -> None:
    assert asked(card_for(name)) == wanted


FLOW = {"_class_name": "FlowMatchEulerDiscreteScheduler"}
DPM = {"_class_name": "DPMSolverMultistepScheduler"}


@pytest.mark.parametrize(
    ("kind", "scheduler", "fit"),
    [
        ("StableDiffusionPipeline", LEADING, True),
        ("StableDiffusionXLPipeline", DPM, True),
        ("StableDiffusionXLPipeline", {"_class_name": "EDMDPMSolverMultistepScheduler"}, False),
        ("PixArtSigmaPipeline", DPM, True),
        ("SanaPipeline", DPM | {"use_flow_sigmas": True}, False),
        ("SanaSprintPipeline", {"_class_name": "SCMScheduler"}, False),
        ("FluxPipeline", FLOW, False),
        ("QwenImagePipeline", FLOW, False),
        ("CogView4Pipeline", FLOW, False),
        ("NobodyKnowsPipeline", FLOW, False),
    ],
)
def test_a_folder_says_whether_other_samplers_fit(
    tmp_path: Path, kind: str, scheduler: dict[str, Any], fit: bool
) -> None:
    card = replace(card_for(folder(tmp_path / "m", kind, scheduler=scheduler)), sampler="euler")
    assert card.samplers is fit
    assert card.draws_by == ("euler" if fit else "default")
    said = "m draws by its own sampler only, so sampler = euler is ignored."
    assert card.caveat == ("" if fit else said)


def test_what_is_set_in_vain_is_said() -> None:
    drawn = ModelCard("a", "Anime", "a", native=512, family="sd", clip_skip=2)
    assert drawn.caveat == ""
    assert replace(drawn, family="sdxl", sampler="euler", samplers=False).caveat == (
        "Anime draws by its own sampler only, so sampler = euler is ignored. "
        "Anime reads texts in its own way, so clip_skip = 2 is ignored."
    )


@pytest.mark.parametrize(
    ("name", "fit"),
    [("black-forest-labs/FLUX.1-dev", False), ("Qwen/Qwen-Image", False), ("org/sdxl", True)],
)
def test_a_name_says_whether_other_samplers_fit_until_a_worker_knows(name: str, fit: bool) -> None:
    assert card_for(name).samplers is fit


@pytest.mark.parametrize(
    ("name", "shapes", "wanted"),
    [
        ("sd_xl_turbo_1.0_fp16.safetensors", {XL: [640, 2048]}, (512, 4, 0.0, False)),
        ("dreamshaperXL_v21TurboDPMSDE.safetensors", {XL: [640, 2048]}, (1024, 8, 2.0, True)),
        ("sdxl_lightning_4step.safetensors", {XL: [640, 2048]}, (1024, 4, 0.0, False)),
        ("best_model.SAFETENSORS", {XL: [640, 2048]}, (1024, 30, 6.0, True)),
        ("pixlArt_sd15.safetensors", {SD: [320, 768]}, (512, 30, 7.0, True)),
        ("v2-1_768-ema-pruned.safetensors", {SD: [320, 1024]}, (768, 30, 7.0, True)),
        ("v2-1_512-ema-pruned.safetensors", {SD: [320, 1024]}, (512, 30, 7.0, True)),
        ("sd_turbo.safetensors", {SD: [320, 1024]}, (512, 4, 0.0, False)),
    ],
)
def test_the_header_of_a_single_file_says_what_it_is(
    tmp_path: Path, name: str, shapes: dict[str, list[int]], wanted: tuple[int, int, float, bool]
) -> None:
    file = weights(tmp_path / name, {FIRST: [320, 4, 3, 3], **shapes})
    assert asked(card_for(str(file))) == wanted


def test_distilled_models_come_with_their_sampler_and_spacing(tmp_path: Path) -> None:
    turbo = card_for("stabilityai/sdxl-turbo")
    assert (turbo.sampler, turbo.spacing) == ("euler_a", "trailing")
    lightning = card_for(folder(tmp_path / "xl_lightning_8step"))
    assert (lightning.sampler, lightning.spacing, lightning.steps) == ("euler", "trailing", 8)
    assert card_for("SimianLuo/LCM_Dreamshaper_v7").sampler == "lcm"


def test_families_whose_texts_have_no_measure_do_not_steer(tmp_path: Path) -> None:
    steered = ("StableDiffusion", "StableDiffusionXL", "StableDiffusion3", "Flux", "Chroma")
    whole = ("ZImage", "QwenImage", "Flux2", "Flux2Klein", "Sana", "Kolors", "Lumina2", "Other")
    cards = {
        name: card_for(folder(tmp_path / name, f"{name}Pipeline")) for name in (*steered, *whole)
    }
    assert {name for name, card in cards.items() if card.steers} == set(steered)
    klein, dev = cards["Flux2Klein"], cards["Flux"]
    assert not klein.leaves_out(klein.guidance)
    assert dev.leaves_out(dev.guidance)


def test_only_families_with_a_loop_of_ours_close_edges(tmp_path: Path) -> None:
    closing = (
        "StableDiffusion", "StableDiffusionXL", "StableDiffusion3", "LatentConsistencyModel",
        "Flux", "Flux2", "Flux2Klein", "QwenImage", "ZImage", "Chroma", "PixArtSigma", "Sana",
    )  # fmt: skip
    others = ("SanaSprint", "Kolors", "Lumina2", "AuraFlow", "Kandinsky3", "Other")
    found = {
        name
        for name in (*closing, *others)
        if card_for(folder(tmp_path / name, f"{name}Pipeline")).tiles
    }
    assert found == {*closing}
    assert EMBEDDED_CARD.tiles


def test_capabilities_are_declared(tmp_path: Path) -> None:
    qwen = card_for(folder(tmp_path / "q", "QwenImagePipeline", 0))
    assert (qwen.guidance_argument, qwen.guided(qwen.guidance), qwen.variations) == (
        "true_cfg_scale",
        True,
        True,
    )
    pixart = card_for(folder(tmp_path / "p", "PixArtSigmaPipeline"))
    assert (pixart.native, pixart.previews, pixart.variations) == (1024, True, True)
    kandinsky = card_for(folder(tmp_path / "k", "Kandinsky3Pipeline"))
    assert not kandinsky.previews
    aura = card_for(folder(tmp_path / "a", "AuraFlowPipeline"))
    assert not aura.variations
    unknown = card_for(folder(tmp_path / "u", "NobodyKnowsPipeline", 0))
    assert (unknown.family, unknown.variations) == ("other", False)


def test_the_operators_values_win_and_decide_whether_negatives_act() -> None:
    assert EMBEDDED_CARD.guided(EMBEDDED_CARD.guidance)
    card = card_for("", {"guidance": 1.0, "steps": 3})
    assert (card.steps, card.guidance, card.guided(1.0)) == (3, 1.0, False)
    turbo = card_for("stabilityai/sdxl-turbo", {"guidance": 2.0})
    assert turbo.guided(turbo.guidance)


def test_two_folders_of_one_name_are_two_models(tmp_path: Path) -> None:
    one = card_for(folder(tmp_path / "a" / "model"))
    two = card_for(folder(tmp_path / "b" / "model"))
    assert one.name == two.name == "model"
    assert one.id != two.id
    assert card_for(str(tmp_path / "b" / ".." / "a" / "model")).id == one.id
    assert str(tmp_path) not in one.id
    assert card_for("org/model").id == "org/model"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (Facts("StableDiffusionXLPipeline", "x", denoiser={"in_channels": 4}), ""),
        (Facts("StableDiffusion3Pipeline", "x", denoiser={"in_channels": 16}), ""),
        (Facts("StableDiffusionInpaintPipeline", "x", denoiser={"in_channels": 9}), ""),
        (Facts("StableDiffusionPipeline", "x", denoiser={"in_channels": 8}), "given pictures"),
        (
            Facts(
                "StableDiffusionXLImg2ImgPipeline", "x", {"requires_aesthetics_score": True},
                {"in_channels": 4},
            ),
            "refiner",
        ),
    ],
)  # fmt: skip
def test_what_cannot_draw_from_words_alone_is_known(facts: Facts, words: str) -> None:
    said = families.unfit(facts)
    assert words in said
    assert bool(said) == bool(words)


def test_an_inpainting_file_is_known_by_its_first_layer(tmp_path: Path) -> None:
    file = weights(tmp_path / "a.safetensors", {FIRST: [320, 9, 3, 3], SD: [320, 768]})
    facts = single.of_file(shapes_of(file), "a")
    assert facts
    assert facts.denoiser["in_channels"] == 9
    assert families.unfit(facts) == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\n", "pointer of Git LFS"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
        (b"PK\x03\x04archive of a checkpoint", "let its name end with .ckpt"),
        (b"\x80\x02}q\x00(archive of old", "let its name end with .ckpt"),
        (b"something else entirely", "is no .safetensors file"),
        ((9000).to_bytes(8, "little") + b'{"a": {}', "is cut off"),
        ((9).to_bytes(8, "little") + b'{"a": 1x}', "its header cannot be read"),
    ],
)
def test_what_lies_in_a_models_place_by_mistake_is_named(
    tmp_path: Path, data: bytes, words: str
) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(data)
    with pytest.raises(UnfitFile, match=words):
        shapes_of(file)
    assert card_for(str(file)).native == 512  # it is only said when it is loaded


def test_a_file_that_lacks_its_end_is_cut_off(tmp_path: Path) -> None:
    file = weights(tmp_path / "model.safetensors", {"a": [1, 2]}, payload=3 << 20)
    assert shapes_of(file) == {"a": (1, 2)}
    file.write_bytes(file.read_bytes()[:-1_000_000])
    with pytest.raises(UnfitFile, match=r"is cut off: it should have 3\.0 MiB and has 2\.0 MiB"):
        shapes_of(file)
