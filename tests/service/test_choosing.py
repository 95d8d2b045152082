"""Which model draws a prompt that names one, or a version of Midjourney's."""

from __future__ import annotations

import pytest

from bot.domain.errors import NotFound
from bot.domain.people import Asker
from bot.domain.prompt import Prompt
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.choosing import Choosing
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE

DEFAULT = ModelCard("default", "Default", "nowhere", 64)
OTHERS = [ModelCard(name, name.title(), "nowhere", 64) for name in ("new", "old", "anime")]
VERSIONS = {"7": "new", "6.1": "old", "niji": "anime", "niji 5": "old"}


def choosing() -> Choosing:
    return Choosing(Catalogue(DEFAULT, OTHERS), VERSIONS)


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        ("a fox", "default"),
        ("a fox --v 7", "new"),
        ("a fox --v 7.0", "new"),
        ("a fox --v 6.1", "old"),
        ("a fox --niji", "anime"),
        ("a fox --niji 6", "anime"),
        ("a fox --niji 5 --v 7", "old"),
        ("a fox --v 6", "default"),
        ("a fox --v 7 --model old", "old"),
        ("a fox --model Anime", "anime"),
    ],
)
def test_the_most_exact_name_wins(typed: str, model: str) -> None:
    card, said = choosing().card(ANNA_ASKS, HERE, Prompt.parse(typed))
    assert card.id == model
    assert bool(said) == (typed == "a fox --v 6")


def test_an_unknown_version_is_explained_once_to_each_person() -> None:
    one, prompt = choosing(), Prompt.parse("a fox --v 5.2")

    def said(asker: Asker) -> tuple[str, ...]:
        return one.card(asker, HERE, prompt)[1]

    (first,) = said(ANNA_ASKS)
    assert "`5.2` is a version of Midjourney's" in first
    assert "`Default`" in first
    assert said(ANNA_ASKS) == ()
    assert len(said(BERT_ASKS)) == 1


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"no model `none` here; there are .*old"):
        choosing().card(ANNA_ASKS, HERE, Prompt.parse("a fox --model none"))
