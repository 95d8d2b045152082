"""Lines of the audit trail as a message has them."""

from __future__ import annotations

import pytest

from bot.chat.chronicle import ROOM, fitting, page, shows
from bot.domain.language import speaking
from bot.language import CATALOGUES, language
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


def test_a_page_is_in_the_language_of_the_server() -> None:
    lines = chapter(
        a_ban("rude"), AuditEntry(9, "words", {"kind": "blocked", "words": ["scum"]}, 101.0)
    )
    with speaking(language("fr")):
        said = page(lines).description
    assert said is not None
    assert said.splitlines() == [
        "<t:100:T> <@9> <@5> pour toujours (rude) : bannissement",
        "<t:101:T> <@9> ||scum|| : bloqué",
    ]


@pytest.mark.parametrize("code", CATALOGUES)
def test_a_page_is_found_again_whatever_language_it_was_posted_in(code: str) -> None:
    lines = chapter(a_ban("rude"), AuditEntry(9, "desk", {"channel": 7}, 160.4))
    with speaking(language(code)):
        posted = page(lines)
    assert shows([posted], lines)
    assert not shows([posted], chapter(*(each.entry for each in lines.lines[:1])))
    assert not shows([posted], chapter(a_ban("rude"), a_ban("rude", 160.0)))
    assert not shows([], lines)
