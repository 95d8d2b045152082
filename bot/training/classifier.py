"""The judge: a small classifier that has seen real renderings only, never what the model draws.

It tells objects, place (a scene, or the colour behind a plain picture), style, layout and the
colour given to a single object, of a picture of 64 by 64 pixels. What it reaches on real
renderings it was not trained on bounds what it can say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bot.training.captions import Idea, draw_idea
from bot.training.data import Course, draw_pixels
from bot.training.vocabulary import COLOURS, LAYOUTS, PLAIN, SCENES, STYLES
from bot.training.workplace import load_tensors, save_tensors

VIEW = 64  # pixels along each side of what the classifier sees
PLACES = (*SCENES, *COLOURS)
TINTS = ("", *COLOURS)
_EVALUATION_SEEDS = 500_000  # training pictures have larger seeds, those of the reports smaller


@dataclass(frozen=True)
class Verdict:
    """Scores of a batch of pictures: higher is likelier, one row a picture."""

    objects: torch.Tensor
    places: torch.Tensor
    styles: torch.Tensor
    layouts: torch.Tensor
    tints: torch.Tensor


def place_of(idea: Idea) -> str:
    """The scene of an idea, or the colour behind it."""
    return idea.colour if idea.scene == PLAIN else idea.scene


class Classifier(nn.Module):
    """Convolutions down to 4 by 4, its maximum and mean, one linear layer a question."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = tuple(names)
        layers: list[nn.Module] = []
        widths = (3, 32, 64, 128, 192)
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
            if after > 32:
                layers += [nn.Conv2d(after, after, 3, 1, 1), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self._parts = (len(self.names), len(PLACES), len(STYLES), len(LAYOUTS), len(TINTS))
        self.head = nn.Linear(2 * widths[-1], sum(self._parts))

    def forward(self, views: torch.Tensor) -> Verdict:
        """`views`: uint8 or float, 0 to 255, shape (n, 3, VIEW, VIEW)."""
        seen = self.body(views.float() / 127.5 - 1)
        told = self.head(torch.cat([seen.amax((2, 3)), seen.mean((2, 3))], 1))
        return Verdict(*told.split(self._parts, 1))

    @torch.no_grad()
    def judge(self, pixels: torch.Tensor) -> Verdict:
        """Verdict on uint8 pictures of any size, shape (n, 3, h, w)."""
        return self.eval()(view(pixels))


def view(pixels: torch.Tensor) -> torch.Tensor:
    """Pictures shrunk to what the classifier sees, uint8."""
    small = functional.interpolate(pixels.float(), size=(VIEW, VIEW), mode="area")
    return small.round().to(torch.uint8)


def draw_views(names: Sequence[str], number: int, count: int) -> tuple[torch.Tensor, list[Idea]]:
    """Real renderings of random ideas, those held out from the model included."""
    rng = np.random.default_rng([23, number])
    weights = np.ones(len(names))
    ideas = [draw_idea(rng, tuple(names), weights) for _ in range(count)]
    seeds = range(_EVALUATION_SEEDS + number * count, _EVALUATION_SEEDS + (number + 1) * count)
    parts = [
        view(draw_pixels(list(zip(ideas, seeds, strict=True))[start : start + 100])[0])
        for start in range(0, count, 100)
    ]
    return torch.cat(parts), ideas


def train_classifier(
    course: Course,
    path: Path,
    pictures: int = 14_000,
    epochs: int = 8,
    say: Callable[[str], None] = print,
) -> Classifier:
    """Draw, train, save; the drawn views are kept beside the classifier for the next time."""
    torch.manual_seed(3)
    views, ideas = _views(course, path.with_name("views.pt"), pictures, say)
    model = Classifier(course.names)
    targets = _targets(model.names, ideas)
    steps = epochs * (pictures // 64)
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    model.train()
    for step in range(steps):
        pick = torch.randint(0, pictures, (64,))
        loss = _loss(model(_shaken(views[pick])), [target[pick] for target in targets])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        plan.step()
        if step % 200 == 0:
            say(f"classifier step {step} of {steps} loss {loss.item():.3f}")
    save_tensors(path, {"names": list(model.names), "weights": model.state_dict()})
    return model.eval()


def load_classifier(path: Path) -> Classifier:
    """What `train_classifier` saved."""
    state = load_tensors(path)
    model = Classifier(state["names"])
    model.load_state_dict(state["weights"])
    return model.eval()


def _views(
    course: Course, path: Path, pictures: int, say: Callable[[str], None]
) -> tuple[torch.Tensor, list[Idea]]:
    if path.exists():
        kept = load_tensors(path)
        if len(kept["views"]) >= pictures:
            return kept["views"][:pictures], [Idea.from_json(row) for row in kept["ideas"]]
    parts, ideas = [], []
    part = min(1000, pictures)
    for number in range(1, pictures // part + 1):
        seen, told = draw_views(course.names, number, part)
        parts.append(seen)
        ideas += told
        say(f"classifier: {len(ideas)} renderings")
    views = torch.cat(parts)
    save_tensors(path, {"views": views, "ideas": [idea.as_json() for idea in ideas]})
    return views, ideas


def _targets(names: tuple[str, ...], ideas: Sequence[Idea]) -> list[torch.Tensor]:
    objects = torch.zeros(len(ideas), len(names))
    for row, idea in enumerate(ideas):
        for name in set(idea.objects):
            objects[row, names.index(name)] = 1 / len(set(idea.objects))
    styles, layouts = list(STYLES), [*LAYOUTS]
    return [
        objects,
        torch.tensor([PLACES.index(place_of(idea)) for idea in ideas]),
        torch.tensor([styles.index(idea.style) for idea in ideas]),
        torch.tensor([layouts.index(idea.layout) for idea in ideas]),
        torch.tensor([TINTS.index(idea.tint) for idea in ideas]),
    ]


def _loss(told: Verdict, targets: list[torch.Tensor]) -> torch.Tensor:
    answers = (told.objects, told.places, told.styles, told.layouts, told.tints)
    losses = [
        functional.cross_entropy(answer, target)
        for answer, target in zip(answers, targets, strict=True)
    ]
    return 2 * losses[0] + losses[1] + losses[2] + 0.5 * losses[3] + losses[4]


def _shaken(views: torch.Tensor) -> torch.Tensor:
    """Shifted by up to four pixels and a little noisy, so that details of drawing matter less."""
    down, right = torch.randint(-4, 5, (2,)).tolist()
    shifted = torch.roll(views, (down, right), (2, 3)).float()
    return shifted + 6 * torch.randn_like(shifted)
