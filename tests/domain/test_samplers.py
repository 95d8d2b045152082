"""Samplers by the names that people know them by."""

from __future__ import annotations

import pytest

from bot.domain import samplers
from bot.domain.errors import InvalidPrompt
from bot.worker.samplers import SCHEDULERS


def test_each_name_has_a_scheduler_and_each_scheduler_a_name() -> None:
    assert list(samplers.SAMPLERS) == list(SCHEDULERS)


@pytest.mark.parametrize("row", samplers.SAMPLERS.values(), ids=str)
def test_every_spelling_is_understood(row: samplers.Sampler) -> None:
    for spelling in (row.name, row.label, *row.aliases):
        assert samplers.named(spelling) == row.name
    assert samplers.label(row.name) == row.label


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("PLMS", "plms"),
        ("DPM++ 2M Karras", "dpmpp_2m_karras"),
        ("dpm++_2m_sde", "dpmpp_2m_sde"),
        ("Euler a", "euler_a"),
        ("EulerAncestralDiscreteScheduler", "euler_a"),
        ("PNDMScheduler", "plms"),
        ("DPMSolverMultistepScheduler", "dpmpp_2m"),
        ("default", "default"),
    ],
)
def test_names_of_other_tools(typed: str, name: str) -> None:
    assert samplers.named(typed) == name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("eulr", "There is no sampler `eulr`; did you mean `euler`?"),
        ("magic", "There is no sampler `magic`; the known ones are `plms`, `ddim`"),
        ("", "the known ones are"),
    ],
)
def test_an_unknown_name_is_refused_with_the_right_ones(typed: str, words: str) -> None:
    with pytest.raises(InvalidPrompt) as caught:
        samplers.named(typed)
    assert words in str(caught.value)


def test_a_sampler_takes_as_many_steps_as_it_needs() -> None:
    assert samplers.enough("plms", 8) == 25
    assert samplers.enough("plms", 30) == 30
    assert samplers.enough("euler", 8) == 8
    assert samplers.enough(samplers.DEFAULT, 8) == 8
