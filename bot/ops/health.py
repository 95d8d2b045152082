"""What a bot says of itself on loopback: `/healthz` for Docker and process supervisors, and the
pages of others beside it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from aiohttp import web

from bot.domain.errors import SettingsError
from bot.engine.seam import Executor, Loading, Worker
from bot.ops.supervision import Supervisor

Answer = Callable[[web.Request], Awaitable[web.Response]]
NO_MORE: Mapping[str, Answer] = MappingProxyType({})


class Health:
    """200 and "ok" while all is well, 503 and "trouble" when no worker can draw any more or a task
    dies again and again. The body names how each worker and each long-lived task is. `more` are
    other pages by their paths."""

    def __init__(
        self, port: int, executor: Executor, supervisor: Supervisor,
        more: Mapping[str, Answer] = NO_MORE,
    ) -> None:  # fmt: skip
        self._port = port
        self._executor = executor
        self._supervisor = supervisor
        application = web.Application()
        for path, answer in {"/healthz": self._answer, **more}.items():
            application.router.add_get(path, answer)
        self._runner = web.AppRunner(application, access_log=None)

    async def __aenter__(self) -> Health:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise SettingsError(
                f"HEALTH_PORT {self._port} cannot be opened ({os.strerror(error.errno or 0)}); "
                "name another, or 0 for none."
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        workers = self._executor.workers()
        well = self._supervisor.steady and (
            not workers or any(worker.trouble is None for worker in workers)
        )
        said = {
            "status": "ok" if well else "trouble",
            "workers": {worker.id: _state(worker) for worker in workers},
            "tasks": dict(self._supervisor.states()),
        }
        return web.json_response(said, status=200 if well else 503)


def _state(worker: Worker) -> str:
    """One word or sentence: what it does, or why it does nothing."""
    if worker.trouble:
        return worker.trouble
    if worker.draining:
        return "closing"
    if not worker.loaded:
        texts = [state.text for state in worker.models.values() if isinstance(state, Loading)]
        return next(filter(None, texts), "loading")
    return "drawing" if worker.busy else "ready"
