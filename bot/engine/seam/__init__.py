"""The executor seam: what the dispatcher asks for, and what an engine does.

Only plain data crosses it (JSON-like values and bytes), so that a worker may be a process on this
machine or an actor on another. Errors are `WorkerLost`, `Cancelled`, `RenderFailed` and `Busy`
from `bot.domain.errors`. Knows nothing about users, credits or Discord.
"""

from bot.engine.seam.attempt import (
    Attempt,
    Begun,
    Done,
    Event,
    Image,
    Images,
    LoadingModel,
    Paused,
    Preview,
    Progress,
    Result,
    Upload,
)
from bot.engine.seam.engine import Engine, Run
from bot.engine.seam.executor import Executor
from bot.engine.seam.question import CAPTIONS, IMPORTANCE, PLACE, SCORES, Answer, Question
from bot.engine.seam.worker import ROOM, Failed, Loaded, Loading, ModelState, Shape, Worker

__all__ = [
    "CAPTIONS",
    "IMPORTANCE",
    "PLACE",
    "ROOM",
    "SCORES",
    "Answer",
    "Attempt",
    "Begun",
    "Done",
    "Engine",
    "Event",
    "Executor",
    "Failed",
    "Image",
    "Images",
    "Loaded",
    "Loading",
    "LoadingModel",
    "ModelState",
    "Paused",
    "Preview",
    "Progress",
    "Question",
    "Result",
    "Run",
    "Shape",
    "Upload",
    "Worker",
]
