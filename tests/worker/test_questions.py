"""Questions to a worker: answered between two steps, each exactly once."""

from __future__ import annotations

import functools
from collections.abc import Generator
from typing import Any

import pytest
import torch

from bot.domain.errors import RenderFailed
from bot.domain.shortening import Analysis, pieces
from bot.engine.seam import IMPORTANCE, Question
from bot.models.cards import EMBEDDED_CARD
from bot.worker.diffusion import DiffusionEngine
from bot.worker.importance import importance
from bot.worker.questions import Asked, Forgotten
from tests.kit.pipelines import card
from tests.worker.test_painter import Studio, ask


def question(*words: str, model: str = "embedded") -> Question:
    return Question(IMPORTANCE, model, {"pieces": list(words)})


def test_others_make_their_steps_while_a_prompt_is_read() -> None:
    studio = Studio().order(ask("a", 4), Asked(1, question("red", "fox", "asleep")))
    studio.turns(3)
    assert studio.engine.steps == ["a", "a", "a"]
    assert not studio.of("answer")
    assert studio.until_done() == "a a a a"
    [said] = studio.of("answer")
    assert said["number"] == 1
    assert said["answer"]["importance"] == [0.5, 0.5, 1.0]


def test_who_only_asks_is_answered_as_well_and_in_order() -> None:
    studio = Studio().order(Asked(1, question("red")), Asked(2, question("blue", "fox")))
    studio.turns(5)
    assert [said["number"] for said in studio.of("answer")] == [1, 2]


def test_what_nobody_waits_for_is_not_thought_about() -> None:
    studio = Studio().order(Asked(1, question("red", "fox", "asleep")), Asked(2, question("ox")))
    studio.turns(1).order(Forgotten(1), Forgotten(7)).turns(2)
    assert [said["number"] for said in studio.of("answer")] == [2]
    assert not studio.painter._questions


def test_what_cannot_be_loaded_or_answered_is_said_by_code() -> None:
    studio = Studio()

    def load(model: str, say: Any) -> None:
        raise RenderFailed("model_missing", f"The model {model} is not there.")

    studio.engine.load = load
    studio.order(Asked(1, question("red"))).turns(1)
    assert studio.of("answer") == [
        {"number": 1, "code": "model_missing", "text": "The model embedded is not there."}
    ]

    broken = Studio()

    def answer(asked: Question) -> Any:
        yield
        raise ValueError("a fault of a library")

    broken.engine.answer = answer
    broken.order(Asked(1, question("red")), ask("a")).turns(2)
    assert [said["code"] for said in broken.of("answer")] == ["error"]
    assert broken.until_done() == "a a a"


def said_by(engine: DiffusionEngine, words: tuple[str, ...], model: str) -> list[float]:
    return result(engine.answer(question(*words, model=model)))["importance"]


def result(working: Generator[None, None, Any]) -> Any:
    while True:
        try:
            next(working)
        except StopIteration as done:
            return done.value


@pytest.mark.parametrize("thing", ["fox", "castle", "robot", "pizza", "owl", "car"])
def test_the_model_in_the_box_keeps_the_thing_in_every_prompt(thing: str) -> None:
    words = pieces(f"a beautiful photo of a red {thing} in the snow, highly detailed, soft light")
    analysis = Analysis(words, tuple(said_by(boxed(), words, EMBEDDED_CARD.id)))
    assert max(analysis.importance) == 1.0
    by_word = dict(zip(words, analysis.importance, strict=True))
    assert max(by_word[word] for word in ("of", "the", "a")) < by_word[thing]
    assert len(analysis.shorter) == 5
    for shorter in analysis.shorter:
        assert thing in shorter


@functools.cache
def boxed() -> DiffusionEngine:
    engine = DiffusionEngine({EMBEDDED_CARD.id: EMBEDDED_CARD}, device="cpu")
    engine.load(EMBEDDED_CARD.id, lambda text: None)
    return engine


def test_a_tensor_of_all_words_is_taken_where_there_is_one() -> None:
    texts: list[str] = []

    def encode(text: str) -> dict[str, torch.Tensor]:
        texts.append(text)
        pooled = torch.tensor([[float("fox" in text), 1.0]])
        return {"text": torch.randn(1, 7, 4), "pooled": pooled}

    assert result(importance(("a", "fox"), encode)) == pytest.approx([0.0, 1.0], abs=1e-6)
    assert texts == ["a fox", "fox", "a"]


def test_what_is_not_seen_does_not_count() -> None:
    def encode(text: str) -> dict[str, torch.Tensor]:
        tokens = torch.zeros(1, 3, 2)
        tokens[0, 0] = torch.tensor([1.0, float("fox" in text)])
        tokens[0, 2] = torch.randn(2) * 100
        return {"text": tokens, "seen": torch.tensor([[1, 1, 0]])}

    assert result(importance(("a", "fox"), encode)) == pytest.approx([0.0, 1.0], abs=1e-6)


def test_a_model_that_is_not_drawn_by_our_loop_says_that_it_cannot() -> None:
    engine = DiffusionEngine({"tiny": card("tiny")}, device="cpu")
    model: Any = type("Model", (), {"card": card("tiny"), "embeddings": None})
    engine._models = {"tiny": model}  # type: ignore[assignment]
    with pytest.raises(RenderFailed, match="cannot say which words matter") as refused:
        said_by(engine, ("a", "fox"), "tiny")
    assert refused.value.code == "bad_input"
