"""Every command, and every button, menu and form that its answers bring, is tried by somebody whose
language has brackets around each text that it knows: what they read has no words outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.domain.presets import PRESETS
from bot.sandbox import Invocation, Sandbox
from tests.e2e.test_audience import COMMANDS, MENUS, Hidden, messages_picture
from tests.kit import messages, pseudo
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.messages import Message
from tests.kit.scene import Scene

UNTOUCHED = {"erase"}
"""Codes of what would end the tour."""
DATA = (
    "Ada", "Easel Studio", "Easel embedded", "fake", "default", "UTC", "WebP PNG JPEG LoRA",
    "zebra zzz a fox {red, green same --ar", "DALL·E", "Midjourney", "Discord",
    *PRESETS, *(plan for preset in PRESETS.values() for plan in preset.plans),
)  # fmt: skip
GIVEN: Mapping[str, Mapping[str, Any]] = {"prefer variability": {"strength": "subtle"}}
"""What a command needs where `COMMANDS` gives it too little to be done at all."""
WRONG: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("imagine", {"prompt": "a fox --arr 3:2"}), ("imagine", {"prompt": "a fox --ar 1:99"}),
    ("imagine", {"prompt": "a {red, green"}), ("imagine", {"prompt": "a fox --no fox --hd"}),
    ("imagine", {"prompt": "same"}), ("show", {"job": "0" * 32}), ("show", {"job": "zzz"}),
    ("operator block", {"server": "zzz"}), ("operator unblock", {"server": "1"}),
    ("operator block", {"server": "0"}), ("admin resume", {}), ("style remove", {"name": "zzz"}),
    ("compare", {"first": "zzz", "second": "zzz"}), ("edit", {"prompt": "x", "link": "https://localhost/a.png"}),
)  # fmt: skip
BUTTON, MENU, LINE = 2, 3, 4
LOADING = 1 << 7


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """One that waits: how fast a busy machine answers is not what is asked here."""
    async with Sandbox(port=0, rate_limits=False, ack_seconds=30) as one:
        yield one


@pytest.fixture
async def easel(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Easel]:
    """A bot that speaks nothing else, once Discord knows its commands."""
    worker = FakeExecutor(automatic=True)

    async def drawn(orders: list[Any]) -> list[bytes]:
        return [b"png"] * len(orders)

    settings = settings_for(sandbox, tmp_path, credits=1000, waiting_limit=1000)
    async with running(sandbox, settings, worker) as one:
        monkeypatch.setattr("bot.chat.speech.language", lambda code: pseudo.Pseudo())
        monkeypatch.setattr(one.core.service.overview, "charts", drawn)
        yield one


class Tour:
    """Somebody who tries each thing once. `found` has the words that nobody translated."""

    def __init__(self, easel: Easel, who: Scene) -> None:
        words = easel.core.service.words
        assert words.vocabulary
        known = (words.vocabulary.objects, words.vocabulary.scenes, words.vocabulary.styles)
        self._data = [*DATA, *words.ideas("", 50), *(each for some in known for each in some)]
        self._easel = easel
        self._who = who
        self.seen: set[str] = set(UNTOUCHED)
        self.found: dict[str, list[str]] = {}

    async def command(self, name: str, given: Mapping[str, Any]) -> None:
        """Give a command, and try what it brings."""
        files = {key: await self._file() for key, value in given.items() if value is None}
        await self.answered(name, await self._who.slash(name, **{**given, **files}))

    async def _file(self) -> Message:
        return await self._who.person.upload("a.png", messages_picture(), "image/png")

    async def press(self, message: Message) -> None:
        """Try what can be pressed in a message, each kind once."""
        for code, each in pressable(message):
            values = [option["value"] for option in each.get("options", ())]
            for value in values or [""]:
                await self._press(message, f"{code}={value}" if value else code, each, value)

    async def _press(self, message: Message, code: str, each: Message, value: str) -> None:
        now, spot = self._who.person.message(message), each["custom_id"]
        there = now and any(one["custom_id"] == spot for _, one in pressable(now))
        if code in self.seen or not now or not there:
            return  # something that was pressed before took its place
        self.seen.add(code)
        if value:
            asked = await self._who.person.select(now, spot, value)
        else:
            asked = await self._who.click(now, spot)
        await self.answered(code, asked, now)

    async def answered(self, what: str, asked: Invocation, pressed: Message | None = None) -> None:
        """Read what came of something, and try what can be pressed there."""
        await asked.ack()
        await self._easel.sandbox.wait_for(
            lambda: not any(each["flags"] & LOADING for each in asked.replies)
        )
        await self._easel.settled()
        shown = [asked.modal] if asked.modal else asked.replies
        if pressed and (now := self._who.person.message(pressed)):
            shown.append(now)
        self.read(what, shown)
        if asked.modal:
            lines = [
                e["custom_id"] for e in messages.components_of(asked.modal) if e["type"] == LINE
            ]
            sent = await self._who.person.submit(asked, dict.fromkeys(lines, "zzz"))
            await self.answered(f"{what} sent", sent)
            return
        for each in shown:
            await self.press(each)

    def read(self, what: str, shown: Iterable[Message]) -> None:
        """Look for words in messages."""
        for each in shown:
            if left := pseudo.forgotten(pseudo.read(each), self._data):
                self.found.setdefault(what, []).extend(left)


def pressable(message: Message) -> Iterator[tuple[str, Message]]:
    """Buttons and menus with their codes; to that of a panel belong the page and the deed."""
    for each in messages.components_of(message):
        ours = each.get("custom_id", "").startswith("easel:") and not each.get("disabled")
        if ours and each["type"] in (BUTTON, MENU):
            _, code, *rest = each["custom_id"].split(":")
            yield ":".join([code, *rest[:2]]) if code == "panel" else code, each


async def test_no_answer_has_words_that_nobody_translated(easel: Easel) -> None:
    ada = Scene(easel.sandbox, "Ada")
    grid = await ada.imagine("a fox")
    single = await ada.press(grid, "U1")
    spare = [await ada.imagine("a fox"), await ada.press(grid, "U2")]
    hidden = Hidden(messages.job_of(grid), messages.job_of(single), messages.job_of(grid))
    tour = Tour(easel, ada)
    for menu in MENUS:
        await tour.answered(menu, await ada.person.context(menu, grid["id"]))
    for name, given in WRONG:
        await tour.command(name, given)
    for name, options in COMMANDS.items():
        await tour.command(name, GIVEN.get(name) or options(hidden, ada))
    for each in spare:
        await tour.press(each)
    assert tour.found == {}


def test_what_is_forgotten_is_found() -> None:
    spoken = pseudo.Pseudo()
    assert spoken.gettext("Jobs: {list} of all") == "⟦obs:⟧{list}⟦of al⟧"
    assert spoken.gettext("--repeat and {permutations}") == "⟦-repeat and⟧{permutations}"
    assert spoken.ngettext("{n} job", "{n} jobs", 2) == "{n}⟦job⟧"
    text = "⟦ello⟧ Mia `code` <@1> --ar 3 words of ⟦ours, cut"
    assert pseudo.forgotten([text], ["Mia"]) == ["words", "of"]
    assert pseudo.forgotten(["⟦a ⟦b⟧ c⟧ 12 x ||x||", "<t:12:R> 1f2e3d4c"]) == []
