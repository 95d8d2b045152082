"""Why somebody was refused, as they are told and as others are told later."""

from __future__ import annotations

import pytest

from bot.domain.grounds import GROUNDS, Banned, BlockedWord, Ground, TimedOut, Told
from bot.domain.language import speaking
from bot.language import CATALOGUES, language

STOPPED = "The picture check stopped this, so nothing of it is shown; try other words."
GERMAN = "`scum` ist auf diesem Server gesperrt; nichts wurde berechnet. Nach so vielen davon"


@pytest.mark.parametrize(
    ("ground", "said"),
    [
        (BlockedWord("scum"), "`scum` is blocked on this server; nothing was charged."),
        (BlockedWord("a`b"), "`a'b` is blocked on this server; nothing was charged."),
        (BlockedWord("scum", "operator"),
         "`scum` is blocked by the operator of this bot; nothing was charged."),
        (BlockedWord("nude", "adult"),
         "`nude` is drawn in age-restricted channels only on this server; nothing was charged."),
        (BlockedWord("scum", ends_at=160.4),
         "`scum` is blocked on this server; nothing was charged, and after so many of these you may"
         " draw again <t:160:R>."),
        (TimedOut(160.4), "Too many of your prompts had blocked words; you may draw again"
         " <t:160:R>."),
        (Banned(), "An admin of this server has banned you from drawing for good."),
        (Banned(None, "rude"), "An admin of this server has banned you from drawing for good:"
         " `rude`."),
        (Banned(160.6), "An admin of this server has banned you from drawing until <t:161:f>."),
        (Banned(160.6, "ru`de\n"), "An admin of this server has banned you from drawing until"
         " <t:161:f>: `ru'de`."),
        (Told(STOPPED, "ABC123"), f"{STOPPED} (reference `ABC123`)"),
        (Told("As it was told before."), "As it was told before."),
    ],
)  # fmt: skip
def test_what_is_told(ground: Ground, said: str) -> None:
    assert ground.said() == said


@pytest.mark.parametrize(
    ("code", "ground", "said"),
    [
        ("de", BlockedWord("scum", ends_at=160.0),
         f"{GERMAN} darfst du <t:160:R> wieder zeichnen."),
        ("ja", TimedOut(160.0),
         "ブロックされた言葉を含むプロンプトが多すぎました。<t:160:R>にまた描けます。"),
        ("es-ES", Banned(160.0, "rude"),
         "Un admin de este servidor te ha vetado y no puedes dibujar hasta el <t:160:f>: `rude`."),
        ("zh-CN", Told(STOPPED, "ABC123"),
         "图片检查拦下了这个，所以什么都不显示；请换些词。（编号 `ABC123`）"),
    ],
)  # fmt: skip
def test_it_is_told_in_the_language_of_now(code: str, ground: Ground, said: str) -> None:
    with speaking(language(code)):
        assert ground.said() == said


@pytest.mark.parametrize("code", CATALOGUES)
def test_when_it_ends_is_said_in_every_language(code: str) -> None:
    with speaking(language(code)):
        for by in ("operator", "adult", "server"):
            assert "<t:160:R>" in BlockedWord("scum", by, 160.0).said()
        assert "<t:160:R>" in TimedOut(160.0).said()
        assert "<t:160:f>" in Banned(160.0, "rude").said()


def test_each_kind_has_one() -> None:
    assert {kind: each.kind for kind, each in GROUNDS.items()} == {
        kind: kind for kind in ("words", "picture", "timeout", "ban")
    }
