"""The models that are served: what is known of each, what people call it, who leaves and stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.prompt import Prompt
from bot.models.cards import EMBEDDED_CARD, ModelCard, card_for
from bot.models.catalogue import Catalogue
from bot.models.shelf import Model

DREAM = Model("dream", ModelCard("dream-1", "The Dreamer", "dream.ckpt", native=512), {})
WIDE = Model("wide", ModelCard("wide-2", "Wide", "wide", native=1024, steps=12), {"steps": 12})
EMBEDDED = Model("embedded", EMBEDDED_CARD, {})


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue(EMBEDDED_CARD)
    made.serve(EMBEDDED, [DREAM, WIDE])
    return made


def test_it_learns_what_workers_confirm() -> None:
    guess = card_for("org/model", {"steps": 12})
    catalogue = Catalogue(guess, [EMBEDDED_CARD], fixed={"steps": 12})
    assert (catalogue.default, catalogue.ids) == (guess, ["org/model", "embedded"])
    assert catalogue.card("gone") is None
    catalogue.confirm("org/model", {"native": 1024, "steps": 40, "name": "x", "later": True})
    confirmed = catalogue.default
    assert (confirmed.native, confirmed.steps, confirmed.name) == (1024, 12, "model")
    catalogue.confirm("embedded", {"steps": 40})
    assert catalogue.card("embedded") == replace(EMBEDDED_CARD, steps=40)
    catalogue.confirm("gone", {"steps": 1})
    assert catalogue.ids == ["org/model", "embedded"]


def test_the_operators_own_values_of_every_model_win(catalogue: Catalogue) -> None:
    for id in ("dream-1", "wide-2"):
        catalogue.confirm(id, {"steps": 40, "native": 768})
    cards = {card.id: (card.steps, card.native) for card in catalogue.cards}
    assert cards["dream-1"] == (40, 768)
    assert cards["wide-2"] == (12, 768)


@pytest.mark.parametrize("text", ["dream", "dream-1", "The Dreamer", "the dreamer"])
def test_a_model_has_several_names(catalogue: Catalogue, text: str) -> None:
    assert catalogue.named(text) == DREAM.card
    assert catalogue.key(DREAM.card) == "dream"


@pytest.mark.parametrize("text", ["", "Dream", "dreamer", "Dream-1"])
def test_what_names_no_model(catalogue: Catalogue, text: str) -> None:
    assert catalogue.named(text) is None


def test_a_key_means_its_model_though_another_one_is_shown_by_that_name() -> None:
    posing = replace(WIDE, card=replace(WIDE.card, name="dream"))
    catalogue = Catalogue(EMBEDDED_CARD)
    catalogue.serve(EMBEDDED, [posing, DREAM])
    assert catalogue.named("dream") == DREAM.card


def test_who_stays_keeps_what_was_read_and_has_new_values_of_the_operators(
    catalogue: Catalogue,
) -> None:
    catalogue.confirm("dream-1", {"native": 768})
    catalogue.confirm("wide-2", {"steps": 40})
    renamed = Model("dream", replace(DREAM.card, name="D"), {"name": "D"})
    catalogue.serve(EMBEDDED, [renamed])
    assert catalogue.ids == ["embedded", "dream-1"]
    card = catalogue.card("dream-1")
    assert card is not None
    assert (card.name, card.native) == ("D", 768)
    catalogue.serve(EMBEDDED, [DREAM, WIDE])
    again = catalogue.card("wide-2")
    assert again is not None
    assert again.steps == 12  # as its operator has it; what was read of it left with it


def test_the_default_is_one_of_them_and_has_the_settings_values() -> None:
    catalogue = Catalogue(DREAM.card)
    chosen = Model("dream", replace(DREAM.card, steps=3), {"steps": 3})
    catalogue.serve(chosen, [WIDE, DREAM])
    assert catalogue.ids == ["dream-1", "wide-2"]
    assert catalogue.default.steps == 3


def test_what_was_read_in_other_files_counts_no_more(catalogue: Catalogue) -> None:
    catalogue.confirm("dream-1", {"native": 768, "revision": ""})
    replaced = replace(DREAM, card=replace(DREAM.card, revision="2"))
    catalogue.serve(EMBEDDED, [replaced])
    assert catalogue.card("dream-1") == replaced.card
    # A worker that has the old ones in memory still.
    catalogue.confirm("dream-1", {"native": 768, "revision": ""})
    assert catalogue.card("dream-1") == replaced.card
    catalogue.confirm("dream-1", {"native": 640, "revision": "2"})
    card = catalogue.card("dream-1")
    assert card is not None
    assert card.native == 640


def test_the_default_and_the_pinned_ones_are_kept_in_memory(catalogue: Catalogue) -> None:
    assert catalogue.kept == ["embedded"]
    pinned = replace(WIDE, card=replace(WIDE.card, pinned=True))
    catalogue.serve(EMBEDDED, [DREAM, pinned])
    assert catalogue.kept == ["embedded", "wide-2"]
    catalogue.serve(pinned, [DREAM])
    assert catalogue.kept == ["wide-2"]


def test_no_worker_decides_who_may_use_a_model() -> None:
    catalogue = Catalogue(replace(DREAM.card, allowed=(7,)))
    catalogue.confirm("dream-1", {"allowed": [], "native": 768})
    assert catalogue.default.allowed == (7,)


def lying(source: str, key: str = "") -> Model:
    """As the shelf has it."""
    card = card_for(source)
    return Model(key or card.name, card, {})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Juggernaut XL v9", "Juggernaut_XL_v9"),
        ("model (1)", "model_1"),
        ("it's fine", "it_s_fine"),
        ("v1-5, pruned!", "v1-5_pruned"),
        ("日本 モデル", "日本_モデル"),
        ("[x] étoile", "x_étoile"),
    ],
)
def test_a_name_with_spaces_can_be_said(name: str, said: str) -> None:
    catalogue = Catalogue(EMBEDDED_CARD)
    catalogue.serve(EMBEDDED, [lying(f"models/{name}.safetensors")])
    [card] = [card for card in catalogue.cards if card.name == name]
    assert catalogue.key(card) == said
    typed = Prompt.parse(f"a fox --model {said} --seed 3")
    assert (typed.text, typed.get("model"), typed.get("seed")) == ("a fox", said, 3)
    assert catalogue.named(said) == catalogue.named(name) == card


def test_two_names_that_are_said_alike_are_told_apart() -> None:
    catalogue = Catalogue(EMBEDDED_CARD)
    one, other, third = (lying(f"models/{name}.ckpt") for name in ("a b", "a_b", "a  b"))
    catalogue.serve(EMBEDDED, [one, other, third])
    keys = [catalogue.key(each.card) for each in (one, other, third)]
    assert keys[1] == "a_b"
    assert len(set(keys)) == 3
    for key, each in zip(keys, (one, other, third), strict=True):
        assert catalogue.named(key) == each.card
        assert Prompt.parse(f"a fox --model {key}").get("model") == key


@pytest.mark.parametrize(
    "source", ["/srv/secret place/dream.ckpt", "~/models/dream.ckpt", "/a/dream"]
)
def test_where_a_model_lies_is_told_to_nobody(source: str) -> None:
    catalogue = Catalogue(EMBEDDED_CARD)
    default = lying(source, key=source)
    catalogue.serve(default, [EMBEDDED])
    assert catalogue.key(default.card) == "dream"
    assert catalogue.named("dream") == default.card


def test_a_repository_keeps_its_name() -> None:
    catalogue = Catalogue(EMBEDDED_CARD)
    catalogue.serve(lying("org/model.v2", key="org/model.v2"), [EMBEDDED])
    assert catalogue.key(catalogue.default) == "org/model.v2"
