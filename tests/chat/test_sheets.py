"""Sheets of samples as a private answer: at once as far as they are drawn, and whole later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat.acknowledge import Acknowledger
from bot.chat.sheets import Presented
from bot.service.gallery import Cell, Gallery, Sheet, Sheets


class Hall:
    """Stands where the gallery does: has so many sheets each time that somebody looks."""

    def __init__(self, folder: Path, *looks: tuple[int, int]) -> None:
        self._folder = folder
        self._looks = list(looks)
        self.patience: list[float] = []

    async def sheets(self, cells: Sequence[Cell]) -> Sheets:
        count, missing = self._looks.pop(0)
        made = []
        for number in range(count):
            path = self._folder / f"{number}.webp"
            path.write_bytes(b"picture")
            made.append(Sheet(path, f"names of {number}"))
        return Sheets(tuple(made), missing)

    async def until_drawn(self, cells: Sequence[Cell], patience_s: float) -> bool:
        self.patience.append(patience_s)
        return bool(self._looks)


class Asked:
    """An interaction that remembers what was answered; `done` says whether something was before."""

    def __init__(self, done: bool = False, trouble: Exception | None = None) -> None:
        self.id = 1
        self.done = done
        self.trouble = trouble
        self.extras: dict[str, Any] = {}
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.response = SimpleNamespace(is_done=lambda: self.done, send_message=self._first)
        self.followup = SimpleNamespace(send=self._further)

    async def _first(self, **said: Any) -> None:
        self._note("first", said)

    async def _further(self, **said: Any) -> Any:
        self._note("further", said)
        return SimpleNamespace(edit=self.edit_original_response)

    async def edit_original_response(self, **said: Any) -> None:
        if self.trouble:
            raise self.trouble
        self._note("edit", said)

    def _note(self, how: str, said: dict[str, Any]) -> None:
        said["files"] = [each.filename for each in said.pop("attachments", said.get("files"))]
        self.said.append((how, said))


async def show(hall: Hall, asked: Asked) -> None:
    presented = Presented(cast(Gallery, hall), Acknowledger(), patience_s=5.0)
    await presented.show(cast(discord.Interaction, asked), "Styles", "All of them", [])


@pytest.mark.parametrize(("done", "how"), [(False, "first"), (True, "further")])
async def test_what_is_whole_is_said_once(tmp_path: Path, done: bool, how: str) -> None:
    asked = Asked(done)
    await show(Hall(tmp_path, (2, 0)), asked)
    [(said_how, said)] = asked.said
    assert (said_how, said["ephemeral"]) == (how, True)
    assert said["files"] == ["sheet1.webp", "sheet2.webp"]
    one, other = said["embeds"]
    assert (one.title, one.description, other.title) == ("Styles", "All of them", None)
    assert [each.image.url for each in (one, other)] == [
        "attachment://sheet1.webp", "attachment://sheet2.webp",
    ]  # fmt: skip


@pytest.mark.parametrize("done", [False, True])
async def test_what_is_missing_comes_later(tmp_path: Path, done: bool) -> None:
    asked, hall = Asked(done), Hall(tmp_path, (0, 2), (1, 0))
    await show(hall, asked)
    (_, first), (how, later) = asked.said
    assert "2 samples are still to be drawn" in first["embeds"][0].description
    assert first["files"] == []
    assert (how, later["files"]) == ("edit", ["sheet1.webp"])
    assert later["embeds"][0].description == "All of them"
    assert hall.patience == [5.0]


async def test_who_had_no_patience_is_told_what_is_missing_still(tmp_path: Path) -> None:
    asked = Asked()
    await show(Hall(tmp_path, (1, 3), (1, 1)), asked)
    assert "1 sample is still to be drawn" in asked.said[-1][1]["embeds"][0].description


async def test_when_the_bot_comes_to_rest_nothing_more_is_said(tmp_path: Path) -> None:
    asked = Asked()
    await show(Hall(tmp_path, (0, 1)), asked)
    assert [how for how, _ in asked.said] == ["first"]


async def test_a_message_that_is_gone_is_no_error(tmp_path: Path) -> None:
    asked = Asked(trouble=TimeoutError())
    await show(Hall(tmp_path, (0, 1), (1, 0)), asked)
    assert [how for how, _ in asked.said] == ["first"]


async def test_a_message_holds_ten_pictures(tmp_path: Path) -> None:
    asked = Asked()
    await show(Hall(tmp_path, (12, 0)), asked)
    [(_, said)] = asked.said
    assert len(said["files"]) == len(said["embeds"]) == 10
