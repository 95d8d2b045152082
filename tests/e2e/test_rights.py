"""Who may do what with a result: the table in the README is what people find when they try it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from discord import Permissions

from bot.domain.action import ACTIONS, ALL, ActionSpec, Target
from bot.domain.size import Size
from bot.engine.seam import Executor
from bot.sandbox import Invocation, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.messages import EPHEMERAL, Message
from tests.kit.scene import Scene

README = Path(__file__).parents[2] / "README.md"
REFUSALS = (
    "not know this job here", "is not here", "Only the person who asked", "for whoever asked",
)  # fmt: skip
Try = Callable[["Who"], Awaitable[bool]]


@dataclass(frozen=True)
class Who:
    """Somebody at the place from which they try: a channel by name, or "dm"."""

    title: str
    scene: Scene
    place: str
    tile: int
    """The picture that they try it with, so that nobody finds that it was taken out already."""

    @property
    def channel(self) -> str:
        return self.scene.dm if self.place == "dm" else self.place


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> AsyncIterator[Easel]:
    """A bot that gives credits enough."""
    async with running(sandbox, settings_for(sandbox, tmp_path, credits=999), quick) as one:
        yield one


@pytest.fixture
def people(easel: Easel) -> list[Who]:
    """Who asked, and everybody whom rights could tell apart."""
    world, sandbox = easel.sandbox.world, easel.sandbox
    for name, right in (
        ("Max", Permissions(manage_messages=True)),
        ("Sue", Permissions(manage_guild=True)),
    ):
        world.add_role(name, right.value)
        world.add_user(name, roles=[name])
    other = world.add_guild("Other")
    world.add_role("Boss", Permissions(administrator=True).value, guild=other)
    world.add_user("Eve", roles=["Boss"], guild=other)
    return [
        Who("who asked", Scene(sandbox, "Mia"), "lobby", 1),
        Who("another member", Scene(sandbox, "Noah"), "lobby", 2),
        Who("Manage Messages", Scene(sandbox, "Max"), "lobby", 3),
        Who("Manage Server", Scene(sandbox, "Sue"), "lobby", 4),
        Who("an admin elsewhere", Scene(sandbox, "Eve"), "other", 1),
        Who("who asked, in a DM", Scene(sandbox, "Mia"), "dm", 2),
        Who("another, in a DM", Scene(sandbox, "Eve"), "dm", 1),
    ]


class Tries:
    """Deeds on Mia's jobs. Whoever knows an id may try it anywhere, so messages of the bot that
    show it are made wherever they are needed."""

    def __init__(self, easel: Easel, prompt: str, place: str) -> None:
        self._easel = easel
        self._sandbox = easel.sandbox
        self._folder = easel.settings.data_dir
        self._prompt = prompt
        self._place = place
        self.mia = Scene(easel.sandbox, "Mia")

    def rows(self, sql: str, *values: object) -> int:
        """How many there are."""
        return len(books.rows(self._folder, sql, *values))

    def shown(self, who: Who, job: str, code: str, tile: int = ALL, argument: str = "") -> Message:
        """A message where they are, with one button."""
        custom_id = ":".join(filter(None, ("easel", code, job, str(tile), argument)))
        button = {"type": 2, "style": 2, "label": "B", "custom_id": custom_id}
        body = {"content": "shown", "components": [{"type": 1, "components": [button]}]}
        where = self._sandbox.world.find_channel(who.channel)
        return {"id": self._sandbox.messages.write(where, self._sandbox.world.bot, body).id}

    async def allowed(self, asked: Invocation, happened: Callable[[], object]) -> bool:
        """Whether it happened; otherwise it was refused, privately, for want of a right."""
        await asked.ack()

        def said() -> str:
            private = [each for each in asked.replies if each["flags"] & EPHEMERAL]
            return "\n".join(map(messages.text_of, private))

        await self._sandbox.wait_for(lambda: said() or happened())
        refused = any(words in said() for words in REFUSALS)
        assert refused != bool(happened()), said()
        return not refused

    def press(self, job: str, code: str, tile: int | None = None, argument: str = "") -> Try:
        """A button leads to a job of theirs, or to a form for one."""

        async def tried(who: Who) -> bool:
            sql = "SELECT 1 FROM jobs WHERE user_id = ?"
            before = self.rows(sql, who.scene.id)
            message = self.shown(who, job, code, who.tile if tile is None else tile, argument)
            asked = await who.scene.click(message, "B")
            did = await self.allowed(
                asked, lambda: asked.modal or self.rows(sql, who.scene.id) > before
            )
            await self._drawn()
            return did

        return tried

    async def _drawn(self) -> None:
        sql = "SELECT 1 FROM jobs WHERE state IN ('waiting', 'running')"
        await self._sandbox.wait_for(lambda: not self.rows(sql))

    def like(self, job: str) -> Try:
        async def tried(who: Who) -> bool:
            sql = "SELECT 1 FROM likes WHERE user_id = ? AND job_id = ?"
            before = self.rows(sql, who.scene.id, job)
            asked = await who.scene.click(self.shown(who, job, "like", 1), "B")
            return await self.allowed(asked, lambda: self.rows(sql, who.scene.id, job) != before)

        return tried

    def menu(self, job: str, name: str, said: str) -> Try:
        """A message's menu answers so."""

        async def tried(who: Who) -> bool:
            message = self.shown(who, job, "upscale", 1)
            asked = await who.scene.person.context(name, message["id"], channel=who.channel)
            return await self.allowed(
                asked, lambda: any(said in messages.text_of(each) for each in asked.replies)
            )

        return tried

    def show(self, job: str) -> Try:
        async def tried(who: Who) -> bool:
            asked = await who.scene.slash("show", job=job, channel=who.channel)
            return await self.allowed(asked, lambda: any(map(messages.is_result, asked.replies)))

        return tried

    def more(self, job: str) -> Try:
        """⋯ brings a menu, all of whose buttons ask for the same right."""

        async def tried(who: Who) -> bool:
            asked = await who.scene.click(self.shown(who, job, "more"), "B")
            return await self.allowed(
                asked, lambda: any("Seed and" in messages.text_of(each) for each in asked.replies)
            )

        return tried

    def compare(self, job: str) -> Try:
        async def tried(who: Who) -> bool:
            asked = await who.scene.slash("compare", first=job, second=job, channel=who.channel)
            return await self.allowed(
                asked, lambda: any(each["attachments"] for each in asked.replies)
            )

        return tried

    def letters(self, message: Message) -> Try:
        """✉ under a result brings it, to who sees it."""

        async def tried(who: Who) -> bool:
            had = len(who.scene.results(who.scene.dm))
            if not self._there(who, message["channel_id"]):
                return False
            await who.scene.person.react(message, "✉️")
            await self._sandbox.wait_for(lambda: len(who.scene.results(who.scene.dm)) > had)
            return True

        return tried

    async def delete(self, who: Who) -> bool:
        """❌ under a result, for who sees it. Who may not is told nothing, so a later one
        of who asked tells when it was dealt with."""
        if not self._there(who, self._sandbox.world.find_channel(self._place).id):
            return False
        message, later = await self.result(), await self.result()
        await self._easel.settled()
        await who.scene.person.react(message, "❌")
        await self.mia.person.react(later, "❌")
        await self._sandbox.wait_for(lambda: self.mia.person.message(later) is None)
        return self.mia.person.message(message) is None

    def _there(self, who: Who, channel: str) -> bool:
        """Whether they are where a result is."""
        return self._sandbox.world.find_channel(who.channel).id == channel

    def stop(self, way: Callable[[Who, str], Awaitable[Invocation]]) -> Try:
        """A slow job is cancelled by somebody in some way; else by who asked."""

        async def tried(who: Who) -> bool:
            sql = "SELECT id, state FROM jobs ORDER BY rowid DESC LIMIT 1"

            def state() -> str:
                return books.rows(self._folder, sql)[0]["state"]

            prompt = f"a slow {self._prompt}"
            await (await self.mia.slash("imagine", prompt=prompt, channel="lobby")).ack()
            await self._sandbox.wait_for(lambda: state() == "running")
            job = books.rows(self._folder, sql)[0]["id"]
            did = await self.allowed(await way(who, job), lambda: state() == "cancelled")
            if not did:
                mine = Who("", self.mia, "lobby", 1)
                await (await self.mia.click(self.shown(mine, job, "cancel"), "B")).ack()
            await self._drawn()
            return did

        return tried

    async def cancel(self, who: Who, job: str) -> Invocation:
        return await who.scene.click(self.shown(who, job, "cancel"), "B")

    async def cancel_by_menu(self, who: Who, job: str) -> Invocation:
        message = self.shown(who, job, "cancel")
        return await who.scene.person.context("Cancel job", message["id"], channel=who.channel)

    async def result(self) -> Message:
        """A new grid."""
        known = self._known()
        await (await self.mia.slash("imagine", prompt=self._prompt, channel="lobby")).ack()
        return await self._came(known)

    async def failure(self) -> str:
        """A job that cannot be drawn."""
        sql = "SELECT id FROM jobs WHERE state = 'failed' ORDER BY rowid DESC"
        before = self.rows(sql)
        prompt = f"an unfit {self._prompt}"
        await (await self.mia.slash("imagine", prompt=prompt, channel="lobby")).ack()
        await self._sandbox.wait_for(lambda: self.rows(sql) > before)
        return books.rows(self._folder, sql)[0]["id"]

    async def press_mine(self, message: Message, button: str) -> Message:
        known = self._known()
        await (await self.mia.click(message, button)).ack()
        return await self._came(known)

    async def _came(self, known: set[str]) -> Message:
        def new() -> list[Message]:
            return [each for each in self.mia.results(self._place) if each["id"] not in known]

        [message] = await self._sandbox.wait_for(new)
        await self._drawn()
        return message

    def _known(self) -> set[str]:
        return {each["id"] for each in self.mia.results(self._place)}


def name_of(spec: ActionSpec) -> str:
    """Its button, or all of them for the pictures of a grid."""
    face = spec.on_grid or spec.on_single or spec.on_failure
    assert face is not None
    if spec.target is Target.TILE and "{}" in face.label:
        return f"{face.label.format(1)}–{face.label.format(4)}"
    return face.label.format("…") or face.emoji


async def verdicts(tries: Tries, people: Sequence[Who]) -> list[tuple[str, tuple[bool, ...]]]:
    """What everybody may do, by what it is called."""
    grid = await tries.result()
    single = await tries.press_mine(await tries.press_mine(grid, "V1"), "U1")
    whole, alone, failed = messages.job_of(grid), messages.job_of(single), await tries.failure()
    deeds: list[tuple[str, Try]] = []
    for spec in ACTIONS.values():
        if spec.derive:
            job = whole if spec.on_grid else alone if spec.on_single else failed
            tile = ALL if spec.target is Target.JOB else None if spec.on_grid else 1
            size = Size(32, 32).code if spec.on_failure else ""
            tried = tries.press(job, spec.code, tile, size)
            deeds.append((name_of(spec), tried))
    deeds += [
        ("❤️", tries.like(alone)),
        ("*Copy prompt*", tries.menu(alone, "Copy prompt", "```")),
        ("*DM results*", tries.menu(alone, "DM results", "in your direct messages")),
        ("✉️", tries.letters(single)),
        ("`/show job:`", tries.show(alone)),
        ("`/compare`", tries.compare(alone)),
        ("⋯", tries.more(whole)),
        ("Cancel", tries.stop(tries.cancel)),
        ("*Cancel job*", tries.stop(tries.cancel_by_menu)),
        ("❌ under it", tries.delete),
    ]
    return [(name, tuple([await tried(who) for who in people])) for name, tried in deeds]


def written(found: Sequence[tuple[str, tuple[bool, ...]]], people: Sequence[Who], of: str) -> str:
    """As a table in Markdown, equal rows as one."""
    titles = [who.title for who in people]
    lines = [f"| {of} | {' | '.join(titles)} |", f"|---|{':---:|' * len(titles)}"]
    for row in dict.fromkeys(row for _, row in found):
        names = ", ".join(name for name, other in found if other == row)
        lines.append(f"| {names} | {' | '.join('yes' if may else '–' for may in row)} |")
    return "\n".join(lines)


async def test_the_readme_says_what_people_find(
    easel: Easel, people: list[Who], gate: Gate
) -> None:
    """Each row is tried by everybody on a result for all, then on one that is hidden."""
    shown = Tries(easel, "an owl --ar 3:2", "lobby")
    hidden = Tries(easel, "an owl --ar 3:2 --stealth", shown.mia.dm)
    tables = [
        written(await verdicts(shown, people), people, "with a result that all see"),
        written(await verdicts(hidden, people), people, "with one in stealth"),
    ]
    _, _, rest = README.read_text(encoding="utf-8").partition("<!-- rights -->\n")
    assert rest.partition("\n<!-- /rights -->")[0] == "\n\n".join(tables)
