"""Vocabulary, captions and tokenizer: what may be asked for, and how it is spelt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transformers import CLIPTokenizer

from bot.training.__main__ import main
from bot.training.captions import (
    Idea,
    caption,
    draw_idea,
    draw_training_idea,
    every_word,
    held_out,
    plain_caption,
)
from bot.training.tokenizer import LENGTH, token_ids, train_tokenizer
from bot.training.vocabulary import COLOURS, SCENES, STYLES, THINGS, article, plural

NAMES = tuple(thing.name for thing in THINGS)
EVEN = np.ones(len(NAMES))


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return train_tokenizer(every_word())


def test_the_vocabulary_is_as_wide_as_promised() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 85
    assert len(SCENES) >= 12
    assert len(STYLES) - 1 >= 6
    assert len(COLOURS) >= 10
    words = [word for thing in THINGS for word in thing.names]
    assert len(set(words)) == len(words), "a word may mean one object only"


@pytest.mark.parametrize(
    ("name", "one", "many"),
    [
        ("owl", "an owl", "owls"),
        ("unicorn", "a unicorn", "unicorns"),
        ("ufo", "a ufo", "ufos"),
        ("umbrella", "an umbrella", "umbrellas"),
        ("fox", "a fox", "foxes"),
        ("baby", "a baby", "babies"),
        ("monkey", "a monkey", "monkeys"),
        ("snowman", "a snowman", "snowmen"),
        ("santa", "santa", "santas"),
    ],
)
def test_articles_and_plurals(name: str, one: str, many: str) -> None:
    assert article(name) == one
    assert plural(name) == many


def test_an_idea_survives_json() -> None:
    idea = Idea(("cat", "dog"), "beside", "beach", style="photo")
    assert Idea.from_json(idea.as_json()) == idea


def test_the_same_dice_give_the_same_captions() -> None:
    def write(seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        return [caption(draw_training_idea(rng, NAMES, EVEN), rng) for _ in range(40)]

    assert write(1) == write(1)
    assert write(1) != write(2)


def test_training_never_sees_what_is_held_out() -> None:
    rng = np.random.default_rng(3)
    drawn = [draw_idea(rng, NAMES, EVEN) for _ in range(1500)]
    assert any(held_out(idea) for idea in drawn), "nothing would be held out"
    rng = np.random.default_rng(3)
    taught = [draw_training_idea(rng, NAMES, EVEN) for _ in range(1500)]
    assert not any(held_out(idea) for idea in taught)


def test_what_is_held_out_is_so_in_every_layout_and_order() -> None:
    rng = np.random.default_rng(4)
    ideas = (draw_idea(rng, NAMES, EVEN) for _ in range(5000))
    scenic = (i for i in ideas if i.layout == "single" and i.scene != "plain" and not i.tint)
    single = next(i for i in scenic if held_out(i))
    (name,) = single.objects
    other = next(n for n in NAMES if n != name and not held_out(replace(single, objects=(n,))))
    for objects in ((name, other), (other, name)):
        assert held_out(replace(single, objects=objects, layout="hold"))


def test_held_out_pairs_do_not_depend_on_order() -> None:
    for first in NAMES[:12]:
        for second in NAMES[12:24]:
            idea = Idea((first, second), "beside")
            assert held_out(idea) == held_out(replace(idea, objects=(second, first)))


def test_the_plain_caption_names_everything() -> None:
    idea = Idea(("astronaut", "sun lounger", "cocktail"), "lounge", "desert", style="pixel art")
    assert plain_caption(idea) == (
        "pixel art of an astronaut lying in a sun lounger with a cocktail in the desert"
    )


def test_every_caption_is_whole_words_and_fits(tokenizer: CLIPTokenizer) -> None:
    rng = np.random.default_rng(5)
    known = {word for phrase in every_word() for word in phrase.lower().split()}
    for _ in range(300):
        idea = draw_training_idea(rng, NAMES, EVEN)
        text = plain_caption(idea)
        ids = tokenizer(text).input_ids
        assert len(ids) <= LENGTH, text
        assert tokenizer.decode(ids, skip_special_tokens=True).strip() == text
        assert len(ids) - 2 == len(text.replace("-", " - ").split()), text
        assert known.issuperset(text.split()), text


def test_unknown_words_fall_apart_but_do_not_fail(tokenizer: CLIPTokenizer) -> None:
    pieces = tokenizer.tokenize("zyx ☃")
    assert len(pieces) > 2
    assert token_ids(tokenizer, ["zyx " * 40]).shape == (1, LENGTH)


def test_an_extended_tokenizer_keeps_its_numbers(tmp_path, tokenizer: CLIPTokenizer) -> None:
    small = train_tokenizer(["a red cat", "in the forest"])
    small.save_pretrained(tmp_path)
    wide = train_tokenizer(["a red cat", "on the submarine"], tmp_path)
    assert wide("a red cat in the forest").input_ids == small("a red cat in the forest").input_ids
    assert len(wide.tokenize("submarine")) == 1
    assert len(small.tokenize("submarine")) > 1
    assert wide.eos_token_id == small.eos_token_id


def test_a_saved_tokenizer_reads_the_same(tmp_path, tokenizer: CLIPTokenizer) -> None:
    tokenizer.save_pretrained(tmp_path)
    again = CLIPTokenizer.from_pretrained(tmp_path)
    text = "three foxes left of an owl, expressive oil painting"
    assert again(text).input_ids == tokenizer(text).input_ids


def test_the_command_line_makes_a_tokenizer(tmp_path, capsys) -> None:
    main(["tokenizer", "--place", str(tmp_path)])
    assert "tokens" in capsys.readouterr().out
    again = CLIPTokenizer.from_pretrained(tmp_path / "tokenizer")
    assert len(again.tokenize("an astronaut")) == 2


def test_the_command_line_refuses_unknown_stages(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["paint"])
    assert "invalid choice" in capsys.readouterr().err
