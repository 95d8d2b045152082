"""One job on a worker, as the dispatcher hands it over, and when it was done.

Knows executors; not what a measurement is for. Times are seconds.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.delivery import UPLOAD_LIMIT
from bot.domain.errors import Busy
from bot.domain.request import GenerationRequest
from bot.engine.seam import Attempt, Done, Executor, Images, LoadingModel, Progress


@dataclass(frozen=True)
class Grid:
    """One job: from handing it over until its last picture is there, and between its steps.

    `engine` is what drew it, in the recipe's words; `loaded` says that something was loaded for it.
    `pictures` are files by index.
    """

    seconds: float
    steps: Sequence[float]
    engine: str
    loaded: bool = False
    pictures: Mapping[int, bytes] = field(default_factory=dict, repr=False)


async def drawn(
    executor: Executor, worker: str, request: GenerationRequest,
    inputs: Mapping[str, bytes] | None = None,
) -> Grid:  # fmt: skip
    """One job to its end, as soon as the worker has a free slot, for a person of its own; `inputs`
    are the pictures that it is drawn from, by what the request calls them.

    Raises EngineError.
    """
    job = uuid.uuid4().hex
    attempt = Attempt(
        job, 1, request.model, tuple(range(request.count)), request.wire(), inputs or {},
        upload_limit=UPLOAD_LIMIT, person=job,
    )  # fmt: skip
    while True:
        version = executor.version
        try:
            return await _tried(executor, worker, attempt)
        except Busy:
            await executor.changed(version)


async def _tried(executor: Executor, worker: str, attempt: Attempt) -> Grid:
    began, engine, loaded = time.monotonic(), "", False
    steps: list[float] = []
    pictures: dict[int, bytes] = {}
    async for _, event in executor.run_batch(worker, [attempt]):
        if isinstance(event, Progress):
            steps.append(event.t)
        elif isinstance(event, LoadingModel):
            loaded = True
        elif isinstance(event, Images):
            pictures |= event.data
        elif isinstance(event, Done):
            engine = event.engine
    between = [later - earlier for earlier, later in itertools.pairwise(steps)]
    return Grid(time.monotonic() - began, between, engine, loaded, pictures)
