"""The states of a worker's models carry the times that the worker does not tell."""

from __future__ import annotations

from typing import Any

import pytest

from bot.engine.seam import Failed, Loaded, Loading
from bot.engine.states import States, followed


def said(**parts: Any) -> dict[str, Any]:
    return {"loaded": {}, "loading": {}, "failed": {}} | parts


def told(*frames: tuple[float, dict[str, Any]]) -> States:
    """After frames that came at some seconds each."""
    states: States = {}
    for now, frame in frames:
        states = followed(states, frame, now, retry_s=60.0)
    return states


def test_a_load_has_a_beginning_whatever_is_said_of_it_meanwhile() -> None:
    states = told((10, said(loading={"tiny": ""})), (14, said(loading={"tiny": "half of it"})))
    assert states == {"tiny": Loading("half of it", since=10)}


def test_a_loaded_model_tells_since_when_and_how_long_it_took() -> None:
    loads = (10, said(loading={"tiny": ""})), (17, said(loaded={"tiny": {"native": 64}}))
    loaded = Loaded({"native": 64}, since=17, took_s=7)
    assert told(*loads) == {"tiny": loaded}
    assert told(*loads, (99, said(loaded={"tiny": {"native": 64}}))) == {"tiny": loaded}
    assert told((17, said(loaded={"tiny": {}}))) == {"tiny": Loaded({}, since=17)}


def test_a_loaded_model_tells_what_it_takes() -> None:
    assert told((1, said(loaded={"tiny": {}}, sizes={"tiny": 7}))) == {"tiny": Loaded({}, 1, 0, 7)}


def test_a_failure_is_worth_a_new_try_after_a_while_counted_from_the_first_word_of_it() -> None:
    failed = said(failed={"tiny": "It is damaged."})
    assert told((10, failed), (30, failed)) == {"tiny": Failed("It is damaged.", retry_at=70)}
    again = told((10, failed), (80, said(loading={"tiny": ""})), (81, failed))
    assert again == {"tiny": Failed("It is damaged.", retry_at=141)}


def test_a_model_of_which_nothing_is_said_any_more_is_not_known() -> None:
    assert told((10, said(loaded={"tiny": {}})), (11, said())) == {}


def test_a_frame_without_one_of_its_parts_is_refused() -> None:
    with pytest.raises(KeyError):
        followed({}, {"loaded": {}, "loading": {}}, 1.0, 60.0)
