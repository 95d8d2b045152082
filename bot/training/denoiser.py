"""The denoiser: a latent U-Net that learns to take noise away, with the text encoder beside it.

Velocity prediction under a noise schedule whose last step is pure noise. Everything random in a
step follows from the seed and the step's number, so a run that stops and goes on equals one that
did not.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from bot.training.captions import Idea, caption
from bot.training.company import meet, rank
from bot.training.data import Examples
from bot.training.muon import Muon, takes
from bot.training.text import WIDTH
from bot.training.tokenizer import token_ids
from bot.training.vocabulary import NO_STYLE
from bot.training.workplace import load_tensors, save_tensors

CHANNELS = (32, 64, 128, 192)


@dataclass(frozen=True)
class Recipe:
    """How to train.

    `decay`: the last steps, in which the rate falls to nothing, linearly. `plain`: how many times
    as often unstyled pictures of a single object are learnt from, which teach what new objects look
    like. `foreground`: by how much more an error counts where an object is; it fades with the rate.
    `noise_bias`: below 1 leans to noisy pictures, in which it is decided what is shown.
    """

    steps: int
    decay: int
    batch: int = 64
    plain: float = 1.0
    foreground: float = 0.0
    rate: float = 6e-4
    muon: float = 2.0
    text_rate: float = 0.25
    warm_up: int = 60
    dropout: float = 0.1
    noise_bias: float = 0.75
    average: float = 0.998
    meet: int = 8  # steps after which processes that train together average their weights
    seed: int = 0

    def rate_at(self, step: int) -> float:
        left = (self.steps - step) / max(1, self.decay)
        return self.rate * min(1.0, (step + 1) / self.warm_up, max(0.02, left))

    def foreground_at(self, step: int) -> float:
        left = (self.steps - step) / max(1, self.decay)
        return self.foreground * min(1.0, max(0.0, left))


def new_unet(channels: Sequence[int] = CHANNELS, width: int = WIDTH) -> UNet2DConditionModel:
    """An untrained U-Net on 32×32×4 latents that reads text on its two deepest levels."""
    heads = tuple(max(1, count // 32) for count in channels)
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=tuple(channels),
        down_block_types=("DownBlock2D",) * 2 + ("CrossAttnDownBlock2D",) * 2,
        up_block_types=("CrossAttnUpBlock2D",) * 2 + ("UpBlock2D",) * 2,
        cross_attention_dim=width,
        attention_head_dim=heads,  # type: ignore[arg-type]
        norm_num_groups=16,
        use_linear_projection=True,
    )


def noise_schedule() -> DDIMScheduler:
    """The schedule that the model is trained on and is shipped with."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        set_alpha_to_one=True,
        steps_offset=1,
    )


def fast_half(device: str) -> bool:
    """Whether bfloat16 is quick here; a CPU without instructions for it takes ten times as long."""
    if device != "cpu":
        return True
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


class Trainer:
    """U-Net, text encoder, their averages and optimisers; `step` makes one optimisation step."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        text: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        recipe: Recipe,
        device: str = "cpu",
    ) -> None:
        self.unet, self.text = unet.to(device).train(), text.to(device).train()  # type: ignore[arg-type]
        self.recipe, self.done = recipe, 0
        if device == "cpu":  # the fused attention's backward is slow there
            self.unet.set_attn_processor(AttnProcessor())
        self._tokenizer, self._device = tokenizer, device
        self._shares: torch.Tensor | None = None  # of the pictures, which stay the same
        self._blank = token_ids(tokenizer, [""])[0]
        self._signal = noise_schedule().alphas_cumprod.to(device)
        named = list(self.unet.named_parameters())
        matrices = [weight for name, weight in named if takes(name, weight)]
        chosen = {id(weight) for weight in matrices}
        others = [weight for _, weight in named if id(weight) not in chosen]
        half = torch.bfloat16 if fast_half(device) else torch.float32
        self.muon = Muon(matrices, precision=half)
        self.adam = torch.optim.AdamW(
            [
                {"params": others, "share": 1.0},
                {"params": list(self.text.parameters()), "share": recipe.text_rate},
            ],
            betas=(0.9, 0.985),
            weight_decay=0.0,
        )
        self._live: list[nn.Parameter] = [*self.unet.parameters(), *self.text.parameters()]
        self.mean_unet = copy.deepcopy(self.unet).requires_grad_(False)
        self.mean_text = copy.deepcopy(self.text).requires_grad_(False)
        self._mean = [*self.mean_unet.parameters(), *self.mean_text.parameters()]

    def step(self, examples: Examples) -> float:
        """Learn from one batch drawn out of these examples; returns its mean squared error."""
        chance = torch.Generator().manual_seed(self.recipe.seed * 10_000_019 + self.done)
        clean, cover, ids, times, noise = (
            part.to(self._device) for part in self._batch(examples, chance)
        )
        signal = self._signal[times].view(-1, 1, 1, 1)
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        velocity = signal.sqrt() * noise - (1 - signal).sqrt() * clean
        with self._precision():
            read = self.text(ids).last_hidden_state
            guess = self.unet(noisy, times, read).sample
        error = (guess.float() - velocity).pow(2)
        weight = 1 + self.recipe.foreground_at(self.done) * cover
        loss = (error * weight).mean()
        self.unet.zero_grad()
        self.text.zero_grad()
        loss.backward()
        self._learn()
        return error.mean().item()

    def shares(self, ideas: Sequence[Idea]) -> torch.Tensor:
        """How often each picture is learnt from; either half of being plain counts the root."""
        halves = [(idea.style == NO_STYLE) + (idea.layout == "single") for idea in ideas]
        return self.recipe.plain ** (torch.tensor(halves) / 2)

    def state(self) -> dict[str, Any]:
        """All that is needed to go on as if nothing had happened."""
        return {
            "done": self.done,
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            **{name: model.state_dict() for name, model in self._models().items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        self.done = state["done"]
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
        for name, model in self._models().items():
            model.load_state_dict(state[name])

    def _models(self) -> dict[str, nn.Module]:
        return {
            "unet": self.unet,
            "text": self.text,
            "mean_unet": self.mean_unet,
            "mean_text": self.mean_text,
        }

    def _batch(self, examples: Examples, chance: torch.Generator) -> tuple[torch.Tensor, ...]:
        size, ideas = self.recipe.batch, examples.ideas
        if self._shares is None:
            self._shares = self.shares(ideas)
        pick = torch.multinomial(self._shares, size, True, generator=chance)
        words = np.random.default_rng([self.recipe.seed, self.done])
        ids = token_ids(self._tokenizer, [caption(ideas[place], words) for place in pick.tolist()])
        ids[torch.rand(size, generator=chance) < self.recipe.dropout] = self._blank
        even = (torch.arange(size) + torch.rand(size, generator=chance)) / size
        times = (even**self.recipe.noise_bias * 1000).long().clamp(0, 999)
        clean, cover = examples.latents[pick].float(), examples.cover[pick].float() / 255
        return clean, cover, ids, times, torch.randn(clean.shape, generator=chance)

    def _precision(self) -> AbstractContextManager[Any]:
        if fast_half(self._device):
            return torch.autocast(self._device, torch.bfloat16)
        return nullcontext()

    def _learn(self) -> None:
        nn.utils.clip_grad_norm_(self._live, 1.0)
        rate = self.recipe.rate_at(self.done)
        for group in self.adam.param_groups:
            group["lr"] = rate * group["share"]
        self.adam.step()
        self.muon.step(rate * self.recipe.muon)
        if (self.done + 1) % self.recipe.meet == 0:
            meet(self._live)
        kept = min(self.recipe.average, (1 + self.done) / (10 + self.done))
        with torch.no_grad():
            torch._foreach_lerp_(self._mean, self._live, 1 - kept)  # type: ignore[attr-defined]
        self.done += 1


def train_denoiser(
    trainer: Trainer,
    examples: Examples,
    checkpoint: Path,
    every: int = 100,
    say: Callable[[str], None] = print,
) -> None:
    """Train to the recipe's last step, from the checkpoint if there is one; save `every` steps.

    Of several processes the first one speaks and saves, and all of them resume from what it saved.
    """
    first = rank() == 0
    if checkpoint.exists():
        trainer.load(load_tensors(checkpoint))
        say(f"resumed at step {trainer.done}")
    recipe, losses, since = trainer.recipe, [], time.monotonic()
    while trainer.done < recipe.steps:
        losses.append(trainer.step(examples))
        if trainer.done % 20 == 0 and first:
            pace = (time.monotonic() - since) / len(losses)
            say(
                f"step {trainer.done} samples {trainer.done * recipe.batch} "
                f"loss {np.mean(losses):.4f} rate {recipe.rate_at(trainer.done):.1e} "
                f"{pace:.2f} s a step"
            )
            losses, since = [], time.monotonic()
        if first and (trainer.done % every == 0 or trainer.done == recipe.steps):
            save_tensors(checkpoint, trainer.state())
