"""The house keeps its shape: small modules, short functions, everything annotated, as many lines of
tests as of code. Training stands apart, as in the wheel, where tests are counted."""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULE_LINES = 300
MEDIAN_LINES = 8
P95_LINES = 25

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> dict[Path, str]:
    return {
        path.relative_to(ROOT): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@functools.cache
def code() -> dict[Path, str]:
    return sources("bot", "cogs")


@functools.cache
def trees() -> dict[Path, ast.Module]:
    """Read by the first test that needs them: every process of a run collects all tests."""
    return {path: ast.parse(text) for path, text in code().items()}


def functions(node: ast.AST) -> Iterator[Function]:
    return (each for each in ast.walk(node) if isinstance(each, Function))


def own_lines(function: Function) -> int:
    """Lines of a function without those of functions inside it."""
    inner = sum(_span(each) for each in functions(function) if each is not function)
    return _span(function) - inner


def _span(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def test_no_module_is_long() -> None:
    long = {str(path): len(text.splitlines()) for path, text in code().items()}
    assert {path: lines for path, lines in long.items() if lines > MODULE_LINES} == {}


def test_functions_are_short() -> None:
    lengths = [own_lines(each) for tree in trees().values() for each in functions(tree)]
    assert percentile(lengths, 0.5) <= MEDIAN_LINES
    assert percentile(lengths, 0.95) <= P95_LINES


def test_everything_is_annotated() -> None:
    bare = [
        f"{path}:{each.lineno} {each.name}"
        for path, tree in trees().items()
        for each in functions(tree)
        if not annotated(each)
    ]
    assert bare == []


def annotated(function: Function) -> bool:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    spoken = [each for each in named if each and each.arg not in ("self", "cls")]
    returns = function.returns is not None or function.name == "__init__"
    return returns and all(each.annotation for each in spoken)


def test_public_classes_say_what_they_are() -> None:
    silent = [
        f"{path}:{each.lineno} {each.name}"
        for path, tree in trees().items()
        for each in ast.walk(tree)
        if isinstance(each, ast.ClassDef) and not each.name.startswith("_")
        if not ast.get_docstring(each)
    ]
    assert silent == []


def test_there_is_a_line_of_tests_for_each_line_of_code() -> None:
    def lines(texts: dict[Path, str]) -> int:
        return sum(len(text.splitlines()) for text in texts.values())

    counted = {p: text for p, text in code().items() if not p.is_relative_to("bot/training")}
    assert lines(sources("tests")) >= lines(counted)
