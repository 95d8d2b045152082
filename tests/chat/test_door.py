"""What Discord tells twice is let in once."""

from __future__ import annotations

from bot.chat.door import KNOWN, Door


def test_an_interaction_is_let_in_once() -> None:
    door = Door()
    assert [door.is_told_again(id) for id in (1, 2, 1, 1, 3)] == [False, False, True, True, False]


def test_the_oldest_are_forgotten() -> None:
    door = Door()
    assert not any(door.is_told_again(id) for id in range(KNOWN + 1))
    assert door.is_told_again(KNOWN)
    assert not door.is_told_again(0)
