"""The text encoder, taught before the denoiser: to say what a caption means and how things look.

Trained jointly from scratch it hardly steers the picture. So first every end and padding position
must tell, through one linear layer, the objects, scene, colour, style, layout, and a thumbnail of
the first two objects. It knows captions and sprites; it knows neither latents nor noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from bot.training.captions import Idea, caption, draw_training_idea
from bot.training.data import Course
from bot.training.sprites import sprite
from bot.training.tokenizer import LENGTH, token_ids
from bot.training.vocabulary import COLOURS, LAYOUTS, PLAIN, SCENES, STYLES, THINGS

WIDTH, LAYERS = 160, 2
_TINTS = [f"{colour} thing" for colour in COLOURS]
LABELS = [*(thing.name for thing in THINGS), *SCENES, *COLOURS, *STYLES, *LAYOUTS, *_TINTS]
_PLACE = {label: place for place, label in enumerate(LABELS)}
_OBJECT = {thing.name: place for place, thing in enumerate(THINGS)}
_LOOKS = 48  # numbers that describe a thumbnail


@dataclass(frozen=True)
class Lesson:
    """How the text encoder is taught. `keep`: the first objects, whose codes shall not move."""

    steps: int = 1500
    batch: int = 96
    rate: float = 2e-3
    captions: int = 24_000
    keep: int = 0
    seed: int = 1


def new_text_encoder(words: int) -> CLIPTextModel:
    """An untrained encoder for a tokenizer of that many tokens (start and end come last)."""
    config = CLIPTextConfig(
        vocab_size=words,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=WIDTH // 32,
        max_position_embeddings=LENGTH,
        hidden_act="gelu",
        bos_token_id=words - 2,
        eos_token_id=words - 1,
        pad_token_id=words - 1,
    )
    model = CLIPTextModel(config)
    for name, weight in model.named_parameters():
        if "embedding" in name:
            nn.init.normal_(weight, std=0.15 if "token" in name else 0.05)
    return model


def grown_text_encoder(base: Path, words: int) -> CLIPTextModel:
    """The encoder in folder `base`, with small random embeddings for new tokens."""
    model = CLIPTextModel.from_pretrained(base, dtype=torch.float32)
    old = model.config.vocab_size
    if words > old:
        model.resize_token_embeddings(words, mean_resizing=False)
        grown: Any = model.get_input_embeddings()
        with torch.no_grad():
            grown.weight[old:].normal_(std=0.15)
    return model


def teach_text(
    model: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    course: Course,
    lesson: Lesson,
    say: Callable[[str], None] = print,
) -> float:
    """Teach in place; returns the share of captions whose first object the last position tells."""
    torch.manual_seed(lesson.seed)
    rng = np.random.default_rng(lesson.seed)
    ideas = [draw_training_idea(rng, course.names, course.weights) for _ in range(lesson.captions)]
    ids = token_ids(tokenizer, [caption(idea, rng) for idea in ideas])
    labels = torch.stack([labels_of(idea) for idea in ideas])
    end = torch.tensor(tokenizer.eos_token_id)
    first = torch.tensor([_OBJECT[idea.objects[0]] for idea in ideas])
    looks = _looks()
    shown = torch.stack([_shown(idea, looks) for idea in ideas])
    kept = torch.tensor([_kept(idea, lesson.keep) for idea in ideas])
    codes = _codes(model, ids) if lesson.keep else None
    head = nn.Linear(WIDTH, len(LABELS) + len(THINGS) + 2 * _LOOKS)
    weights = [*model.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(weights, lesson.rate, betas=(0.9, 0.98), weight_decay=0.01)
    right = 0.0
    for step in range(lesson.steps):
        share = step / lesson.steps
        for group in optimiser.param_groups:
            group["lr"] = lesson.rate * min(1, (step + 1) / 20) * (1 - share)
        pick = torch.randint(0, len(ids), (lesson.batch,))
        hidden = model(ids[pick]).last_hidden_state
        told = head(hidden)
        parts = told.split([len(LABELS), len(THINGS), 2 * _LOOKS], dim=-1)
        after = (ids[pick] == end).float()
        loss = _mean(_label_loss(parts[0], labels[pick]), after)
        loss = loss + _mean(_first_loss(parts[1], first[pick]), after)
        loss = loss + 2.0 * _mean((parts[2] - shown[pick][:, None]).pow(2).mean(-1), after)
        if codes is not None:
            drift = (hidden - codes[pick]).pow(2).mean(-1) * kept[pick][:, None]
            loss = loss + 4.0 * drift.mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        hit = (parts[1][:, -1].argmax(-1) == first[pick]).float().mean().item()
        right = 0.98 * right + 0.02 * hit
        if step % 100 == 0:
            say(f"text step {step} loss {loss.item():.3f} first object {hit:.2f}")
    return right


def labels_of(idea: Idea) -> torch.Tensor:
    """1 for each of `LABELS` that the idea has."""
    labels = torch.zeros(len(LABELS))
    place = idea.colour if idea.scene == PLAIN else idea.scene
    for label in (*idea.objects, place, idea.style, idea.layout):
        labels[_PLACE[label]] = 1
    if idea.tint:
        labels[_PLACE[f"{idea.tint} thing"]] = 1
    return labels


def _label_loss(told: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    wanted = labels[:, None].expand_as(told)
    loss = functional.binary_cross_entropy_with_logits(told, wanted, reduction="none")
    return loss.sum(-1)


def _first_loss(told: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    wanted = first[:, None].expand(-1, told.shape[1])
    return functional.cross_entropy(told.transpose(1, 2), wanted, reduction="none")


def _mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (values * mask).sum() / mask.sum()


def _looks() -> torch.Tensor:
    """What each object looks like: main components of its 12 by 12 thumbnail, deviation one."""
    small = []
    for thing in THINGS:
        pixels = np.asarray(sprite(thing.name).resize((12, 12)), np.float32) / 255
        small.append(np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], -1))
    flat = torch.from_numpy(np.stack(small).reshape(len(small), -1))
    flat = flat - flat.mean(0)
    left, size, _ = torch.linalg.svd(flat, full_matrices=False)
    looks = left[:, :_LOOKS] * size[:_LOOKS]
    return looks / looks.std()


def _shown(idea: Idea, looks: torch.Tensor) -> torch.Tensor:
    first, *others = (looks[_OBJECT[name]] for name in idea.objects)
    return torch.cat([first, others[-1] if others else torch.zeros(_LOOKS)])


def _kept(idea: Idea, keep: int) -> float:
    known = all(_OBJECT[name] < keep for name in idea.objects)
    return float(known and idea.layout == "single" and idea.style in ("illustration", "photo"))


@torch.no_grad()
def _codes(model: CLIPTextModel, ids: torch.Tensor) -> torch.Tensor:
    return torch.cat([model(part).last_hidden_state for part in ids.split(512)])
