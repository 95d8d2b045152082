"""A private picture is reachable by no road for anybody else.

Every command, menu, button, form, page, reaction and completion that the bot has registered is
walked, as another member, a moderator, an admin, an admin of another server, and in direct
messages; messages of ours are made that carry ids which nobody else is ever shown. A road that is
not listed here fails the test.
"""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.chat.buttons import JobButton
from bot.chat.pages import PageButton
from bot.domain.action import Action, Tile
from bot.domain.browsing import Browse, Order
from bot.sandbox import Invocation, Refused, Sandbox
from cogs import reactions
from tests.kit import books, messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.messages import Message
from tests.kit.scene import Scene

SAID, SECRET = "zebra", "quixote"
"""What a prompt says that others look for, and what they must not be shown."""
MANAGE_MESSAGES = 1 << 13
DENIED = ("I do not know this job here", "not here (any more)")
OTHERWISE = {
    "erase", "keep",  # of the asker's own things
    "draw", "leave",  # ids of proposals
    "report_delete", "report_dismiss",  # need a report, and a right
    "admin_cancel", "admin_jobs",  # need a right
    "purge", "purge_not",  # need a right, and pictures of whom they name
    "appeal", "appeal_approve", "appeal_deny",  # need a refusal, and a right
    "shorten", "shorten_details",  # of the text of the message
    "describe", "describe_again", "describe_all",  # of that, too
}  # fmt: skip


ARGUMENTS = {
    "remix": "vary",
    "smaller": "16x16",
    "admin_cancel": "0",
    "admin_jobs": "0",
    "purge": "1.1",
}


ON_ONE = 20
"""Buttons of one message."""
HEAVY = {"blend", "vary", "describe", "sheet", "styles", "help", "shorten", "privacy export",
         "admin overview"}  # fmt: skip
"""Commands for which processes are started, whoever gives them: one walker does."""


@dataclass
class Hidden:
    """Mia's grid, a single picture of it, a running job, by their ids; their messages are hers."""

    grid: str
    single: str
    running: str

    @property
    def jobs(self) -> tuple[str, ...]:
        return self.grid, self.single, self.running


Options = Callable[[Hidden, Scene], Mapping[str, Any]]


def nothing(_hidden: Hidden, _who: Scene) -> Mapping[str, Any]:
    return {}


# Each command with what somebody would give it who is after the picture.
COMMANDS: dict[str, Options] = {
    "show": lambda hidden, who: {"job": hidden.grid},
    "history": lambda hidden, who: {"search": SAID},
    "gallery": lambda hidden, who: {"search": SAID},
    "imagine": lambda hidden, who: {"prompt": f"https://discord.com/channels/@me/1/2 {SAID}"},
    "blend": lambda hidden, who: {"image1": None, "image2": None},
    "shorten": lambda hidden, who: {"prompt": SAID},
    "edit": lambda hidden, who: {
        "prompt": SAID, "link": f"https://discord.com/channels/@me/1/{hidden.grid}"
    },
    "vary": lambda hidden, who: {"image": None},
    "describe": lambda hidden, who: {"image": None},
    "compare": lambda hidden, who: {"first": hidden.grid, "second": hidden.single},
    "sheet": nothing,
    "info": nothing, "help": nothing, "settings": nothing, "styles": nothing,
    "turbo": nothing, "relax": nothing, "fast": nothing, "stealth": nothing, "public": nothing,
    "prefer suffix": nothing, "prefer remix": nothing, "prefer auto_dm": nothing,
    "prefer variability": lambda hidden, who: {"how": "subtle"},
    "prefer option set": lambda hidden, who: {"option": "mine", "value": SAID},
    "prefer option list": nothing,
    "prefer explain": lambda hidden, who: {"prompt": SAID},
    "quota set": lambda hidden, who: {"credits": 100}, "quota show": nothing,
    "quota grant": lambda hidden, who: {"user": who.person, "amount": 10},
    "quota reset": lambda hidden, who: {"user": who.person},
    "quota usage": nothing, "quota log": nothing, "quota export": nothing,
    "quota explain": lambda hidden, who: {"user": who.person},
    "quota pool": lambda hidden, who: {"amount": 5},
    "plan list": nothing, "plan set": lambda hidden, who: {"name": "P", "credits": 50},
    "plan give": lambda hidden, who: {"name": "P"}, "plan prices": nothing,
    "plan price": lambda hidden, who: {"usual": True},
    "plan remove": lambda hidden, who: {"name": "P"},
    "plan preset": lambda hidden, who: {"like": "open"},
    "gift code": lambda hidden, who: {"amount": 1}, "gift list": nothing, "gift end": nothing,
    "redeem": lambda hidden, who: {"code": "ABCD"}, "statement": nothing,
    "safety show": nothing, "safety set": lambda hidden, who: {"threshold": 90},
    "style add": nothing, "style edit": lambda hidden, who: {"name": "photo"},
    "style remove": lambda hidden, who: {"name": "photo"},
    "reports": nothing,
    "moderation show": nothing, "moderation block": lambda hidden, who: {"word": "zzz"},
    "moderation allow": lambda hidden, who: {"word": "zzz"},
    "moderation unblock": lambda hidden, who: {"word": "zzz"},
    "moderation test": lambda hidden, who: {"text": SAID},
    "moderation ban": lambda hidden, who: {"user": who.person},
    "moderation unban": lambda hidden, who: {"user": who.person},
    "moderation channels": lambda hidden, who: {"everywhere": True},
    "moderation roles": lambda hidden, who: {"everybody": True},
    "moderation timeouts": nothing, "moderation desk": nothing, "moderation log": nothing,
    "moderation purge": lambda hidden, who: {"user": who.person},
    "privacy export": nothing, "privacy delete": nothing,
    "admin overview": nothing, "admin pause": nothing, "admin resume": nothing,
    "admin jobs": nothing, "admin panel": nothing, "setup": nothing,
    "operator servers": nothing, "operator notice": nothing, "operator caps": nothing,
    "operator block": lambda hidden, who: {"server": "1"},
    "operator unblock": lambda hidden, who: {"server": "1"},
    "operator drain": nothing, "operator undrain": nothing,
}  # fmt: skip
MENUS = {"Cancel job", "DM results", "Copy prompt", "Use as image prompt", "Report picture"}
COMPLETED = {("imagine", "prompt"), ("style edit", "name"), ("style remove", "name"),
             ("moderation unblock", "word"),
             ("prefer option set", "option"), ("compare", "first"),
             ("compare", "second"), ("plan set", "name"), ("plan give", "name"),
             ("plan remove", "name"), ("plan price", "action")}  # fmt: skip
FORMS = {"remix", "report", "from_picture", "style", "describe", "panel", "words", "appeal"}
REACTIONS = {reactions.STOP, reactions.SEND}
SERVERS = {
    "on_ready", "on_guild_join", "on_guild_available", "on_guild_remove", "on_guild_channel_delete",
}  # fmt: skip
SHARDS = {"on_shard_ready", "on_shard_resumed", "on_shard_disconnect"}
EVENTS = {"on_raw_reaction_add", "on_easel_setting", *SERVERS, *SHARDS}
COMPONENTS = {"JobButton", "PageButton", "PanelItem", "SettingButton", "SettingMenu"}
WALKERS = {
    "a member": ("Noah", "imagine"),
    "a moderator": ("Max", "imagine"),
    "an admin": ("Ada", "imagine"),
    "an admin of another server": ("Eve", "elsewhere"),
    "in direct messages": ("Noah", "dm"),
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """One that waits: how fast a busy machine answers is not what is asked here."""
    async with Sandbox(port=0, rate_limits=False, ack_seconds=30) as one:
        yield one


@pytest.fixture
def worker() -> FakeExecutor:
    return FakeExecutor(2, automatic=True)  # one has the hidden job


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, worker: FakeExecutor) -> AsyncIterator[Easel]:
    world = sandbox.world
    world.add_role("Moderator", MANAGE_MESSAGES)
    world.add_user("Max", roles=("Moderator",))
    world.add_user("Eve")
    world.add_guild("Elsewhere", owner="Eve", members=("Mia",))
    async with running(sandbox, settings_for(sandbox, tmp_path, credits=1000), worker) as one:
        seen: Any = one.bot.get_cog("Reactions")  # discord.py loads modules anew
        seen._again_s = 0.0
        yield one


@pytest.fixture
async def hidden(easel: Easel, worker: FakeExecutor, mia: Scene) -> Hidden:
    prompt = f"a {SAID} named {SECRET} --stealth"
    await (await mia.slash("imagine", prompt=prompt)).ack()
    grid = await mia.new_result(set(), mia.dm)
    single = await mia.press(grid, "U1")
    await (await mia.click(single, "❤️")).ack()
    worker.automatic = False
    await (await mia.slash("imagine", prompt=prompt)).ack()
    await worker.started(2)
    worker.automatic = True
    [running_job] = books.rows(
        easel.settings.data_dir, "SELECT id FROM jobs WHERE state = 'running'"
    )
    return Hidden(messages.job_of(grid), messages.job_of(single), running_job["id"])


def test_every_road_is_listed(easel: Easel) -> None:
    bot = easel.bot
    commands = [*bot.tree.walk_commands()]
    plain = [each for each in commands if isinstance(each, discord.app_commands.Command)]
    assert {each.qualified_name for each in plain} == COMMANDS.keys()
    completed = {
        (each.qualified_name, name)
        for each in plain
        for name, given in each._params.items()
        if given.autocomplete
    }
    assert completed == COMPLETED
    menus = bot.tree.get_commands(type=discord.AppCommandType.message)
    assert {each.name for each in menus} == MENUS
    assert bot.tree.get_commands(type=discord.AppCommandType.user) == []
    assert bot.forms.keys() == FORMS
    assert set(bot.turns) == {*Order}
    assert {*bot.presses} >= {action.value for action in Action} - {"imagine", "edit"}
    assert {name for name, heard in bot.extra_events.items() if heard} == EVENTS
    assert {kind.__name__ for kind in bot._connection._view_store._dynamic_items.values()} == (
        COMPONENTS
    )


class Walk:
    """One person, who goes down every road from one place; `forged` messages are not counted."""

    def __init__(self, easel: Easel, hidden: Hidden, who: str, place: str) -> None:
        self.easel = easel
        self.hidden = hidden
        self.scene = Scene(easel.sandbox, who)
        self.place = self.scene.dm if place == "dm" else place
        self.forged: set[str] = set()
        self.denied: dict[str, str] = {}

    async def all(self) -> None:
        await self._forms()
        for name, options in COMMANDS.items():
            if name not in HEAVY or self.scene.person.name == "Max":
                await self._command(name, options)
        await self._completions()
        await self._menus()
        await self._buttons()
        await self._pages()
        await self._reactions()
        await self._settled()

    async def _command(self, name: str, options: Options) -> None:
        given = dict(options(self.hidden, self.scene))
        for each in [key for key, value in given.items() if value is None]:
            picture = messages_picture()
            given[each] = await self.scene.person.upload("a.png", picture, "image/png")
        try:
            press = await self.scene.slash(name, channel=self.place, **given)
        except Refused:  # Discord does not offer it there, or to them
            return
        self.denied[name] = await self._answered(press)

    async def _answered(self, press: Invocation, message: Message | None = None) -> str:
        """What is said, shown as a form, or made of the message that was pressed."""
        await press.ack()
        if press.modal:
            return str(press.modal)
        before = messages.text_of(message)

        def said() -> list[str]:
            texts = [messages.text_of(each) for each in press.replies]
            return [text for text in texts if text and text != before]

        return (await self.easel.sandbox.wait_for(said))[-1]

    async def _completions(self) -> None:
        for command, name in COMPLETED:
            for typed in ("", SAID[:3]):
                try:
                    choices = await self.scene.person.autocomplete(
                        command, focused=name, channel=self.place, **{name: typed}
                    )
                except Refused:
                    continue
                assert SECRET not in str(choices)

    async def _post(self, view: discord.ui.View, job: str = "") -> Message:
        """A message of ours where they are, as ours would look if they were shown it."""
        where = self.easel.sandbox.world.find_channel(self.place)
        channel = self.easel.bot.get_partial_messageable(int(where.id))
        more = {"file": discord.File(io.BytesIO(messages_picture()), f"x_{job}.png")} if job else {}
        embed = discord.Embed(description=f"```\na {SAID}\n```")
        sent = await channel.send("x", view=view, embed=embed, **more)
        self.forged.add(str(sent.id))
        message = self.scene.person.message(str(sent.id))
        assert message is not None
        return message

    async def _menus(self) -> None:
        for job in self.hidden.jobs:
            cancel = JobButton("cancel", Tile(job, 0), label="Cancel")
            view = discord.ui.View(timeout=None).add_item(cancel)
            message = await self._post(view, job)
            for name in MENUS:
                press = await self.scene.person.context(name, message["id"])
                said = await self._answered(press)
                if name != "Use as image prompt":  # of the picture that they see there
                    assert any(each in said for each in DENIED), (name, said)

    async def _buttons(self) -> None:
        codes = [*self.easel.bot.presses]
        for job, index in ((self.hidden.grid, 1), (self.hidden.running, 0)):
            for at in range(0, len(codes), ON_ONE):
                some = codes[at : at + ON_ONE]
                view = discord.ui.View(timeout=None)
                for code in some:
                    tile = Tile(job, index)
                    view.add_item(JobButton(code, tile, ARGUMENTS.get(code, ""), label=code))
                message = await self._post(view)
                for code in sorted(some, key=OTHERWISE.__contains__):
                    await self._press(message, code)

    async def _press(self, message: Message, code: str) -> None:
        current = self.scene.person.message(message)
        assert current is not None
        if code not in messages.buttons(current):  # one before it answered in this place
            assert code in OTHERWISE
            return
        said = await self._answered(await self.scene.click(message, code), current)
        if code not in OTHERWISE:
            assert any(each in said for each in DENIED), (code, said)

    async def _pages(self) -> None:
        for order in Order:
            button = PageButton(None, Browse.typed(order, SAID).code, label="x")
            message = await self._post(discord.ui.View(timeout=None).add_item(button))
            await self._answered(await self.scene.click(message, "x"), message)

    async def _reactions(self) -> None:
        """A message of ours is taken for that of the hidden result."""
        message = await self._post(discord.ui.View(timeout=None), "0" * 32)
        own = self._moved(int(message["id"]))
        for emoji in REACTIONS:
            await self.scene.person.react(message, emoji)
        await self._settled()
        assert self.scene.person.message(message) is not None
        self._moved(own)

    def _moved(self, message: int) -> int:
        with sqlite3.connect(
            self.easel.settings.data_dir / "easel.sqlite3", timeout=30
        ) as database:
            found = "WHERE job_id = ? AND kind = 'result'"
            (before,) = database.execute(
                f"SELECT message_id FROM deliveries {found}", (self.hidden.grid,)
            ).fetchone()
            database.execute(
                f"UPDATE deliveries SET message_id = ? {found}", (message, self.hidden.grid)
            )
        database.close()
        return before

    async def _forms(self) -> None:
        """Forms that were opened for a public picture, and say another one when they are sent."""
        mia = Scene(self.easel.sandbox, "Mia")
        public = await mia.imagine("an owl", channel=self._elsewhere(mia))
        job = messages.job_of(public)
        if public["channel_id"] != str(self.easel.sandbox.world.find_channel(self.place).id):
            return
        for opened in (
            await self._remix(public),
            await self.scene.person.context("Report picture", public["id"]),
        ):
            await opened.ack()
            form = opened.modal
            assert form is not None
            form["custom_id"] = form["custom_id"].replace(job, self.hidden.grid)
            names = [each["component"]["custom_id"] for each in form["components"]]
            press = await self.scene.person.submit(opened, dict.fromkeys(names, f"a {SAID}"))
            said = await self._answered(press)
            assert any(each in said for each in DENIED), said

    async def _remix(self, public: Message) -> Invocation:
        """The form of a press, for who wants one."""
        for _ in range(2):
            press = await self.scene.click(public, "V1")
            await press.ack()
            if press.modal:
                return press
            await (await self.scene.slash("prefer remix", channel=self.place)).ack()
        raise AssertionError("no form came")

    def _elsewhere(self, mia: Scene) -> object:
        return self.place if self.place in ("imagine", "elsewhere") else "lobby"

    async def _settled(self) -> None:
        await (await self.scene.slash("info", channel=self.place)).ack()

    def seen(self) -> tuple[str, str]:
        """Everything that they see anywhere, files included; and of that what is no echo of an id
        that they gave: words, names of files, and files, but of messages that were made here."""
        everything, told = [], []
        for channel in list(self.easel.sandbox.world.channels.values()):
            try:
                shown = self.scene.person.messages(channel.id)
            except Refused:
                continue
            for each in shown:
                files = [self._file(file["id"]) for file in each["attachments"]]
                everything += [str(each), *files]
                if each["id"] not in self.forged:
                    told += [messages.text_of(each), str(each["attachments"]), *files]
        return "\n".join(everything).lower(), "\n".join(told).lower()

    def _file(self, id: str) -> str:
        return self.easel.sandbox.files[id].decode("latin-1")


def messages_picture() -> bytes:
    """A small picture file of nobody's."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, "PNG")
    return file.getvalue()


def standing(folder: Path, hidden: Hidden) -> list[object]:
    """What is there of the hidden jobs, and what was made of them."""
    ids = ", ".join(f"'{job}'" for job in hidden.jobs)
    found: list[object] = []
    for sql in (
        f"SELECT id, state FROM jobs WHERE id IN ({ids}) OR parent_id IN ({ids})",
        f"SELECT job_id, idx, user_id FROM likes WHERE job_id IN ({ids})",
        f"SELECT job_id, kind, message_id, given_up FROM deliveries WHERE job_id IN ({ids})",
        f"SELECT job_id FROM reports WHERE job_id IN ({ids})",
        f"SELECT job_id, idx, evicted_at FROM images WHERE job_id IN ({ids})",
        f"SELECT job_id FROM letters WHERE job_id IN ({ids})",
    ):
        found.append([tuple(row) for row in books.rows(folder, sql)])
    return found


@pytest.mark.parametrize("walker", WALKERS)
async def test_a_private_picture_is_reachable_by_no_road(
    easel: Easel, hidden: Hidden, mia: Scene, walker: str
) -> None:
    folder = easel.settings.data_dir
    before = standing(folder, hidden), [each["id"] for each in mia.results(mia.dm)]
    walk = Walk(easel, hidden, *WALKERS[walker])
    await walk.all()
    everything, told = walk.seen()
    assert SAID in told
    assert SECRET not in everything
    for job in hidden.jobs:
        assert job not in told
    assert (standing(folder, hidden), [each["id"] for each in mia.results(mia.dm)]) == before
    assert await asyncio.to_thread(easel.core.parts.files.path(Tile(hidden.grid, 1)).exists)
