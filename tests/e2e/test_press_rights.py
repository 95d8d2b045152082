"""Who may press what of those who run a server: the pages and forms of the panel, the menus of a
hello and of a server's settings, the buttons of moderators and admins.

The table in the README is what people find when they try: each presses it on a message of the bot
that shows it to them, and sends the form of somebody who may. What is registered and not listed
here fails the test.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.chat.admin.desk import _PAGES
from bot.chat.buttons import ADMIN_CANCEL, ADMIN_JOBS, APPROVE, DENY, DISMISS, PURGE, TAKE_DOWN
from bot.domain.action import ACTIONS
from bot.domain.moderation import WordKind
from bot.domain.people import Asker, Origin
from bot.models.cards import EMBEDDED_CARD
from bot.sandbox import Invocation
from tests.e2e.test_admin_rights import README, REFUSED, easel, people
from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.messages import COMPONENTS_V2, EPHEMERAL, Message
from tests.kit.scene import Scene

__all__ = ["easel", "people"]
ELSEWHERE = "an admin elsewhere"
BUTTON, MENU, PEOPLE, ROLES, CHANNELS = 2, 3, 5, 6, 8
SHOWN = "shown"


@dataclass(frozen=True)
class Deed:
    """What stands behind its spot, what is chosen in a menu of this kind, what is written in the
    form that it opens; a `look` changes nothing. `needs` says what has to be so before."""

    argument: str = ""
    kind: int = BUTTON
    chosen: tuple[str, ...] = ()
    written: Mapping[str, Any] | None = None
    look: bool = False
    needs: str = ""


LOOK = Deed(look=True)
TERMS = {"credits": "7", "period": ["day"], "welcome": "", "switches": []}
LIMITS = {"running": "2", "waiting": "", "batch": "", "side": "", "speeds": []}
PANEL: Mapping[str, Mapping[str, Deed]] = {
    "panel": {"go": Deed(kind=MENU, chosen=("words",), look=True)},
    "overview": {
        "show": LOOK, "days": Deed(kind=MENU, chosen=("7",), look=True),
        "pause": Deed(needs="going"), "resume": Deed(needs="paused"),
    },
    "jobs": {"show": LOOK, "cancel": Deed("{job}:0", needs="job")},
    "models": {"show": LOOK},
    "plans": {
        "show": LOOK, "pick": Deed(kind=MENU, chosen=("P",), look=True),
        "new": Deed(written={"name": "P", **TERMS}),
        "terms": Deed("P", written={**TERMS, "credits": "8"}), "limits": Deed("P", written=LIMITS),
        "everybody": Deed("P"), "roles": Deed("P", ROLES, ("{patron}",)),
        "people": Deed("P", PEOPLE, ("{noah}",)), "models": Deed("P", MENU, (EMBEDDED_CARD.id,)),
        "preset": Deed(kind=MENU, chosen=("dalle",)), "ask": Deed("P", look=True),
        "remove": Deed("P"),
    },
    "places": {
        "show": LOOK, "channels": Deed(kind=CHANNELS, chosen=("{imagine}", "{lobby}")),
        "roles": Deed(kind=ROLES, chosen=("{patron}",)),
    },
    "words": {
        "show": LOOK, "add": Deed("blocked", written={"words": "scum"}),
        "forget": Deed(written={"words": "scum"}),
    },
    "log": {"show": LOOK},
}  # fmt: skip
BUTTONS: Mapping[str, Deed] = {
    TAKE_DOWN: Deed("{taken}:0"), DISMISS: Deed("{kept}:0"),
    APPROVE: Deed("{approved}:0"), DENY: Deed("{denied}:0"),
    ADMIN_JOBS: Deed(f"{'0' * 32}:0:0", look=True), ADMIN_CANCEL: Deed("{job}:0:0", needs="job"),
    PURGE: Deed(f"{'0' * 32}:0:{{mia}}.0"),
}  # fmt: skip
FORMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "words": ("moderation block", {"words": "filth"}),
    "style": ("style add", {"name": "grim", "after": "at night"}),
}
"""By what command a form is opened, and what is written in it."""
AREAS = {
    "panel": "`/admin panel`", **{name: f"*{page.title}*" for name, page in _PAGES.items()},
    ADMIN_CANCEL: "`/admin jobs`", ADMIN_JOBS: "`/admin jobs`", PURGE: "`/moderation purge`",
    TAKE_DOWN: "reports", DISMISS: "reports", APPROVE: "appeals", DENY: "appeals",
}  # fmt: skip
EVERYBODYS_BUTTONS = {spec.code for spec in ACTIONS.values() if spec.derive} | {
    "remix", "cancel", "cancel_all", "draw", "leave", "like", "bring", "more", "cover", "uncover",
    "recipe", "png", "making", "delete", "erase", "keep", "appeal", "purge_not", "shorten",
    "shorten_details", "describe", "describe_again", "describe_all",
}  # fmt: skip
"""What else can be pressed; `purge_not` does nothing."""
EVERYBODYS_FORMS = {"remix", "report", "from_picture", "describe", "appeal"}


@dataclass
class Try:
    """A deed by its name in the table."""

    area: str
    name: str
    id: str
    deed: Deed
    form: Mapping[str, Any] = field(default_factory=dict)
    """What the bot answers to who may open it."""


class Server:
    """The one on which it is tried, as its owner and its database know it."""

    def __init__(self, easel: Easel) -> None:
        self._easel = easel
        self._sandbox = easel.sandbox
        self.service = easel.core.service
        path = easel.settings.data_dir / "easel.sqlite3"
        self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.lobby = self._sandbox.world.find_channel("lobby")
        self.guild = int(self.lobby.guild_id or 0)
        self.owner = Asker(int(Scene(self._sandbox, "Ada").id), moderator=True, admin=True)
        self.ids = {
            "patron": self._sandbox.world.find_role("Patron").id,
            "imagine": self._sandbox.world.find_channel("imagine").id, "lobby": self.lobby.id,
            **{name.lower(): Scene(self._sandbox, name).id for name in ("Mia", "Noah")},
        }  # fmt: skip
        tables = self._rows(
            "SELECT t.name FROM sqlite_master t, pragma_table_info(t.name) c"
            " WHERE t.type = 'table' AND c.name = 'guild_id' AND t.name <> 'desk_cards'"
        )
        self._tables = {name: ("*", "guild_id") for (name,) in tables}
        self._tables |= {"jobs": ("id, state", "guild_id"), "preferences": ("*", "owner_id")}
        self._version: list[Any] = []
        self._standing: dict[str, list[Any]] = {}

    def close(self) -> None:
        self._database.close()

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self._database.execute(sql, values).fetchall()

    async def settled(self) -> None:
        """Return when what was begun is done, and told: a purge goes on behind its answer."""
        while await asyncio.to_thread(self._left):
            await books.rest()

    def _left(self) -> list[Any]:
        return books.rows(self._easel.settings.data_dir, "SELECT 1 FROM purges")

    def standing(self) -> dict[str, list[Any]]:
        """Everything that is kept of it, but of what is posted meanwhile; read anew where the bot
        has written anything."""
        if (version := self._rows("PRAGMA data_version")) != self._version:
            self._version, self._standing = version, {
                name: self._rows(f"SELECT {what} FROM {name} WHERE {whose} = ?", self.guild)
                for name, (what, whose) in self._tables.items()
            }  # fmt: skip
        return self._standing

    async def prepare(self, needs: str) -> None:
        """What a deed is done to is there."""
        paused = self.service.overview.paused(self.guild)
        if needs and paused == (needs == "going"):
            await self.service.overview.pause(self.owner, self.guild, not paused)
        if needs == "job":
            self.ids["job"] = await self._asked()

    async def _asked(self) -> str:
        """A job of the owner's, who may draw whatever is decided."""
        known = {job for (job,) in self._rows("SELECT id FROM jobs")}
        owner = Scene(self._sandbox, "Ada")
        await (await owner.slash("imagine", prompt="a fox", channel="lobby")).ack()

        def new() -> list[str]:
            jobs = self._rows("SELECT id FROM jobs WHERE notice_id <> 0")
            return [job for (job,) in jobs if job not in known]

        [job] = await self._sandbox.wait_for(new)
        return job

    async def report(self, name: str) -> None:
        """A picture of Mia's is reported by Noah."""
        grid = await Scene(self._sandbox, "Mia").imagine("a fox", channel="lobby")
        self.ids[name] = messages.job_of(grid)
        origin = Origin(self.guild, int(self.lobby.id))
        noah = Asker(int(self.ids["noah"]))
        await self.service.reports.add(noah, origin, self.ids[name], "rude")

    async def appeal(self, name: str, prompt: str) -> None:
        """Mia is refused a prompt, and appeals."""
        mia = Scene(self._sandbox, "Mia")
        asked = await mia.slash("imagine", prompt=prompt, channel="lobby")
        await mia.refused(asked)
        [button] = messages.buttons(asked.replies[-1]).values()
        self.ids[name] = button["custom_id"].split(":")[2]
        origin = Origin(self.guild, int(self.lobby.id))
        await self.service.appeals.make(Asker(int(mia.id)), origin, self.ids[name], "please")

    async def tries(self, admin: Scene) -> list[Try]:
        """All that can be pressed, buttons first: pages change who may draw."""
        tries = [Try(AREAS[code], code, code, deed) for code, deed in BUTTONS.items()]
        tries += await self._shown("`/setup` and a hello", admin, "setup")
        tries += await self._shown("`/settings server:True`", admin, "settings", server=True)
        for page, deeds in PANEL.items():
            tries += [
                Try(AREAS[page], name, f"panel:{page}:{name}", deed) for name, deed in deeds.items()
            ]
        for command, written in FORMS.values():
            opened = await admin.slash(command, channel="lobby")
            form = await opened.ack()
            tries.append(Try(f"`/{command}`", "form", "", Deed(written=written), form))
        return tries

    async def _shown(self, area: str, admin: Scene, command: str, **options: Any) -> list[Try]:
        """Each kind of button and menu that a command answers with, once."""
        asked = await admin.slash(command, channel="lobby", **options)
        await asked.ack()
        [shown] = await self._sandbox.wait_for(lambda: asked.replies)
        found: dict[str, Try] = {}
        for each in messages.components_of(shown):
            if "custom_id" in each:
                id = each["custom_id"].removeprefix("easel:")
                name = id.split(":")[2]
                found.setdefault(name, Try(area, name, id, self._other(each)))
        return list(found.values())

    def _other(self, item: Message) -> Deed:
        """Something that is not so yet."""
        if item["type"] == BUTTON:
            return Deed()
        if item["type"] == CHANNELS:
            return Deed(kind=CHANNELS, chosen=(self.lobby.id,))
        values = [each["value"] for each in item["options"] if not each.get("default")]
        return Deed(kind=MENU, chosen=(values[0],))


class Presser:
    """Somebody who tries, where they may be."""

    def __init__(self, server: Server, title: str, who: Scene, channel: str) -> None:
        self._server = server
        self._sandbox = who.sandbox
        self.title = title
        self._who = who
        self._channel = channel

    async def may(self, what: Try) -> bool:
        """Whether it was done; else it was refused for want of a right, and nothing changed."""
        before = self._server.standing()
        allowed = await self._tried(what)
        await self._server.settled()
        after = self._server.standing()
        if allowed and self.title != ELSEWHERE:
            trail = {"audit": after["audit"]}
            assert (after == before | trail) == what.deed.look, what
            return True
        assert after == before, (self.title, what)  # what is theirs elsewhere is nothing here
        return False

    async def _tried(self, what: Try) -> bool:
        written = what.deed.written
        if not what.id:
            return not await self._refused(await self._send(await self._any(), what))
        asked = await self._press(what)
        refused = await self._refused(asked)
        if written is None:
            return not refused
        assert (asked.modal is None) == refused
        sent = await self._refused(await self._send(asked, what))
        assert sent == refused
        return not refused

    async def opened(self, what: Try) -> None:
        """Keep the form that this opens, for others to send."""
        if what.id and what.deed.written is not None:
            what.form = await (await self._press(what)).ack()

    async def _press(self, what: Try) -> Invocation:
        deed, ids = what.deed, self._server.ids
        id = ":".join(filter(None, ("easel", what.id, deed.argument))).format(**ids)
        chosen = [each.format(**ids) for each in deed.chosen]
        if deed.kind == BUTTON:
            item: dict[str, Any] = {"type": BUTTON, "style": 2, "label": "B", "custom_id": id}
            return await self._who.click(self._message(item), id)
        item = {"type": deed.kind, "custom_id": id, "min_values": 0, "max_values": len(chosen)}
        if deed.kind == MENU:
            item["options"] = [{"label": each, "value": each} for each in chosen]
        elif self.title == ELSEWHERE:
            chosen = []  # such are not there
        return await self._who.person.select(self._message(item), id, chosen)

    def _message(self, item: Mapping[str, Any]) -> Message:
        """Of the bot, where they are."""
        row = {"type": 1, "components": [item]}
        body: dict[str, Any] = {"content": SHOWN, "components": [row]}
        if ":panel:" in item["custom_id"]:
            body = {"flags": COMPONENTS_V2, "components": [{"type": 10, "content": SHOWN}, row]}
        where = self._sandbox.world.find_channel(self._channel)
        self._under = self._sandbox.messages.write(where, self._sandbox.world.bot, body).id
        return {"id": self._under}

    async def _any(self) -> Invocation:
        """Something that they may do."""
        asked = await self._who.slash("info", channel=self._channel)
        await asked.ack()
        return asked

    async def _send(self, asked: Invocation, what: Try) -> Invocation:
        """Send the form, as if that had been the answer."""
        if asked.modal is None:
            asked.interaction.callback = dict(what.form)
        return await self._who.person.submit(asked, what.deed.written)

    async def _refused(self, asked: Invocation) -> bool:
        """Whether they are told, alone, that they have no right to it."""
        await asked.ack()

        def said() -> str:
            private = [each for each in asked.replies if each["flags"] & EPHEMERAL]
            return "\n".join(map(messages.text_of, private)).strip()

        await self._sandbox.wait_for(lambda: asked.modal or said() or self._changed(asked))
        refused = REFUSED.search(said()) is not None
        assert not (refused and self._changed(asked))
        return refused

    def _changed(self, asked: Invocation) -> bool:
        """Whether the message that was pressed says something else now."""
        under = asked.interaction.message
        now = self._who.person.message(under.id) if under else None
        return now is not None and messages.text_of(now).strip() != SHOWN


def table(titles: Sequence[str], verdicts: Mapping[tuple[bool, ...], Sequence[Try]]) -> list[str]:
    """As the README has it, the panel first."""
    places = [*dict.fromkeys(AREAS.values())]
    lines = [f"| what is pressed | {' | '.join(titles)} |", f"|---|{':---:|' * len(titles)}"]
    for row, found in verdicts.items():
        areas: dict[str, list[str]] = {}
        for each in sorted(found, key=lambda it: [*places, it.area].index(it.area)):
            areas.setdefault(each.area, []).append(f"`{each.name}`")
        what = "; ".join(f"{area}: {' '.join(names)}" for area, names in areas.items())
        lines.append(f"| {what} | {' | '.join('yes' if each else '–' for each in row)} |")
    return lines


@pytest.fixture
async def server(easel: Easel, chartless: None) -> AsyncIterator[Server]:
    one = Server(easel)
    for name in ("taken", "kept"):
        await one.report(name)
    staff, place = (one.owner, one.guild), int(one.ids["imagine"])
    await one.service.desk.set(*staff, place)
    await one.service.moderation.block(*staff, WordKind.BLOCKED, ["mud"])
    for name in ("approved", "denied"):
        await one.appeal(name, f"mud {name}")
    await one.service.moderation.ban(*staff, int(one.ids["mia"]), None, "rude")
    await one.appeal("banned", "a fox")
    await one.service.desk.set(*staff, 0)
    yield one
    one.close()


def test_nothing_is_pressed_that_is_not_tried(easel: Easel) -> None:
    pages = {name: page(easel.core.service) for name, page in _PAGES.items()}
    listed = {name: set(deeds) for name, deeds in PANEL.items() if name != "panel"}
    assert {name: set(page.deeds) for name, page in pages.items()} == listed
    for name, page in pages.items():
        written = {deed for deed, each in PANEL[name].items() if each.written is not None}
        assert page.forms == written
    assert set(easel.bot.panels) == {*PANEL, "setup"}
    assert set(easel.bot.presses) == EVERYBODYS_BUTTONS | set(BUTTONS)
    assert set(easel.bot.forms) == EVERYBODYS_FORMS | set(FORMS) | {"panel"}


async def test_the_readme_says_who_may_press_what(
    easel: Easel, people: dict[str, tuple[Scene, str]], server: Server
) -> None:
    everybody = [Presser(server, title, *where) for title, where in people.items()]
    admin = next(each for each in everybody if each.title == "Manage Server")
    tries = await server.tries(people[admin.title][0])
    verdicts: dict[tuple[bool, ...], list[Try]] = {}
    for what in tries:
        await server.prepare(what.deed.needs)
        await admin.opened(what)
        row = tuple([await each.may(what) for each in everybody])
        verdicts.setdefault(row, []).append(what)
    _, _, rest = README.read_text(encoding="utf-8").partition("<!-- press rights -->\n")
    written = rest.partition("\n<!-- /press rights -->")[0]
    assert written.splitlines() == table(list(people), verdicts)
    # A ban is an admin's: who answers an appeal against one needs both rights.
    ban = Try("", "", APPROVE, Deed("{banned}:0"))
    assert not any([await each.may(ban) for each in everybody])
    assert await Presser(server, "", Scene(easel.sandbox, "Ada"), "lobby").may(ban)
    # Whoever lost a right finds old messages and open forms of no use.
    demoted = [each for each in everybody if each.title.startswith("Manage")]
    for name in ("Sue", "Max"):
        easel.sandbox.world.take_role(name, name)
    await server.prepare("job")
    for what in tries:
        assert not any([await each.may(what) for each in demoted]), what
