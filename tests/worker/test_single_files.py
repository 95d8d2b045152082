"""One file of weights and nothing else on this disk, and no network: what it draws."""

from __future__ import annotations

import functools
import socket
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import save_file

from bot.domain.errors import RenderFailed
from bot.models.cards import card_for, is_guess
from bot.models.facts import UnfitFile, shapes_in
from bot.models.shelf import Model, Shelf, Unused
from bot.worker import pipelines, tokenizers
from bot.worker.library import Library
from tests.kit import original, small

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _hushed() -> None:
    pipelines.hush()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("there is no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)  # no second tries


@functools.cache
def published(family: str) -> Any:
    """A pipeline of a family, which nobody changes."""
    return small.pipeline(family)


@functools.cache
def weights_of(family: str) -> dict[str, torch.Tensor]:
    return getattr(original, family.removesuffix("-base"))(published(family))


def opened(file: Path, **own: Any) -> Any:
    places = Library(cache_dir=str(file.parent / "c"))
    return pipelines.open_pipeline(card_for(str(file), own), torch.float32, places)


# CLIP's words


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("A  Photo\nof a CAT", [320, 1125, 539, 320, 2368]),
        ("a diagram", [320, 22697]),
        ("hello world!", [3306, 1002, 256]),
        ("it's 1984", [585, 568, 272, 280, 279, 275]),
        ("", []),
    ],
)
def test_a_text_is_the_tokens_that_clip_was_taught_with(text: str, ids: list[int]) -> None:
    assert tokenizers.clip(77, 49407)(text).input_ids == [49406, *ids, 49407]


@pytest.mark.parametrize("padding", [0, 49407])
def test_a_text_is_filled_up_and_cut(padding: int) -> None:
    one = tokenizers.clip(77, padding)
    short = one("a cat", padding="max_length", truncation=True).input_ids
    assert short == [49406, 320, 2368, 49407] + [padding] * 73
    long = one("cat " * 200, padding="max_length", truncation=True).input_ids
    assert (len(long), long[-1]) == (77, 49407)


# Families


@pytest.mark.parametrize("family", ["sd1", "sd2", "sd2-base", "sdxl"])
def test_a_file_alone_draws_what_its_pipeline_drew(tmp_path: Path, family: str) -> None:
    own = published(family)
    file = tmp_path / ("base.safetensors" if family == "sd2-base" else "model.safetensors")
    save_file(weights_of(family), file)
    pipe = opened(file)
    assert type(pipe) is type(own)
    assert pipe.scheduler.config.prediction_type == own.scheduler.config.prediction_type
    assert type(pipe.scheduler) is type(own.scheduler)
    assert torch.equal(small.drawn(pipe), small.drawn(own))
    assert not torch.equal(small.drawn(pipe, "a dog"), small.drawn(own))
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_checkpoint_of_2022_draws_beside_a_pickled_callback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = published("sd1")
    module = types.ModuleType("pytorch_lightning")
    kind = type("ModelCheckpoint", (), {"__module__": "pytorch_lightning"})
    vars(module)["ModelCheckpoint"] = kind
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pytorch_lightning", module)
        torch.save(
            {"state_dict": weights_of("sd1"), "callbacks": {kind: {"best": 1}}},
            tmp_path / "sd-v1-4.ckpt",
        )
    assert torch.equal(small.drawn(opened(tmp_path / "sd-v1-4.ckpt")), small.drawn(own))


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(("family", "native"), [("sdxl", 1024), ("sd1", 512), ("sd2", 768)])
def test_a_checkpoint_says_at_once_what_it_is(
    tmp_path: Path, family: str, native: int, old: bool
) -> None:
    held = {"state_dict": weights_of(family), "callbacks": functools.partial, "epoch": 3}
    torch.save(held, tmp_path / "dream.ckpt", _use_new_zipfile_serialization=not old)
    save_file(weights_of(family), tmp_path / "same.safetensors")
    listed = {one.key: one.card for one in Shelf(tmp_path).everything() if isinstance(one, Model)}
    dream = card_for(str(tmp_path / "dream.ckpt"))
    assert listed["dream"] == dream
    assert (dream.family, dream.native) == (family.rstrip("12"), native)
    named = {"name": "dream", "id": dream.id, "source": dream.source}
    assert replace(listed["same"], **named) == dream
    assert not is_guess(dream.source)


def test_a_checkpoint_that_changes_pictures_is_no_model(tmp_path: Path) -> None:
    weights = dict(weights_of("sd1"))
    first = "model.diffusion_model.input_blocks.0.0.weight"
    weights[first] = torch.ones(weights[first].shape[0], 8, 3, 3)
    torch.save({"state_dict": weights}, tmp_path / "pix2pix.ckpt")
    [one] = Shelf(tmp_path).everything()
    assert isinstance(one, Unused)
    assert "changes given pictures" in one.why


def test_a_velocity_model_of_sdxls_kin_says_so_by_an_empty_tensor(tmp_path: Path) -> None:
    weights = weights_of("sdxl") | {"v_pred": torch.ones(1)}
    save_file(weights, tmp_path / "noob.safetensors")
    config = opened(tmp_path / "noob.safetensors").scheduler.config
    assert config.prediction_type == "v_prediction"
    assert config.timestep_spacing == "trailing"


def test_configs_beside_a_file_win_over_the_box(tmp_path: Path) -> None:
    own = small.pipeline("sd1")
    save_file(original.sd1(own), tmp_path / "mine.safetensors")
    own.scheduler = small.library.EulerDiscreteScheduler.from_config(own.scheduler.config)
    own.save_pretrained(tmp_path / "mine")
    for weights in (tmp_path / "mine").rglob("*.safetensors"):
        weights.unlink()
    assert type(opened(tmp_path / "mine.safetensors").scheduler) is type(own.scheduler)


def test_a_folder_that_is_called_as_a_file_draws(tmp_path: Path) -> None:
    own = small.pipeline("sd1")
    own.save_pretrained(tmp_path / "mine.safetensors")
    assert torch.equal(small.drawn(opened(tmp_path / "mine.safetensors")), small.drawn(own))


def test_what_the_box_does_not_have_is_named(tmp_path: Path) -> None:
    weights = dict(weights_of("sd1"))
    key = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
    weights[key] = weights[key][:1000].clone()
    save_file(weights, tmp_path / "odd.safetensors")
    with pytest.raises(RenderFailed, match="into a folder odd beside it"):
        opened(tmp_path / "odd.safetensors")


# Models in pieces


def alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    """But for what comes of tensors that lie at odd places in memory, as those of a file may."""
    return bool((one - other).abs().max() < 5e-3)


def encoder(pipe: Any) -> dict[str, torch.Tensor]:
    return original.stored(pipe.text_encoder_3.state_dict())


def test_stable_diffusion_3_draws_without_t5(tmp_path: Path) -> None:
    own = small.sd3()
    save_file(original.sd3(own), tmp_path / "sd3.safetensors")
    pipe = opened(tmp_path / "sd3.safetensors")
    assert pipe.text_encoder_3 is None
    assert alike(small.drawn(pipe), small.drawn(own))


def test_t5_and_its_tokenizer_are_found_beside_the_file(tmp_path: Path) -> None:
    own = small.sd3(tmp_path / "t5")
    save_file(original.sd3(own), tmp_path / "sd3.safetensors")
    words = encoder(own)
    words.pop("encoder.embed_tokens.weight", None)
    save_file(words, tmp_path / "any name.safetensors")
    pipe = opened(tmp_path / "sd3.safetensors")
    assert alike(small.drawn(pipe), small.drawn(own))
    assert not alike(small.drawn(pipe), small.drawn(small.sd3()))


def test_a_text_encoder_whose_numbers_have_scales_is_not_read_without_them(tmp_path: Path) -> None:
    own = small.sd3(tmp_path / "t5")
    save_file(original.sd3(own), tmp_path / "sd3.safetensors")
    without = small.drawn(opened(tmp_path / "sd3.safetensors"))
    packed = encoder(own) | {
        key.replace(".weight", ".scale_weight"): torch.tensor(0.5) for key in encoder(own)
    }
    save_file(packed, tmp_path / "t5xxl_fp8_e4m3fn_scaled.safetensors")
    assert torch.equal(small.drawn(opened(tmp_path / "sd3.safetensors")), without)


def save_in_pieces(own: Any, folder: Path, without: str = "") -> None:
    """The network in `sd3`, each other part in a file of its own."""
    first = original.clip(own.text_encoder)
    first.pop("text_projection.weight")
    pieces = {
        "sd3": original.mmdit(own.transformer),
        "a": original.vae(own.vae),
        "b": original.clip(own.text_encoder_2),
        "c": first,
        "d": encoder(own),
    }
    for name, tensors in pieces.items():
        if name != without:
            save_file(original.stored(tensors), folder / f"{name}.safetensors")


def test_every_part_may_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    own = small.sd3(tmp_path / "t5")
    save_in_pieces(own, tmp_path)
    assert alike(small.drawn(opened(tmp_path / "sd3.safetensors")), small.drawn(own))


@pytest.mark.parametrize("name", ["vae.ckpt", "best.vae.pt"])
def test_a_decoder_may_be_a_pickle(tmp_path: Path, name: str) -> None:
    own, weights = published("sd1"), weights_of("sd1")
    halved = {key: each for key, each in weights.items() if "first_stage" not in key}
    save_file(halved, tmp_path / "halved.safetensors")
    decoder = original.stored(original.vae(own.vae)) | {"loss.logvar": torch.zeros(())}
    torch.save({"state_dict": decoder, "epoch": 3}, tmp_path / name)
    assert torch.equal(small.drawn(opened(tmp_path / "halved.safetensors")), small.drawn(own))


def test_a_decoder_may_have_diffusers_names(tmp_path: Path) -> None:
    own, weights = published("sd1"), weights_of("sd1")
    halved = {key: each for key, each in weights.items() if "first_stage" not in key}
    save_file(halved, tmp_path / "halved.safetensors")
    save_file(original.stored(own.vae.state_dict()), tmp_path / "vae.safetensors")
    assert torch.equal(small.drawn(opened(tmp_path / "halved.safetensors")), small.drawn(own))


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("a", "sd3.safetensors holds no decoder (VAE): put one that fits it, such as ae.safe"),
        ("b", "holds no text encoder (CLIP): put one that fits it, such as clip_l.safetensors"),
        ("t5", "put the file tokenizer.json of google-t5/t5-base (1.4 MB) into a folder t5 beside"),
    ],
)
def test_a_part_that_is_missing_is_named(tmp_path: Path, without: str, words: str) -> None:
    own = small.sd3(tmp_path / ("t5" if without != "t5" else "elsewhere"))
    save_in_pieces(own, tmp_path, without)
    with pytest.raises(RenderFailed) as caught:
        opened(tmp_path / "sd3.safetensors")
    assert words in str(caught.value)


def test_of_two_decoders_the_operator_says_which(tmp_path: Path) -> None:
    weights = weights_of("sd1")
    halved = {key: each for key, each in weights.items() if "first_stage" not in key}
    save_file(halved, tmp_path / "halved.safetensors")
    for name in ("one", "two"):
        save_file(original.stored(original.vae(small.vae("sd1"))), tmp_path / f"{name}.safetensors")
    with pytest.raises(RenderFailed) as caught:
        opened(tmp_path / "halved.safetensors")
    assert 'one, two: say which by vae = "…" in halved.toml beside it.' in str(caught.value)
    assert small.drawn(opened(tmp_path / "halved.safetensors", vae="two")).isfinite().all()


def test_a_model_is_drawn_with_the_decoder_that_its_card_names(tmp_path: Path) -> None:
    own, other = small.pipeline("sd1"), small.pipeline("sd1", seed=1)
    file = tmp_path / "model.safetensors"
    save_file(original.sd1(own), file)
    own.save_pretrained(tmp_path / "folder")
    save_file(original.stored(original.vae(other.vae)), tmp_path / "better.safetensors")
    save_file(original.stored(original.vae(small.vae("sd3"))), tmp_path / "wide.safetensors")
    own.vae = other.vae
    for source in (file, tmp_path / "folder"):
        card = card_for(str(source), {"vae": "better"})
        pipe = pipelines.open_pipeline(card, torch.float32, Library())
        assert torch.equal(small.drawn(pipe), small.drawn(own))
        assert pipe.vae.config.scaling_factor == 0.18215
    for vae, words in (("wide", "does not fit the model"), ("none", "is no decoder beside it")):
        with pytest.raises(RenderFailed, match=words):
            pipelines.open_pipeline(card_for(str(file), {"vae": vae}), torch.float32, Library())


# GGUF


def write_gguf(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Matrices in eight bits, the rest in full, as converters do."""
    writer = gguf.GGUFWriter(file, "sd3")
    for name, tensor in tensors.items():
        small_kind = tensor.ndim == 2 and tensor.shape[1] % 32 == 0
        kind = gguf.GGMLQuantizationType.Q8_0 if small_kind else gguf.GGMLQuantizationType.F32
        packed = gguf.quantize(tensor.numpy(), kind)
        writer.add_tensor(name, packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def near(one: torch.Tensor, other: torch.Tensor) -> bool:
    """As near as eight bits are: twenty decibels and more."""
    return bool((one - other).square().mean() < 0.01)


def test_a_quantised_transformer_draws_with_what_lies_beside_it(tmp_path: Path) -> None:
    own = small.sd3()
    weights = original.stored(original.mmdit(own.transformer))
    write_gguf(tmp_path / "sd3-q8.gguf", weights)
    first = original.clip(own.text_encoder)
    first.pop("text_projection.weight")
    pieces = {
        "a": original.vae(own.vae),
        "b": original.clip(own.text_encoder_2),
        "c": first,
    }
    for name, tensors in pieces.items():
        save_file(original.stored(tensors), tmp_path / f"{name}.safetensors")
    pipe = opened(tmp_path / "sd3-q8.gguf")
    packed = pipe.transformer.transformer_blocks[0].attn.to_q.weight
    assert packed.dtype is torch.uint8
    drawn, wanted = small.drawn(pipe, guidance_scale=1.0), small.drawn(own, guidance_scale=1.0)
    assert near(drawn, wanted)
    assert not near(small.drawn(pipe, "a dog", seed=8, guidance_scale=1.0), wanted)
    assert card_for(str(tmp_path / "sd3-q8.gguf")).family == "sd3"


def test_a_quantised_transformer_may_have_its_folder_beside_it(tmp_path: Path) -> None:
    own = small.sd3()
    own.save_pretrained(tmp_path / "mine")
    for file in (tmp_path / "mine" / "transformer").glob("*.safetensors"):
        file.unlink()
    write_gguf(tmp_path / "mine.gguf", original.stored(original.mmdit(own.transformer)))
    pipe = opened(tmp_path / "mine.gguf")
    asked = {"guidance_scale": 1.0}
    assert near(small.drawn(pipe, **asked), small.drawn(own, **asked))


@pytest.mark.parametrize("names", ["makers", "web UIs", "diffusers"])
def test_a_transformer_alone_draws_with_the_folder_beside_it(tmp_path: Path, names: str) -> None:
    own = small.sd3()
    own.save_pretrained(tmp_path / "mine")
    for file in (tmp_path / "mine" / "transformer").glob("*.safetensors"):
        file.unlink()
    tensors = original.mmdit(own.transformer)
    if names == "web UIs":
        tensors = original.under("model.diffusion_model.", tensors)
    if names == "diffusers":
        tensors = dict(own.transformer.state_dict())
    save_file(original.stored(tensors), tmp_path / "mine.safetensors")
    assert torch.equal(small.drawn(opened(tmp_path / "mine.safetensors")), small.drawn(own))
    [one] = Shelf(tmp_path).everything()
    assert isinstance(one, Model)
    assert (one.key, one.card.family) == ("mine", "sd3")


def test_a_transformer_alone_of_another_family_asks_for_its_folder(tmp_path: Path) -> None:
    tensors = {"txt_norm.weight": torch.ones(4), "transformer_blocks.0.attn.x": torch.ones(4)}
    save_file(tensors, tmp_path / "qwen-image.safetensors")
    with pytest.raises(RenderFailed) as caught:
        opened(tmp_path / "qwen-image.safetensors")
    assert str(caught.value) == (
        "The model file qwen-image.safetensors holds one part of its model: put a folder in "
        "diffusers' format with the others beside it, and call it qwen-image."
    )


def test_a_quantised_file_of_an_unknown_family_asks_for_its_folder(tmp_path: Path) -> None:
    write_gguf(tmp_path / "odd.gguf", {"some.weight": torch.ones(32, 32)})
    with pytest.raises(RenderFailed) as caught:
        opened(tmp_path / "odd.gguf")
    assert "put a folder in diffusers' format with the others beside it, and call it odd" in str(
        caught.value
    )


def test_a_quantised_file_has_the_header_that_the_library_writes(tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    tensors = {"a": torch.ones(3, 64), "b": torch.ones(7), "c": torch.ones(2, 3, 5)}
    write_gguf(file, tensors)
    assert shapes_in(file) == {name: tuple(each.shape) for name, each in tensors.items()}
    whole = file.read_bytes()
    for length in (3, 11, 40, len(whole) // 2):
        file.write_bytes(whole[:length])
        with pytest.raises(UnfitFile, match=r"cut off|damaged|web page"):
            shapes_in(file)
    file.write_bytes(whole[:-40])
    with pytest.raises(UnfitFile, match="is cut off: it should have"):
        shapes_in(file)
