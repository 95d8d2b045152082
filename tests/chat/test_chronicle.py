"""Lines of the audit trail as a message has them."""

from __future__ import annotations

from bot.chat.chronicle import ROOM, fitting, page
from bot.service.chronicle import Chapter, Line
from bot.storage.audit import AuditEntry


def chapter(*entries: AuditEntry) -> Chapter:
    return Chapter(1, 2, tuple(Line(n, each) for n, each in enumerate(entries)), "x", None, 0)


def a_ban(reason: str, at: float = 100.0) -> AuditEntry:
    return AuditEntry(9, "ban", {"user": 5, "reason": reason, "ends_at": None}, at)


def test_a_line_each_and_nothing_breaks_out_of_one() -> None:
    embed = page(chapter(a_ban("rude\n**x**"), AuditEntry(9, "desk", {"channel": 7}, 160.4)))
    assert embed.description is not None
    assert embed.description.splitlines() == [
        "<t:100:T> <@9> <@5> for good (rude \\*\\*x\\*\\*): banned",
        "<t:160:T> <@9> The moderators' channel: <#7>",
    ]
    assert embed.timestamp is not None
    assert embed.timestamp.timestamp() == 160.4


def test_as_many_as_fit_and_at_least_one() -> None:
    many = chapter(*(a_ban(f"{n:03d}" + "y" * 190) for n in range(30)))
    kept = fitting(many)
    assert 10 < len(kept.lines) < 30
    assert kept.lines == many.lines[: len(kept.lines)]
    said = page(kept).description
    assert said is not None
    assert ROOM - 300 < len(said) <= ROOM
    huge = fitting(chapter(a_ban("z" * 9000), a_ban("z" * 9000)))
    assert len(huge.lines) == 2
    assert len(page(huge).description or "") < 1100
