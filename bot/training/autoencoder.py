"""The autoencoder: 128² pixels to 32×32 latents of four channels, and back.

It learns on crops of drawn pictures; latents are pulled to mean 0 and deviation 1 per channel,
and a little noise before decoding makes the decoder forgive. Training only the decoder keeps
every latent, and so every denoiser, as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from torch import nn

from bot.training.workplace import load_tensors, save_tensors

_CROP = 64  # pixels along each side of a training crop
_WIDTH = 32


@dataclass(frozen=True)
class Schooling:
    """How to train the autoencoder. `decoder_only` leaves the encoder as it is."""

    steps: int = 1900
    batch: int = 32
    rate: float = 1.5e-3
    noise: float = 0.06
    decoder_only: bool = False
    seed: int = 0


def new_autoencoder() -> AutoencoderTiny:
    """An untrained autoencoder, 0.29 million weights, that halves the sides twice."""
    return AutoencoderTiny(
        encoder_block_out_channels=(_WIDTH,) * 3,
        decoder_block_out_channels=(_WIDTH,) * 3,
        num_encoder_blocks=(0, 1, 3),
        num_decoder_blocks=(3, 2, 0),
        latent_channels=4,
        scaling_factor=1.0,
    )


def train_autoencoder(
    model: AutoencoderTiny,
    pixels: torch.Tensor,
    schooling: Schooling,
    checkpoint: Path,
    device: str = "cpu",
    say: Callable[[str], None] = print,
) -> AutoencoderTiny:
    """Train on uint8 pictures of shape (n, 3, 128, 128); returns the averaged weights."""
    model = model.to(device).train()  # type: ignore[assignment]
    part: nn.Module = model.decoder if schooling.decoder_only else model
    optimiser = torch.optim.AdamW(part.parameters(), schooling.rate, betas=(0.9, 0.98))
    mean = {name: value.clone() for name, value in model.state_dict().items()}
    done = 0
    if checkpoint.exists():
        state = load_tensors(checkpoint)
        done, mean = state["done"], state["mean"]
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
    while done < schooling.steps:
        for group in optimiser.param_groups:
            group["lr"] = _rate(schooling, done)
        loss = _loss(model, _crops(pixels, schooling, done).to(device), schooling, done)
        model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(part.parameters(), 1.0)
        optimiser.step()
        kept = min(0.99, done / (done + 10))
        for name, value in model.state_dict().items():
            mean[name].lerp_(value, 1 - kept)
        done += 1
        if done % 100 == 0 or done == schooling.steps:
            say(f"autoencoder step {done} loss {loss.item():.4f}")
            state = {"done": done, "mean": mean, "model": model.state_dict()}
            save_tensors(checkpoint, {**state, "optimiser": optimiser.state_dict()})
    model.load_state_dict(mean)
    return model.eval()


@torch.no_grad()
def fidelity(model: AutoencoderTiny, pixels: torch.Tensor) -> float:
    """Mean peak signal-to-noise ratio, in dB, of pictures that went through and came back."""
    found = []
    for part in pixels.split(25):
        scaled = part.float() / 127.5 - 1
        back = model.decode(model.encode(scaled).latents).sample.clamp(-1, 1)  # type: ignore[union-attr]
        found.append(-10 * ((scaled - back) / 2).pow(2).mean((1, 2, 3)).log10())
    return float(torch.cat(found).mean())


def _rate(schooling: Schooling, step: int) -> float:
    share = step / schooling.steps
    decay = 1.0 if share < 0.4 else max(0.03, 1 - (share - 0.4) / 0.6)
    return schooling.rate * min(1.0, (step + 1) / 30) * decay


def _crops(pixels: torch.Tensor, schooling: Schooling, step: int) -> torch.Tensor:
    chance = torch.Generator().manual_seed(schooling.seed * 1_000_003 + step)
    pick = torch.randint(len(pixels), (schooling.batch,), generator=chance)
    span = pixels.shape[-1] - _CROP + 1
    # Corners on the grid of the latents: a latent always stands for the same sixteen pixels.
    top, left = (torch.randint(span, (2,), generator=chance) // 4 * 4).tolist()
    return pixels[pick, :, top : top + _CROP, left : left + _CROP].float() / 127.5 - 1


def _loss(
    model: AutoencoderTiny, crops: torch.Tensor, schooling: Schooling, step: int
) -> torch.Tensor:
    with torch.set_grad_enabled(not schooling.decoder_only):
        latents = model.encode(crops).latents  # type: ignore[union-attr]
    chance = torch.Generator().manual_seed(schooling.seed * 1_000_003 + step + 500_000)
    noise = torch.randn(latents.shape, generator=chance).to(latents.device)
    error = model.decode(latents + schooling.noise * noise).sample - crops  # type: ignore[union-attr]
    edges = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
    loss = error.abs().mean() + 0.5 * error.pow(2).mean() + 0.35 * edges
    if schooling.decoder_only:
        return loss
    spread = latents.mean((0, 2, 3)) ** 2 + (latents.std((0, 2, 3)) - 1) ** 2
    return loss + 0.05 * spread.mean()
