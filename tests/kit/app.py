"""Everything but Discord and a GPU, on real SQLite and real files; it can crash and start again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot import __version__
from bot.dispatch.dispatcher import Dispatcher
from bot.dispatch.timing import Timing
from bot.domain.action import Action, Press, Tile
from bot.domain.delivery import Kind
from bot.domain.job import Job, JobStatus, JobUpdate
from bot.domain.news import News
from bot.domain.people import Asker, Origin
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.ops.joblog import JobLog
from bot.ops.supervision import Supervisor
from bot.service.admission import Admission
from bot.service.answers import Answers
from bot.service.assembly import service_of
from bot.service.clemency import Clemency
from bot.service.conduct import Conduct
from bot.service.rulebook import Rulebook
from bot.service.rules import Rules
from bot.service.screening import Screening
from bot.service.sight import Fetch, nowhere
from bot.service.singles import Single
from bot.storage.repositories import Repositories
from tests.kit import blank, books
from tests.kit.beside import ERRANDS
from tests.kit.executor import PATIENCE_S, Clock, FakeExecutor
from tests.kit.faults import Disk, FaultyDatabase
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD, MORNING

HERE = Origin(GUILD, CHANNEL)
ELSEWHERE = Origin(GUILD + 1, CHANNEL + 1)
DIRECT = Origin(0, 700)
ANNA_ASKS = Asker(ANNA)
BERT_ASKS = Asker(BERT)
ADMIN_ASKS = Asker(99, admin=True)
MODERATOR_ASKS = Asker(98, moderator=True)
QUICK = Timing(positions=0.01, refused=0.01, refused_longest=0.05, look=0.01)
TINY = ModelCard("tiny", "Tiny", "nowhere", native=16, steps=4, guidance=3.0, strength=0.5)


class House:
    """`async with House(folder) as house`. What is made anew by a restart is an attribute.

    An `executor` that is given is used instead of a fake one.
    """

    def __init__(
        self, folder: Path, *, workers: int = 1, automatic: bool = False, card: ModelCard = TINY,
        rules: Rules | None = None, timing: Timing = QUICK, executor: Any = None,
        others: Sequence[ModelCard] = (), slots: int = 1, room: int = 0, fetch: Fetch = nowhere,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.card = card
        self.others = others
        self.rules = rules or Rules()
        self.clock = Clock(MORNING)
        self.told: list[News] = []
        self._log = JobLog(self.clock)
        self.seconds = Clock(1000.0)
        self._timing = timing
        self._workers = workers
        self._slots = slots
        self._room = room
        self._fetch = fetch
        self._automatic = automatic
        self._executor = executor

    async def __aenter__(self) -> House:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        path = blank.put(self.folder / "easel.sqlite3")
        self.database = await FaultyDatabase.open(path, busy_s=0.05)
        self.executor = self._executor or FakeExecutor(
            self._workers, automatic=self._automatic, slots=self._slots, room=self._room
        )
        self.disk = Disk(self.folder / "images")
        self.parts = replace(Repositories.of(self.database, self.folder), files=self.disk)
        self.jobs = self.parts.jobs
        self.dispatcher = Dispatcher(
            self.executor,
            self.parts.jobs,
            self.parts.pictures,
            self.parts.files,
            self.parts.blobs,
            self.clock,
            self._timing,
            self.seconds,
            self.rules.stance,
            self.tell,
        )
        self.catalogue = Catalogue(self.card, self.others)
        self.service = service_of(
            self.parts, self.dispatcher, self.executor, self.catalogue, self.rules, __version__,
            ERRANDS, self.clock, self._fetch, self.tell,
        )  # fmt: skip
        await self.service.levers.load()
        await self.service.drawing.resume()
        self.supervisor = Supervisor(first_s=0.01)
        self.supervisor.start("dispatcher", self.dispatcher.run)
        self.supervisor.start("positions", self.dispatcher.tell_places)
        self.supervisor.start("purges", self.service.purging.keep)

    async def stop(self) -> None:
        """Also what a crash is to the database: nothing more is written."""
        await self.supervisor.close()
        await self.dispatcher.close()
        await self.database.close()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def tell(self, news: News) -> None:
        """What happens is in the log, and in `told`."""
        self.told.append(news)
        self._log(news)

    async def imagine(
        self, text: str = "a red fox", asker: Asker = ANNA_ASKS, origin: Origin = HERE
    ) -> Job:
        _, job = await self.service.drawing.ask(asker, origin, text)
        return job

    async def press(
        self, action: Action, tile: Tile, asker: Asker = ANNA_ASKS, origin: Origin = HERE
    ) -> Job:
        """Press a button under a result."""
        if action is Action.UPSCALE:
            return (await self.upscale(tile, asker, origin)).job
        _, job = await self.service.drawing.ask(asker, origin, Press(action, tile))
        return job

    async def upscale(
        self, tile: Tile, asker: Asker = ANNA_ASKS, origin: Origin = HERE
    ) -> Single:  # fmt: skip
        """Press U."""
        press = Press(Action.UPSCALE, tile)
        return await self.service.singles.take(asker, origin, press)

    async def draw(self, text: str = "a red fox", asker: Asker = ANNA_ASKS, **more: Any) -> Job:
        """Ask for a grid and have it drawn."""
        before = self.executor.automatic
        self.executor.automatic = True
        try:
            return (await self.end(await self.imagine(text, asker, **more))).job
        finally:
            self.executor.automatic = before

    async def end(self, job: Job) -> JobUpdate:
        """The last update of a job."""
        last = None
        async with asyncio.timeout(PATIENCE_S):
            async for update in self.service.drawing.watch(job.id):
                last = update
        assert last is not None
        assert last.job.status.finished
        return last

    async def seen(self, job: Job, wanted: Callable[[JobUpdate], bool]) -> JobUpdate:
        """The first update that is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            async for update in self.service.drawing.watch(job.id):
                if wanted(update):
                    return update
        raise AssertionError("the job ended without such an update")

    async def posted(self, job: Job, message: int = 1) -> None:
        """The job's result is there as that message."""
        delivery = await self.service.outbox.of_job(job.id)
        assert delivery is not None
        await self.service.outbox.delivered(delivery, message)

    async def owed(self) -> list[str]:
        """Jobs whose result is still to be posted, oldest first."""
        return [job for job, kind in await books.owed(self.database) if kind is Kind.RESULT]

    async def state(self, job: Job) -> tuple[JobStatus, int, int]:
        """Status, attempt and strikes as the database has them."""
        found = await self.jobs.get(job.id)
        assert found is not None
        return found.status, found.attempt, found.strikes

    @property
    def admission(self) -> Admission:
        """A gate of its own over the same rules."""
        rulebook = Rulebook(self.parts.moderation, self.rules.blocked_words)
        conduct = Conduct(self.parts.bans, self.clock)
        clemency = Clemency(self.parts.appeals, self.parts.desks, self.clock)
        return Admission(
            self.rules, self.service.levers, rulebook, conduct, screening_of(self), clemency
        )

    async def credits(self, asker: Asker = ANNA_ASKS, guild: int = GUILD) -> tuple[int, int]:
        """(spendable, held)."""
        view = await self.service.accounts.account(asker, guild)
        return view.balance.spendable, view.balance.held


def screening_of(house: House) -> Screening:
    """The check of what people send, as the service of a house has it."""
    parts, stance = house.parts, house.rules.stance
    return Screening(Answers(house.executor), parts.blobs, parts.safety, stance)
