"""`/healthz` on loopback, for Docker and process supervisors."""

from __future__ import annotations

import os

from aiohttp import web

from bot.domain.errors import SettingsError
from bot.engine.seam import Executor


class Health:
    """200 while the event loop answers; the body says how many workers can draw."""

    def __init__(self, port: int, executor: Executor) -> None:
        self._port = port
        self._executor = executor
        application = web.Application()
        application.router.add_get("/healthz", self._answer)
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
        able = sum(worker.trouble is None for worker in workers)
        return web.json_response({"status": "ok", "workers": len(workers), "able": able})
