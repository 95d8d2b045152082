"""What the command line of training asks for, and how much of everything it has no option for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.training.captioner import Lessons
from bot.training.data import CHUNK, Course
from bot.training.denoiser import Recipe
from bot.training.sampling import Sampling
from bot.training.workplace import Workplace

FEWEST = 18  # objects: every layout has what it needs, the sun lounger and its cocktail too


@dataclass(frozen=True)
class Effort:
    """How much of everything that the command line has no option for."""

    chunk: int = CHUNK
    crops: int = 1300  # pictures for the autoencoder; one in thirteen tells how well it does
    schooling: int = 1900
    fitting: int = 500  # its decoder alone, where there is a base
    lesson: int = 1500
    refresher: int = 500
    captions: int = 24_000
    renderings: int = 14_000
    epochs: int = 8
    shown: int = 128  # pictures in a chunk of those that the captioner learns from
    shown_chunks: int = 40
    real_chunks: int = 60
    lessons: Lessons = Lessons()


TRIAL = Effort(24, 39, 3, 3, 3, 3, 200, 192, 1, 6, 2, 2, Lessons(3, 1, batch=4))


@dataclass(frozen=True)
class Order:
    """What the command line asks for."""

    place: Workplace
    course: Course
    base: Path | None
    chunks: int
    recipe: Recipe
    device: str
    out: Path
    describer: Path
    sampling: Sampling
    questions: int
    drop: frozenset[str]
    effort: Effort
