"""What every drawing works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.dispatch.board import Board
from bot.dispatch.inputs import Inputs
from bot.dispatch.retrying import Retrying
from bot.dispatch.timing import Timing
from bot.domain.news import Tell
from bot.domain.pace import Pace
from bot.domain.safety import Stance
from bot.engine.seam import Executor
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.pictures import PictureRepository


@dataclass(frozen=True)
class Studio:
    """`changed` is called where another job may begin meanwhile; `clock` returns UTC seconds since
    the epoch; `stance` is what the operator wants of unsafe pictures; `tell` hears what happens to
    jobs."""

    executor: Executor
    jobs: JobRepository
    pictures: PictureRepository
    files: ImageStore
    inputs: Inputs
    board: Board
    pace: Pace
    retrying: Retrying
    timing: Timing
    changed: Callable[[], None]
    clock: Callable[[], float]
    stance: Stance
    tell: Tell
