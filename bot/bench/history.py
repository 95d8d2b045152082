"""What it costs to find results among many: those of one person, or of a server."""

from __future__ import annotations

import itertools
import random
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.bench.figures import Figure, Section, below, milliseconds, spread
from bot.domain.action import Action
from bot.domain.browsing import SEARCH_MAX, Browse, Order, Page
from bot.domain.delivery import Kind
from bot.domain.job import Job, JobStatus
from bot.domain.people import Origin
from bot.domain.prompt import Prompt
from bot.domain.usual import HIDDEN
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.storage import history, outbox, rows
from bot.storage.database import Database
from bot.storage.history import HistoryRepository

SEARCH_MS = 30.0
AT_ONCE = 1000
TITLE = "History"
HOW = (
    "Jobs of 2,000 people on 20 servers in a real database file, their rows written directly: one"
    " person has two fifths of them, the others ever fewer. A prompt has 3 to 40 words of CLIP's"
    " merges, which are in order of their frequency, by Zipf's law; one in twenty is in Japanese. A"
    " search is one to three words of a prompt of that person's, as typed or cut short, or one of"
    " the commonest words, or words at random; by action or not, on one server or wherever, the"
    " first page or the one behind it, in turns for the busiest person and for one at random. A"
    " page is eight results, whole jobs, read from the file."
)
_MERGES = Path(__file__).parents[1] / "models" / "configs" / "clip" / "merges.txt"
_PEOPLE, _SERVERS = 2000, 20
_JAPANESE = ("赤い", "狐", "森", "海", "猫", "夜の", "東京", "雪山", "光", "古い城", "の中で")


@dataclass(frozen=True)
class Run:
    """So many `jobs`, and `searches` of each kind of person."""

    jobs: int = 100_000
    searches: int = 1000


@dataclass
class Seen:
    """Seconds of pages by kind, and bytes of the file with its index and without."""

    searches: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    newest: list[float] = field(default_factory=list)
    liked: list[float] = field(default_factory=list)
    results: int = 0
    index_bytes: int = 0


async def measure(quick: bool) -> Section:
    """Everything in one database of its own."""
    run = Run(jobs=5000, searches=50) if quick else Run()
    return Section(TITLE, HOW, figures_of(run, await play(run)))


async def play(run: Run) -> Seen:
    """Write all the jobs, then look through them."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        database = await Database.open(Path(folder) / "easel.sqlite3")
        try:
            town = Town()
            for done in range(0, run.jobs, AT_ONCE):
                some = min(AT_ONCE, run.jobs - done)
                await database.transaction(lambda c, some=some: town.write(c, some))
            await database.transaction(_posted)
            return await _look(run, HistoryRepository(database), database, town)
        finally:
            await database.close()


async def _look(run: Run, found: HistoryRepository, database: Database, town: Town) -> Seen:
    seen = Seen()
    for _ in range(run.searches):
        for user in (1, town.somebody()):
            browse = Browse(Order.OWN, town.search(user), town.action())
            guild = town.random.choice([None, town.server(user)])
            page = await _timed(seen.searches, found.own(browse, user, guild))
            seen.results += len(page.results)
            if page.behind:
                further = browse.beyond(page.results[-1].place)
                await _timed(seen.searches, found.own(further, user, guild))
            await _timed(seen.pages, found.own(replace(browse, search=""), user, guild))
        for order, took in ((Order.NEWEST, seen.newest), (Order.LIKED, seen.liked)):
            browse = Browse(order, town.search(town.somebody()))
            await _timed(took, found.public(browse, town.random.randrange(_SERVERS), (1, 2, 3)))
    seen.index_bytes = await database.report(
        lambda c: c.execute("SELECT SUM(LENGTH(block)) FROM prompts_data").fetchone()[0]
    )
    return seen


def _posted(connection: sqlite3.Connection) -> None:
    """All of them were, and some are liked."""
    connection.execute("UPDATE deliveries SET message_id = id")
    connection.execute("UPDATE results SET likes = number % 7 WHERE number % 5 = 0")


async def _timed(took: list[float], work: Coroutine[Any, Any, Page]) -> Page:
    begun = time.perf_counter()
    page = await work
    took.append(time.perf_counter() - begun)
    return page


class Town:
    """People, what they say, and their jobs; the same in every run."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        self._words = _words()
        ranks = range(1, len(self._words) + 1)
        self._word_sums = list(itertools.accumulate(1 / rank for rank in ranks))
        others = [1 / rank for rank in range(1, _PEOPLE)]
        share = 2 / 3 * sum(others)
        self._people_sums = list(itertools.accumulate([share, *others]))
        self._said: dict[int, list[str]] = {}
        self._request = requests.imagine(EMBEDDED_CARD, "a fox")

    def write(self, connection: sqlite3.Connection, count: int) -> None:
        """So many jobs that were drawn and posted."""
        for _ in range(count):
            job = self._job()
            rows.insert(connection, job)
            history.insert(connection, job)
            outbox.insert(connection, job.id, Kind.RESULT)

    def _job(self) -> Job:
        user = self._person()
        prompt = self._prompt()
        self._said.setdefault(user, []).append(prompt)
        action = self.random.choices(list(Action), [5, 3, *[1] * (len(Action) - 2)])[0]
        extra = ((HIDDEN, True),) if self.random.random() < 0.1 else ()
        request = replace(self._request, prompt=Prompt(prompt), action=action, extra=extra)
        if action is not Action.IMAGINE:
            request = request.afresh()
        now = time.time()
        return Job(
            id=uuid.UUID(int=self.random.getrandbits(128)).hex,
            origin=Origin(self.server(user), self.random.randint(1, 4)), user=user,
            request=request, status=JobStatus.SUCCEEDED, cost=1, created_at=now, finished_at=now,
        )  # fmt: skip

    def _person(self) -> int:
        return 1 + self.random.choices(range(_PEOPLE), cum_weights=self._people_sums)[0]

    def somebody(self) -> int:
        """One at random who said something."""
        return self.random.choice(list(self._said))

    def server(self, user: int) -> int:
        """One of the three where this person is."""
        return (user + self.random.randrange(3)) % _SERVERS

    def action(self) -> str:
        return self.random.choice(["", "", Action.IMAGINE.value, Action.VARY.value])

    def _prompt(self) -> str:
        length = self.random.randint(3, 40)
        if self.random.random() < 0.05:
            return "".join(self.random.choices(_JAPANESE, k=length))
        return " ".join(self.random.choices(self._words, cum_weights=self._word_sums, k=length))

    def search(self, user: int) -> str:
        """What this person might look for."""
        kind = self.random.random()
        if kind < 0.1:
            return " ".join(self.random.sample(self._words[:50], self.random.randint(1, 3)))
        if kind < 0.2:
            return " ".join(self.random.sample(self._words, 2))
        said = self.random.choice(self._said[user])
        words = said.split() if " " in said else [said[:3]]
        chosen = self.random.sample(words, min(len(words), self.random.randint(1, 3)))
        if self.random.random() < 0.3:
            chosen[-1] = chosen[-1][:3]
        return " ".join(chosen)[:SEARCH_MAX]


def _words() -> Sequence[str]:
    """Words in order of their frequency."""
    return list(dict.fromkeys(_read()))


def _read() -> Iterator[str]:
    for line in _MERGES.read_text(encoding="utf-8").splitlines():
        word = line.removesuffix("</w>").replace(" ", "")
        if line.endswith("</w>") and word.isascii() and word.isalpha():
            yield word


def figures_of(run: Run, seen: Seen) -> list[Figure]:
    p99 = milliseconds(seen.searches, 0.99)
    return [
        below(f"A search in {run.jobs:,} jobs, p99", p99, SEARCH_MS, "ms"),
        Figure("… p50 / p99 / maximum", spread(seen.searches)),
        Figure("… results on a page", f"{seen.results / (2 * run.searches):.1f}"),
        Figure("A page without a search: p50 / p99 / maximum", spread(seen.pages)),
        Figure("A search in a server's newest: p50 / p99 / maximum", spread(seen.newest)),
        Figure("… in its most liked: p50 / p99 / maximum", spread(seen.liked)),
        Figure("The index of all prompts", f"{seen.index_bytes / (1 << 20):.0f} MiB"),
    ]
