"""Learning: losses fall, and a run that was interrupted ends as one that was not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from bot.training.autoencoder import Schooling, fidelity, train_autoencoder
from bot.training.captions import Idea, every_word
from bot.training.data import Examples
from bot.training.denoiser import Recipe, Trainer, new_unet, train_denoiser
from bot.training.muon import Muon, orthogonalised, takes
from bot.training.tokenizer import LENGTH, train_tokenizer

WIDTH = 16
IDEAS = [Idea(("cat",)), Idea(("dog",), scene="beach")]


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return train_tokenizer(every_word())


def tiny_trainer(tokenizer: CLIPTokenizer, steps: int = 6) -> Trainer:
    torch.manual_seed(0)
    words = len(tokenizer)
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=words,
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            num_hidden_layers=1,
            num_attention_heads=1,
            max_position_embeddings=LENGTH,
            eos_token_id=words - 1,
            bos_token_id=words - 2,
        )
    )
    unet: UNet2DConditionModel = new_unet((16, 16, 16, 32), WIDTH)
    recipe = Recipe(steps, steps, batch=2, rate=4e-3, warm_up=1)
    return Trainer(unet, text, tokenizer, recipe)


def examples(ideas: list[Idea] = IDEAS) -> Examples:
    # A quarter of the real side is enough to learn on, and much quicker.
    latents = torch.linspace(-1, 1, 2 * 4 * 8 * 8).view(2, 4, 8, 8).half()
    cover = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    cover[..., 2:6, 2:6] = 255
    return Examples(latents, cover, ideas)


def weights(trainer: Trainer) -> torch.Tensor:
    return torch.cat([weight.flatten() for weight in trainer.unet.parameters()])


def test_orthogonalised_matrices_have_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((3, 8, 40), (2, 40, 8), (2, 16, 16)):
        values = torch.linalg.svdvals(orthogonalised(torch.randn(shape)))
        assert values.min() > 0.3
        assert values.max() < 1.4


def test_muon_goes_down_a_bowl() -> None:
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(32, 32))
    optimiser, begun = Muon([weight]), weight.detach().norm().item()
    for _ in range(20):
        weight.grad = weight.detach().clone()
        optimiser.step(0.1)
    assert weight.norm().item() < 0.7 * begun


def test_muon_leaves_the_ends_of_the_network_alone() -> None:
    square = torch.nn.Parameter(torch.zeros(64, 64))
    assert takes("mid_block.attentions.0.proj_in.weight", square)
    assert not takes("conv_in.weight", square)
    assert not takes("mid_block.norm.weight", torch.nn.Parameter(torch.zeros(64)))


def test_one_step_lowers_the_loss_on_the_same_batch(tokenizer: CLIPTokenizer) -> None:
    trainer = tiny_trainer(tokenizer)
    before = trainer.step(examples())
    trainer.done = 0  # the same dice again
    assert trainer.step(examples()) < before


def test_every_part_learns_that_which_reads_the_caption_too(tokenizer: CLIPTokenizer) -> None:
    trainer = tiny_trainer(tokenizer)
    parts = {"unet": trainer.unet, "text": trainer.text}
    before = {
        f"{part}.{name}": weight.detach().clone()
        for part, model in parts.items()
        for name, weight in model.named_parameters()
    }
    trainer.step(examples())
    still = [
        f"{part}.{name}"
        for part, model in parts.items()
        for name, weight in model.named_parameters()
        # A key's bias shifts all scores alike, which no attention feels; and on latents this small
        # a norm sees one pixel.
        if torch.equal(weight, before[f"{part}.{name}"])
        and not name.endswith(("k_proj.bias", "norm1.weight"))
    ]
    assert still == []


def test_plain_pictures_are_learnt_from_more_often(tokenizer: CLIPTokenizer) -> None:
    trainer = tiny_trainer(tokenizer)
    styled = Idea(("cat",), "two", style="photo")
    asked = [Idea(("cat",)), Idea(("cat",), style="photo"), Idea(("cat",), "two"), styled]
    trainer.recipe = replace(trainer.recipe, plain=9.0)
    assert trainer.shares(asked).tolist() == pytest.approx([9, 3, 3, 1])
    trainer.recipe = replace(trainer.recipe, plain=1.0)
    assert trainer.shares(asked).tolist() == [1, 1, 1, 1]


@pytest.mark.slow
def test_errors_on_objects_count_more_until_the_rate_falls(tokenizer: CLIPTokenizer) -> None:
    def gone(foreground: float) -> torch.Tensor:
        trainer = tiny_trainer(tokenizer)
        trainer.recipe = replace(trainer.recipe, foreground=foreground)
        trainer.step(examples())
        return weights(trainer)

    evenly = gone(0.0)
    assert torch.equal(gone(0.0), evenly)
    assert not torch.equal(gone(3.0), evenly)
    recipe = Recipe(steps=1000, decay=400, foreground=3.0)
    assert recipe.foreground_at(600) == 3.0
    assert recipe.foreground_at(800) == pytest.approx(1.5)
    assert recipe.foreground_at(1000) == 0


def test_half_precision_is_orthogonal_enough() -> None:
    torch.manual_seed(0)
    whole = torch.randn(2, 24, 90)
    half = orthogonalised(whole.bfloat16()).float()
    assert (half - orthogonalised(whole)).norm() < 0.05 * half.norm()


@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one(
    tokenizer: CLIPTokenizer, tmp_path: Path
) -> None:
    whole = tiny_trainer(tokenizer)
    train_denoiser(whole, examples(), tmp_path / "whole.pt", every=2)

    class PulledPlug(Exception):
        pass

    class Plug(list[Idea]):
        """Ideas that fail after the third step, as a machine that is switched off does."""

        def __getitem__(self, place):
            if first.done == 3:
                raise PulledPlug
            return super().__getitem__(place)

    first = tiny_trainer(tokenizer)
    with pytest.raises(PulledPlug):
        train_denoiser(first, examples(Plug(IDEAS)), tmp_path / "parts.pt", every=2)
    second = tiny_trainer(tokenizer)
    train_denoiser(second, examples(), tmp_path / "parts.pt", every=2)
    assert second.done == whole.done == 6
    assert torch.equal(weights(second), weights(whole))
    means = [torch.cat([w.flatten() for w in t.mean_text.parameters()]) for t in (second, whole)]
    assert torch.equal(*means)


def test_the_rate_warms_up_stays_and_falls() -> None:
    recipe = Recipe(steps=1000, decay=400, rate=1.0, warm_up=10)
    assert recipe.rate_at(0) == pytest.approx(0.1)
    assert recipe.rate_at(300) == 1.0
    assert recipe.rate_at(800) == pytest.approx(0.5)
    assert recipe.rate_at(999) == pytest.approx(0.02)


def _tiny_autoencoder() -> AutoencoderTiny:
    torch.manual_seed(0)
    return AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8),
        decoder_block_out_channels=(8, 8, 8),
        num_encoder_blocks=(0, 1, 1),
        num_decoder_blocks=(1, 1, 0),
        latent_channels=4,
    )


def _gradients() -> torch.Tensor:
    ramp = torch.linspace(0, 255, 128).to(torch.uint8)
    return torch.stack([ramp.expand(3, 128, 128), ramp[:, None].expand(3, 128, 128)])


def test_the_autoencoder_gets_better(tmp_path: Path) -> None:
    before = fidelity(_tiny_autoencoder().eval(), _gradients())
    schooling = Schooling(steps=30, batch=4, rate=4e-3)
    model = train_autoencoder(
        _tiny_autoencoder(), _gradients(), schooling, tmp_path / "a.pt", say=lambda _: None
    )
    assert fidelity(model, _gradients()) > before + 3


def test_training_the_decoder_only_keeps_every_latent(tmp_path: Path) -> None:
    untouched = _tiny_autoencoder().encoder.state_dict()
    schooling = Schooling(steps=3, batch=2, decoder_only=True)
    model = train_autoencoder(
        _tiny_autoencoder(), _gradients(), schooling, tmp_path / "a.pt", say=lambda _: None
    )
    assert all(
        torch.equal(value, untouched[name]) for name, value in model.encoder.state_dict().items()
    )
