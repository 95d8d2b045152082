"""bot.engine.blame: what follows from deaths, without a process or a clock."""

from __future__ import annotations

from bot.engine.blame import Blame, Death, Retry
from bot.engine.seam import Failed

RETRY = Retry(backoff=1, backoff_max=5, start_deaths=3, load_deaths=2, reload=600)
KILLED = "was killed by signal 9"


def loading(model: str, words: str = "") -> Death:
    return Death(KILLED, ready=True, loading={model: words})


def test_the_delay_doubles_until_something_was_of_use() -> None:
    blame = Blame("cpu", RETRY)
    useless = Death("ended with code 1", ready=True)
    assert [blame.died(useless, 0) for _ in range(4)] == [2, 4, 5, 5]
    assert blame.died(Death("ended with code 1", ready=True, useful=True), 0) == 1


def test_a_model_that_killed_its_process_twice_is_refused_for_a_while() -> None:
    blame = Blame("cuda:0", RETRY)
    blame.died(loading("xl", "loading Dreamshaper"), 50)
    assert blame.refused() == {}
    blame.died(loading("xl", "loading Dreamshaper"), 100)
    text = (
        "The process was killed by signal 9 while loading Dreamshaper: probably too little memory; "
        "take a smaller model, or give the machine more memory."
    )
    assert blame.refused() == {"xl": Failed(text, 700)}
    assert blame.error is None
    blame.died(loading("xl"), 800)
    refused = blame.refused()["xl"]
    assert refused.retry_at == 1400
    assert "while loading the model: probably" in refused.text


def test_deaths_at_different_models_do_not_add_up_and_success_forgives() -> None:
    blame = Blame("cuda:0", RETRY)
    blame.died(loading("xl"), 0)
    blame.died(loading("small"), 0)
    assert blame.refused() == {}
    blame.loaded(["xl"])
    blame.died(loading("xl"), 0)
    assert blame.refused() == {}
    blame.died(loading("xl"), 0)
    assert list(blame.refused()) == ["xl"]
    blame.loaded(["xl"])
    assert blame.refused() == {}


def test_a_process_that_never_comes_up_breaks_the_worker_until_one_does() -> None:
    blame = Blame("cpu", RETRY)
    for _ in range(2):
        blame.died(Death("could not be started (Permission denied)"), 0)
    assert blame.error is None
    blame.died(Death("could not be started (Permission denied)"), 0)
    assert blame.error == (
        "The worker on cpu cannot start: its process could not be started (Permission denied)."
    )
    blame.ready()
    assert blame.error is None
    blame.died(Death(KILLED), 0)
    assert blame.error is None


def test_deaths_of_a_worker_that_came_up_are_not_called_a_broken_start() -> None:
    blame = Blame("cpu", RETRY)
    for _ in range(5):
        blame.died(Death(KILLED, ready=True), 0)
    assert blame.error is None
