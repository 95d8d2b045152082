"""The captioner: a small SegFormer encoder and a small GPT-2 decoder that say what a picture shows.

It learns from what the shipped model drew (`bot.training.renderings`) and from clean captions of
what that was asked for, a new wording each time, so that sampling brings different captions. Before
them, and then beside them, the encoder has to tell the labels of the idea through one linear layer,
which is left out of what is kept. It knows transformers' classes; it does not judge itself.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import (
    CLIPTokenizer,
    GPT2Config,
    SegformerConfig,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
)

from bot.training.captions import Idea, clean_caption
from bot.training.company import meet, rank
from bot.training.muon import Muon
from bot.training.renderings import Renderings
from bot.training.text import LABELS, labels_of
from bot.training.tokenizer import LENGTH, token_ids
from bot.training.workplace import load_tensors, save_tensors

WIDTH = 128
_WORDINGS = 4  # captions of each picture, one of which is taught at a time
_PASSED_OVER = -100  # what transformers' losses leave out


@dataclass(frozen=True)
class Lessons:
    """How the captioner is taught: of the `steps` the first `wordless` only labels, the first
    `warming` at a rising rate. Own renderings are a `first_own` share of the pictures at the start
    and a `last_own` share at the end. Several processes `meet` after so many steps; after
    `keep_every` a checkpoint is written."""

    steps: int = 4600
    wordless: int = 1100
    warming: int = 100
    meet: int = 8
    batch: int = 48
    rate: float = 2e-3
    muon_rate: float = 4e-3
    memory: float = 0.995
    first_own: float = 0.2
    last_own: float = 0.6
    keep_every: int = 50
    seed: int = 4


def new_captioner(tokenizer: CLIPTokenizer) -> VisionEncoderDecoderModel:
    """An untrained one for the tokens of a tokenizer."""
    start: Any = tokenizer.bos_token_id
    end: Any = tokenizer.eos_token_id
    beside: dict[str, Any] = {"hidden_size": WIDTH}  # of what comes out: the wrapper looks for it
    encoder = SegformerConfig(
        num_encoder_blocks=3, depths=[1, 1, 2], hidden_sizes=[32, 64, WIDTH],
        patch_sizes=[7, 3, 3], strides=[4, 2, 2], sr_ratios=[4, 2, 1], mlp_ratios=[2, 4, 4],
        num_attention_heads=[1, 2, 4], drop_path_rate=0.0, reshape_last_stage=False, **beside,
    )  # fmt: skip
    beside = {"is_decoder": True}
    decoder = GPT2Config(
        vocab_size=len(tokenizer), n_positions=LENGTH + 8, n_embd=128, n_layer=2, n_head=4,
        resid_pdrop=0.1, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=start, eos_token_id=end,
        add_cross_attention=True, **beside,
    )  # fmt: skip
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.eos_token_id, config.pad_token_id = start, end, end
    model = VisionEncoderDecoderModel(config)
    said = model.generation_config
    said.bos_token_id = said.decoder_start_token_id = start
    said.eos_token_id = said.pad_token_id = end
    return model


def scaled(views: torch.Tensor) -> torch.Tensor:
    """Numbers from -1 to 1, as its image processor makes them."""
    return views.float() / 127.5 - 1


class Lecture:
    """What is taught: views, and captions and labels of each, also as a mirror shows them."""

    def __init__(self, shown: Renderings, tokenizer: CLIPTokenizer, rng: np.random.Generator):
        self.views = shown.views
        self.ids = torch.stack([_worded(shown.ideas, tokenizer, rng)] * 2)
        turned = [place for place, idea in enumerate(shown.ideas) if idea.layout == "beside"]
        others = [_mirrored(shown.ideas[place]) for place in turned]
        if turned:
            self.ids[1, turned] = _worded(others, tokenizer, rng)
        self._labels = torch.stack([labels_of(idea) for idea in shown.ideas])

    def taken(self, pick: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Shaken pictures, the ids of a caption of each, and labels."""
        turned = torch.rand(len(pick)) < 0.5
        wording = torch.randint(0, _WORDINGS, (len(pick),))
        ids = self.ids[turned.long(), pick, wording]
        ids = ids[:, : int((ids != _PASSED_OVER).any(0).sum())]
        views = _shaken(scaled(self.views[pick]), turned)
        return views, ids, self._labels[pick]


def teach_captioner(
    model: VisionEncoderDecoderModel,
    tokenizer: CLIPTokenizer,
    own: Renderings,
    real: Renderings,
    lessons: Lessons,
    checkpoint: Path,
    say: Callable[[str], None] = print,
) -> VisionEncoderDecoderModel:
    """The mean of the weights while they are taught by the shipped model's `own` renderings and
    `real` ones; goes on where a checkpoint is."""
    torch.manual_seed(lessons.seed)
    lecture = Lecture(own + real, tokenizer, np.random.default_rng(lessons.seed))
    owned = len(own.ideas)
    pupil = _Pupil(model, lessons)
    begun = pupil.resume(checkpoint)
    if begun:
        say(f"captioner: resumed at step {begun}")
    for step in range(begun, lessons.steps):
        torch.manual_seed(lessons.seed * 1_000_003 + 97 * step + rank())
        share = lessons.first_own + (lessons.last_own - lessons.first_own) * step / lessons.steps
        mine = torch.randint(0, owned, (lessons.batch,))
        others = torch.randint(owned, owned + len(real.ideas), (lessons.batch,))
        pick = torch.where(torch.rand(lessons.batch) < share, mine, others)
        losses = pupil.learn(*lecture.taken(pick), step)
        if rank():
            continue  # the first speaks and saves
        if step % 50 == 0:
            say(f"captioner step {step} words {losses[0]:.3f} labels {losses[1]:.3f}")
        if (step + 1) % lessons.keep_every == 0 or step + 1 == lessons.steps:
            pupil.keep(checkpoint, step + 1)
    return pupil.mean


class _Pupil:
    """The model, what it is asked beside captions, its optimisers and its mean."""

    def __init__(self, model: VisionEncoderDecoderModel, lessons: Lessons) -> None:
        self._model: Any = model
        self._lessons = lessons
        self.mean = copy.deepcopy(model).eval().requires_grad_(False)
        self._head = nn.Linear(2 * WIDTH, len(LABELS))
        inner = {
            name: weight
            for name, weight in model.named_parameters()
            if weight.ndim == 2 and min(weight.shape) >= 32 and "wte" not in name
        }
        others = [weight for name, weight in model.named_parameters() if name not in inner]
        sees = [weight for name, weight in inner.items() if name.startswith("encoder.")]
        says = [weight for name, weight in inner.items() if not name.startswith("encoder.")]
        self._seeing, self._saying = Muon(sees, 0.02), Muon(says, 0.02)
        self._adam = torch.optim.AdamW(
            [*others, *self._head.parameters()], lessons.rate, betas=(0.9, 0.98), weight_decay=0.01
        )

    def learn(
        self, views: torch.Tensor, ids: torch.Tensor, labels: torch.Tensor, step: int
    ) -> tuple[float, float]:
        """One step; returns the losses of words (0 where none are taught yet) and labels."""
        self._model.train()
        seen = self._model.encoder(pixel_values=views)
        words = torch.zeros(())
        if step >= self._lessons.wordless:
            words = self._model(encoder_outputs=seen, labels=ids).loss
        states = seen.last_hidden_state
        told = self._head(torch.cat([states.mean(1), states.amax(1)], 1))
        told_loss = functional.binary_cross_entropy_with_logits(told, labels, reduction="none")
        other = told_loss.sum(-1).mean()
        (words + other / 4).backward()
        self._move(step)
        return words.item(), other.item()

    def _move(self, step: int) -> None:
        share = step / self._lessons.steps
        rate = min(1.0, (step + 1) / self._lessons.warming) * (
            0.5 + 0.5 * math.cos(math.pi * share)
        )
        weights = [*self._model.parameters(), *self._head.parameters()]
        nn.utils.clip_grad_norm_(weights, 1.0)
        self._adam.param_groups[0]["lr"] = self._lessons.rate * rate
        self._adam.step()
        self._seeing.step(self._lessons.muon_rate * rate)
        if step >= self._lessons.wordless:
            self._saying.step(self._lessons.muon_rate * rate)
        for weight in weights:
            weight.grad = None
        if (step + 1) % self._lessons.meet == 0:
            meet(weights)
        kept = min(self._lessons.memory, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, live in zip(
                self.mean.parameters(), self._model.parameters(), strict=True
            ):  # fmt: skip
                mean.lerp_(live, 1 - kept)

    def keep(self, path: Path, step: int) -> None:
        save_tensors(path, {"step": step, "parts": [part.state_dict() for part in self._parts()]})

    def resume(self, path: Path) -> int:
        """The steps that are behind it."""
        if not path.exists():
            return 0
        state = load_tensors(path)
        for part, kept in zip(self._parts(), state["parts"], strict=True):
            part.load_state_dict(kept)
        return int(state["step"])

    def _parts(self) -> tuple[Any, ...]:
        return self._model, self._head, self.mean, self._adam, self._seeing, self._saying


def _worded(
    ideas: Sequence[Idea], tokenizer: CLIPTokenizer, rng: np.random.Generator
) -> torch.Tensor:
    """Several captions of each: (n, _WORDINGS, LENGTH - 1), without the start, one end each."""
    texts = [clean_caption(idea, rng) for idea in ideas for _ in range(_WORDINGS)]
    ids = token_ids(tokenizer, texts)[:, 1:]
    end: Any = tokenizer.eos_token_id
    ends = torch.eq(ids, end)
    ended = ends.cumsum(1) - ends.long()
    ids = ids.masked_fill(ended > 0, _PASSED_OVER)
    return ids.unflatten(0, (len(ideas), _WORDINGS))


def _mirrored(idea: Idea) -> Idea:
    return replace(idea, objects=idea.objects[::-1])


def _shaken(views: torch.Tensor, turned: torch.Tensor) -> torch.Tensor:
    """Moved, scaled and lit a little; mirrored where `turned`."""
    count = len(views)
    zoom = 1 + 0.3 * (torch.rand(count) - 0.5)
    stretch = 1 + 0.36 * (torch.rand(count) - 0.5)
    moves = torch.zeros(count, 2, 3)
    moves[:, 0, 0] = zoom * stretch * torch.where(turned, -1.0, 1.0)
    moves[:, 1, 1] = zoom / stretch
    moves[:, 0, 1], moves[:, 1, 0] = (0.2 * (torch.rand(2, count) - 0.5)).unbind()
    moves[:, :, 2] = 0.3 * (torch.rand(count, 2) - 0.5)
    grid = functional.affine_grid(moves, list(views.shape), align_corners=False)
    moved = functional.grid_sample(views, grid, padding_mode="reflection", align_corners=False)
    light = 1 + 0.2 * (torch.rand(count, 1, 1, 1) - 0.5)
    return moved * light + 0.04 * torch.randn_like(moved)
