"""What differs, in a message that Discord takes."""

from __future__ import annotations

import pytest

from bot.chat import comparison
from bot.domain.browsing import Result
from bot.domain.ingredients import Difference
from tests.kit.values import a_job


@pytest.mark.parametrize("text", ["_*" * 400, "w" * 800, "a <:b:1> [c](d) " * 60, "\\" * 500])
def test_values_of_any_marks_fit_a_field(text: str) -> None:
    results = [Result(a_job(), number) for number in (1, 2)]
    found = [Difference(f"name {number}", text, f"other {text}") for number in range(30)]
    said = comparison.embed(results, found)
    assert len(said) <= 6000
    assert all(len(field.value or "") <= 1024 for field in said.fields)
    assert said.footer.text is not None
    assert "more differ" in said.footer.text
