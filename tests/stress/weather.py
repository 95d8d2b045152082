"""People, workers, faults and a pump around one house, by a seeded dice."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from bot.chat import wording
from bot.chat.buttons import cancel_view
from bot.chat.notice import Notice, Notices
from bot.chat.pace import Pauses
from bot.chat.pump import Pump
from bot.chat.trouble import TROUBLE
from bot.domain.action import Action, Press
from bot.domain.errors import Cancelled, RenderFailed, StoreUnavailable, UserError
from bot.domain.job import Job, JobUpdate
from bot.domain.people import Asker, Origin
from bot.domain.period import Period
from bot.domain.quota import Quota
from bot.engine.seam import Begun, Upload
from bot.service.rules import Rules
from tests.kit import books
from tests.kit.app import TINY, House
from tests.kit.channels import FakeWebhook
from tests.kit.executor import Run
from tests.kit.faults import CODES
from tests.stress.storm import Storm

PEOPLE = range(31, 37)
GUILDS = range(10, 13)
CREDITS, DIRECT_CREDITS = 4, 2
RULES = Rules(
    quota=Quota(CREDITS, Period.DAY, running=2, waiting=3),
    dm_quota=Quota(DIRECT_CREDITS, Period.DAY, running=1, waiting=2),
)
STEPS = 140
REFUSED = (UserError, StoreUnavailable)
WEATHER = {
    "imagine": 40, "press": 40, "cancel": 16, "grant": 2,
    "refuse": 6, "fill_disk": 3, "cut_off": 6, "restart": 3,
}  # fmt: skip
FATES = {
    "done": 70, "lost while loading": 5, "lost": 9, "lost when drawn": 4,
    "again": 6, "never": 3, "stopped": 4,
}  # fmt: skip


class Weather:
    """People, workers and faults around one house."""

    def __init__(self, house: House, rnd: random.Random) -> None:
        self.house = house
        self.channels = Storm(rnd, house.clock)
        self.recorded: dict[str, int] = {}
        self._random = rnd
        self._jobs: list[Job] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._begin()

    def _begin(self) -> None:
        """The house was started: its workers and its pump."""
        self.house.executor.on_start = lambda run: self._spawn(self._work(run))
        self.notices = Notices()
        self.pump = Pump(
            self.channels, self.house.service, self.notices,  # type: ignore[arg-type]
            pauses=Pauses(away=(0.005, 0.02), rest=0.002, longest=0.05, poll=0.02),
        )  # fmt: skip
        self.house.supervisor.start("pump", self.pump.run)

    async def blow(self) -> None:
        """Many things at once."""
        for _ in range(STEPS):
            (what,) = self._random.choices(list(WEATHER), list(WEATHER.values()))
            if what == "restart":
                await self._restart()
            else:
                self._spawn(getattr(self, f"_{what}")())
            self.house.clock.now += 0.05
            await self._moment(0.009)

    async def calm(self) -> None:
        """Only answers are still lost now and then: return when nothing is left to be done."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        try:
            async with asyncio.timeout(30):
                while left := await self._left():
                    self.house.clock.now += 0.1
                    await asyncio.sleep(0.003)
        except TimeoutError:
            raise AssertionError(f"this never ends: {left}") from None

    async def _left(self) -> dict[str, Any]:
        left = {
            "unfinished": await self.house.jobs.unfinished(),
            "open": await books.owed(self.house.database),
            "held": self.house.dispatcher.held(),
            "notices": len(self.notices),
            "uploads": len(self.house.parts.files.uploads),
            "acting": self._tasks,
        }
        return {name: value for name, value in left.items() if value}

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _moment(self, longest: float = 0.003) -> None:
        await asyncio.sleep(self._random.choice([0, 0, longest / 3, longest]))

    # People

    async def _imagine(self) -> None:
        user = self._random.choice(PEOPLE)
        origin = Origin(0, 700 + user)
        if self._random.random() < 0.85:
            guild = self._random.choice(GUILDS)
            origin = Origin(guild, guild * 10 + self._random.randrange(2))
        await self._ask(user, origin, "a red fox")

    async def _press(self) -> None:
        if not self._jobs:
            return
        parent = self._random.choice(self._jobs)
        direct = not parent.origin.guild
        user = parent.user if direct else self._random.choice(PEOPLE)
        action = self._random.choice([Action.VARY, Action.REROLL, Action.UPSCALE])
        press = Press(action, parent.tile(self._random.randint(1, 4)))
        if action is not Action.UPSCALE:
            await self._ask(user, parent.origin, press)
            return
        with contextlib.suppress(*REFUSED):
            take = self.house.service.singles.take
            self._jobs.append((await take(Asker(user), parent.origin, press)).job)
            self.pump.wake()

    async def _cancel(self) -> None:
        if not self._jobs:
            return
        job = self._random.choice(self._jobs[-6:])
        with contextlib.suppress(*REFUSED):
            await self.house.service.drawing.cancel(Asker(job.user), job.origin, job.id)

    async def _grant(self) -> None:
        admin, guild = Asker(99, admin=True), self._random.choice(GUILDS)
        with contextlib.suppress(*REFUSED):
            await self.house.service.gifts.grant(
                admin, guild, self._random.choice(PEOPLE), self._random.randint(1, 2), ""
            )

    async def _ask(self, user: int, origin: Origin, asked: str | Press) -> None:
        try:
            _, job = await self.house.service.drawing.ask(Asker(user), origin, asked)
        except REFUSED:
            return
        self._jobs.append(job)
        place = self.channels.get_partial_messageable(origin.channel)
        notice = self.notices.add(job.id, Notice(place))  # type: ignore[arg-type]
        try:
            with contextlib.suppress(*TROUBLE):
                text = wording.progress(JobUpdate(job))
                hook = FakeWebhook(self.channels, origin.channel)
                shown = await hook.send(text, view=cancel_view(job))
                assert shown is not None
                notice.id = shown.id
                await self._remember(job, notice.id)
        finally:
            notice.settled.set()
        await self._watch(job)

    async def _remember(self, job: Job, message: int) -> None:
        while True:
            try:
                await self.house.service.outbox.set_notice(job.id, message)
            except StoreUnavailable:
                await self._moment()
            else:
                self.recorded[job.id] = message
                return

    async def _watch(self, job: Job) -> None:
        last = (await self.house.end(job)).job
        assert last.status.finished
        self.pump.wake()

    # Workers

    async def _work(self, run: Run) -> None:
        (fate,) = self._random.choices(list(FATES), list(FATES.values()))
        await self._moment()
        if run.attempt.model != self.house.card.id:
            await run.fail(RenderFailed("model_missing", "no such model", retryable=False))
        elif fate == "lost while loading":
            await self._lose(run, begun=False)
        else:
            await self._draw(run, fate)

    async def _draw(self, run: Run, fate: str) -> None:
        whole = fate in ("done", "lost when drawn")
        drawn = run.attempt.indices if whole else run.attempt.indices[: self._random.randrange(4)]
        await run.say(Begun())
        for index in drawn:
            await run.image(index)
            await self._moment()
        match fate:
            case "done":
                if run.attempt.upload_limit:
                    await run.say(Upload(b"all of it", "webp", lossless=True))
                await run.done()
            case "lost" | "lost when drawn":
                await self._lose(run, begun=True, drawn=whole)
            case "again":
                await run.fail(RenderFailed("error", "a bad moment", retryable=True))
            case "never":
                await run.fail(RenderFailed("out_of_memory", "too large", retryable=False))
            case "stopped":
                await run.fail(Cancelled("by itself"))

    async def _lose(self, run: Run, **how: bool) -> None:
        executor = self.house.executor
        if any(worker.id == run.worker for worker in executor.workers()):
            await executor.lose(run.worker, **how)
            await self._moment()
            executor.join()

    # Faults

    async def _refuse(self) -> None:
        self.house.database.refuse(self._random.choice(CODES), times=self._random.randint(1, 6))

    async def _fill_disk(self) -> None:
        disk = self.house.disk
        disk.full = True
        try:
            await asyncio.sleep(self._random.uniform(0, 0.05))
        finally:
            disk.full = False

    async def _cut_off(self) -> None:
        self.channels.cut_off = True
        await asyncio.sleep(self._random.uniform(0, 0.05))
        self.channels.cut_off = False

    async def _restart(self) -> None:
        """A crash, perhaps for minutes, and perhaps with another MODEL afterwards."""
        for task in (doomed := list(self._tasks)):
            task.cancel()
        await asyncio.wait(doomed) if doomed else None
        self.channels.cut_off = False
        # What begins while all ends has nobody to play it.
        self.house.executor.on_start = lambda run: None
        await self.house.stop()
        self.house.clock.now += self._random.choice([1, 100, 300])
        if self._random.random() < 0.3:
            self.house.card = replace(TINY, id=f"tiny{self._random.randrange(1000)}")
        await self.house.start()
        self._begin()
