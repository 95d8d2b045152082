"""Evaluation: marks that a known judge must give, and questions that are new where they say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from bot.training.captions import Idea, held_out, plain_caption
from bot.training.classifier import (
    PLACES,
    TINTS,
    VIEW,
    Classifier,
    Verdict,
    load_classifier,
    place_of,
    view,
)
from bot.training.marks import chance, in_order, marks
from bot.training.questions import Questions
from bot.training.report import claimed, good_ideas, known_words, table
from bot.training.sheets import layout_prompts, object_prompts, page, style_prompts
from bot.training.vocabulary import LAYOUTS, STYLES, THINGS
from bot.training.workplace import save_tensors

NAMES = tuple(thing.name for thing in THINGS[:20])
IDEAS = [
    Idea(("cat",), scene="beach", style="photo"),
    Idea(("cat", "owl"), "beside", colour="red"),
    Idea(("fox",), colour="blue", tint="red"),
]


class Oracle:
    """A judge that says what it is told to say, whatever it is shown."""

    names = NAMES

    def __init__(self, said: Sequence[Idea]) -> None:
        self._said = said

    def judge(self, pixels: torch.Tensor) -> Verdict:
        rows = len(pixels)
        verdict = Verdict(
            torch.zeros(rows, len(NAMES)),
            torch.zeros(rows, len(PLACES)),
            torch.zeros(rows, len(STYLES)),
            torch.zeros(rows, len(LAYOUTS)),
            torch.zeros(rows, len(TINTS)),
        )
        for row, idea in enumerate(self._said):
            for name in idea.objects:
                verdict.objects[row, NAMES.index(name)] = 1
            verdict.places[row, PLACES.index(place_of(idea))] = 1
            verdict.styles[row, list(STYLES).index(idea.style)] = 1
            verdict.layouts[row, [*LAYOUTS].index(idea.layout)] = 1
            verdict.tints[row, TINTS.index(idea.tint)] = 1
        return verdict


def judged(said: Sequence[Idea], asked: Sequence[Idea]) -> dict[str, float]:
    pixels = torch.zeros(len(asked), 3, 8, 8, dtype=torch.uint8)
    return marks(cast(Any, Oracle(said)), pixels, asked)


def test_a_judge_who_sees_what_was_asked_gives_full_marks() -> None:
    assert set(judged(IDEAS, IDEAS).values()) == {1.0}


def test_marks_count_what_is_wrong() -> None:
    said = [Idea(("owl",), scene="beach", style="photo"), IDEAS[1], Idea(("fox",), scene="snow")]
    assert judged(said, IDEAS)["tint"] == pytest.approx(2 / 3, abs=0.001)
    found = judged(said, IDEAS)
    assert found["objects"] == pytest.approx(2 / 3, abs=0.001)
    assert found["place"] == pytest.approx(2 / 3, abs=0.001)
    assert found["style"] == 1.0


def test_of_two_objects_both_must_be_there() -> None:
    assert (
        judged([Idea(("cat", "fox"), "beside")], [Idea(("cat", "owl"), "beside")])["objects"] == 0
    )


class Painter:
    """A judge to whom red is an owl and blue is a cat."""

    names = NAMES

    def judge(self, pixels: torch.Tensor) -> Verdict:
        none = torch.zeros(len(pixels), 1)
        objects = torch.zeros(len(pixels), len(NAMES))
        objects[:, NAMES.index("owl")] = pixels[:, 0].float().mean((1, 2))
        objects[:, NAMES.index("cat")] = pixels[:, 2].float().mean((1, 2))
        return Verdict(objects, none, none, none, none)


def test_order_is_read_from_the_halves_of_a_picture() -> None:
    picture = torch.zeros(3, 8, 8, dtype=torch.uint8)
    picture[0, :, :4] = 255
    picture[2, :, 4:] = 255
    upright = picture.transpose(1, 2)
    judge = cast(Any, Painter())
    ideas = [Idea(("owl", "cat"), "beside"), Idea(("cat", "owl"), "beside")]
    assert in_order(judge, torch.stack([picture, picture]), ideas) == 0.5
    assert in_order(judge, picture[None], ideas[:1]) == 1
    assert in_order(judge, upright[None], [Idea(("owl", "cat"), "stack")]) == 1
    assert in_order(judge, upright[None], [Idea(("cat", "owl"), "stack")]) == 0


def test_chance_is_what_guessing_gives() -> None:
    assert chance(NAMES)["objects"] == pytest.approx(1 / 20)
    assert chance(NAMES)["top5"] == pytest.approx(5 / 20)


def test_only_objects_that_come_out_are_claimed() -> None:
    found = {
        "cat": {"objects": 0.9, "top5": 1.0},
        "owl": {"objects": 0.2, "top5": 1.0},
        "fox": {"objects": 0.6, "top5": 0.5},
    }
    assert claimed(found) == ["cat"]


@pytest.mark.slow
def test_only_counts_and_relations_that_come_out_are_known() -> None:
    real = {"objects": 0.9, "layout": 1.0, "tint": 0.8, "order": 0.9}
    good = {"model": {"objects": 0.65, "layout": 0.9, "tint": 0.6, "order": 0.8}, "real": real}
    bad = {"model": {"objects": 0.9, "layout": 0.2, "tint": 0.5, "order": 0.9}, "real": real}
    follow = dict.fromkeys(Questions(NAMES).sets(), bad)
    assert known_words(follow) == (["one"], [])
    follow |= {"three of a kind": good, "lying in a sun lounger": good}
    assert known_words(follow) == (["one", "three"], ["lying in"])
    follow["held-out colour of an object"] = good
    assert known_words(follow)[1] == ["lying in", "red"]
    follow["held-out pair"] = good
    assert known_words(follow)[1] == ["and", "next to", "left of", "right of", "lying in", "red"]


@pytest.mark.slow
def test_sides_that_are_guessed_are_not_claimed() -> None:
    marks = {"objects": 0.9, "layout": 0.9, "tint": 0.9, "order": 0.7}
    follow = {key: {"model": marks, "real": marks} for key in Questions(NAMES).sets()}
    assert not {"left of", "on top of"} & set(known_words(follow)[1])


@pytest.mark.slow
def test_what_works_by_half_of_poor_renderings_is_not_claimed() -> None:
    marks = {"objects": 0.4, "layout": 0.4, "tint": 0.4, "order": 0.9}
    follow = {key: {"model": marks, "real": marks} for key in Questions(NAMES).sets()}
    assert known_words(follow) == (["one"], [])


def test_the_table_sets_the_model_beside_real_renderings() -> None:
    follow = {
        "object": {"model": {"objects": 1.0}, "real": {"objects": 1.0}},
        "pair": {
            "model": {"objects": 0.5, "order": 0.75},
            "real": {"objects": 0.875, "order": 1.0},
        },
    }
    assert table(follow).splitlines() == [
        "| prompts | objects | order |",
        "|---|---|---|",
        "| object | 1.00 / 1.00 |  |",
        "| pair | 0.50 / 0.88 | 0.75 / 1.00 |",
    ]


def test_questions_are_new_where_they_say_so_and_always_the_same() -> None:
    questions = Questions(NAMES, count=6)
    sets = questions.sets()
    assert sets == questions.sets()
    assert all(len(ideas) == 6 for ideas in sets.values())
    for name, ideas in sets.items():
        assert all(held_out(idea) is name.startswith("held-out") for idea in ideas), name
        assert all(bool(idea.tint) is ("colour of" in name) for idea in ideas), name


def test_offered_ideas_use_only_known_objects() -> None:
    with_seed = good_ideas(NAMES)
    assert "astronaut lying in a sun lounger with a cocktail in the desert" in with_seed[0]
    unknown = set(NAMES) - {"cat", "fox"}
    for idea in good_ideas(["cat", "fox"]):
        assert not any(f" {name} " in f" {idea} " for name in unknown)


def test_ideas_have_relations_and_colours_once_these_are_known() -> None:
    assert not any("dog and a cat" in idea for idea in good_ideas(NAMES))
    offered = good_ideas(NAMES, ["and", "red", "holding"])
    assert "photo of a dog and a cat in a meadow" in offered
    assert any("pink cat" in idea for idea in offered)
    assert not any("dog" in idea for idea in good_ideas(["cat"], ["and"]))


def test_a_saved_classifier_judges_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    judge = Classifier(NAMES)
    pixels = torch.randint(0, 256, (2, 3, 128, 128), dtype=torch.uint8)
    assert view(pixels).shape == (2, 3, VIEW, VIEW)
    save_tensors(tmp_path / "c.pt", {"names": list(NAMES), "weights": judge.state_dict()})
    again = load_classifier(tmp_path / "c.pt")
    assert torch.equal(again.judge(pixels).objects, judge.judge(pixels).objects)


def test_sheets_have_room_for_every_picture() -> None:
    known = ("two", "three", "lying in", "and", "on top of", "holding")
    prompts = style_prompts() + object_prompts(NAMES) + layout_prompts(NAMES, known)
    assert plain_caption(Idea(("fox",), scene="forest", style="neon")) in prompts
    pixels = torch.zeros(len(prompts), 3, 128, 128, dtype=torch.uint8)
    pixels[:, 0] = 200  # a red that no shade of black ink has
    sheet = page(pixels, prompts, columns=8)
    colours = sheet.getcolors(maxcolors=1_000_000)
    assert colours is not None
    painted = next(count for count, colour in colours if colour == (200, 0, 0))
    assert painted == len(prompts) * 128 * 128


def test_sheets_show_only_relations_that_are_known() -> None:
    assert layout_prompts(NAMES, ()) == []
    assert all(prompt.startswith("two ") for prompt in layout_prompts(NAMES, ("two",)))
