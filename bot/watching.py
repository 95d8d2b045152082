"""Everything that watches a running bot: built here, told by `tell`, looked at by HTTP.

Parts of the bot know one function that hears what happens, and are asked for snapshots; nothing in
here changes what they do.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from bot import __version__
from bot.dispatch.dispatcher import Dispatcher
from bot.domain.errors import SettingsError
from bot.domain.news import News, Tell
from bot.domain.snapshots import Standing
from bot.engine.seam import Executor
from bot.ops.faults import Faults
from bot.ops.health import Health
from bot.ops.joblog import JobLog
from bot.ops.metrics.counts import Counts
from bot.ops.metrics.page import Page, Sources
from bot.ops.readiness import Readiness
from bot.ops.supervision import Supervisor
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.measures import MeasureRepository

log = logging.getLogger(__name__)

_ENDPOINTS = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
_PROTOCOL = "http/protobuf"
NO_TRACES = (
    "%s is set, and what sends traces is not installed: pip install 'easel-bot[traces]'. There"
    " will be none."
)


class Watching:
    """Of one bot. The log of jobs is always written; counters are kept where HEALTH_PORT shows
    them, and traces where the environment says to whom they go. `hears` hear everything, too."""

    def __init__(
        self,
        settings: Settings,
        hears: Sequence[Tell] = (),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.counts = Counts()
        self._port = settings.health_port
        self._client: Callable[[], Standing | None] = lambda: None
        self._faults = Faults()
        self._hears: list[Tell] = [JobLog(), *hears]
        if self._port:
            self._hears.append(self.counts)
        self._closing = contextlib.AsyncExitStack()
        if to := _collector(environ):
            self._trace(to, environ)

    def _trace(self, to: str, environ: Mapping[str, str]) -> None:
        try:
            from bot.ops.traces import traces_of

            traces = traces_of(environ, __version__)
        except ImportError:
            log.warning(NO_TRACES, to)
            return
        except ValueError as error:
            raise SettingsError(
                f"Traces cannot be sent as the OTEL_ variables say: {error}."
            ) from None
        if environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", _PROTOCOL) != _PROTOCOL:
            log.warning(
                "traces are sent by %s, whatever OTEL_EXPORTER_OTLP_PROTOCOL says", _PROTOCOL
            )
        self._hears.append(traces)
        self._closing.push_async_callback(traces.close)

    def tell(self, news: News) -> None:
        """Everybody who watches hears it; whose mistake it is, the bot goes on."""
        for hear in self._hears:
            try:
                hear(news)
            except Exception:
                log.exception("%s was not heard", type(news).__name__)

    def join(self, standing: Callable[[], Standing | None]) -> None:
        """There is a client now, which says how it stands."""
        self._client = standing

    @contextlib.asynccontextmanager
    async def opened(
        self, executor: Executor, supervisor: Supervisor, dispatcher: Dispatcher,
        database: Database, measures: MeasureRepository,
    ) -> AsyncIterator[None]:  # fmt: skip
        """What these are doing can be looked at until the block ends. Raises SettingsError where
        HEALTH_PORT cannot be opened."""
        async with self._closing:
            if not self._port:
                yield
                return
            sources = Sources(
                version=__version__,
                counts=self.counts,
                executor=executor,
                supervisor=supervisor,
                census=dispatcher.census,
                stored=measures.read,
                commit_seconds=database.commits.seconds,
                commit_sizes=database.commits.sizes,
                refusals=database.refusals,
                faults=self._faults,
                standing=self._standing,
            )
            self._faults.open()
            self._closing.callback(self._faults.close)
            supervisor.start("lag", sources.lag.keep)
            supervisor.start("workers", lambda: sources.lives.keep(executor))
            ready = Readiness(executor, database.probe, self._standing)
            pages = {"/readyz": ready.answer, "/metrics": Page(sources).answer}
            async with Health(self._port, executor, supervisor, pages):
                yield

    def _standing(self) -> Standing | None:
        return self._client()


def _collector(environ: Mapping[str, str]) -> str:
    """The variable that says where traces go; empty where they are not wanted."""
    off = environ.get("OTEL_SDK_DISABLED", "").casefold() == "true"
    if off or environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return ""
    return next((name for name in _ENDPOINTS if environ.get(name)), "")
