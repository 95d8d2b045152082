"""What holds for the page's source as a whole: no HTML from text, nothing long, nothing unused."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "bot" / "sandbox" / "page"
MODULES = sorted(PAGE.rglob("*.js"))
SHEETS = sorted(PAGE.rglob("*.css"))
# Each of these would read a text as markup or as code.
PARSERS = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|srcdoc|DOMParser|document\.write|"
    r"createContextualFragment|eval\(|new Function)"
)


def named(path: Path) -> str:
    return path.relative_to(PAGE).as_posix()


def blocks(text: str) -> dict[int, int]:
    """Lines of every block between braces but a class, by the line that opens it.

    Biome's layout ends a block at the indentation of the line that opens it.
    """
    lines = text.splitlines()
    lengths = {}
    for at, line in enumerate(lines):
        if line.endswith("{") and not re.match(r"(export )?class ", line):
            closes = line[: len(line) - len(line.lstrip())] + "}"
            end = next(i for i in range(at + 1, len(lines)) if lines[i].startswith(closes))
            lengths[at + 1] = end - at + 1
    return lengths


def test_no_text_is_parsed_as_markup_or_code() -> None:
    found = {named(path): PARSERS.findall(path.read_text(encoding="utf-8")) for path in MODULES}
    assert {name: words for name, words in found.items() if words} == {}


def test_no_function_is_longer_than_sixty_lines() -> None:
    found = [
        f"{named(path)}:{line} has {length} lines"
        for path in MODULES
        for line, length in blocks(path.read_text(encoding="utf-8")).items()
        if length > 60
    ]
    assert found == []


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lengths = {
        named(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in (*MODULES, *SHEETS)
    }
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_the_measure_sees_functions_of_every_kind() -> None:
    text = """\
export async function one(a) {
  const two = (b) => {
    go(b);
  };
}
class Three {
  #four(
    a,
  ) {
  }
  async five(a, { b }) {
    list.forEach((each) => {
    });
  }
}
"""
    assert blocks(text) == {1: 5, 2: 3, 9: 2, 11: 4, 12: 2}


def test_every_file_is_used() -> None:
    """Reached from the page by a link, a script or an import."""
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    reached: set[Path] = set()
    waiting = [PAGE / name for name in re.findall(r'"/assets/([^"]+)"', index)]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        if path.suffix == ".js":
            imports = re.findall(r'from "(\.[^"]+)"', path.read_text(encoding="utf-8"))
            waiting += [(path.parent / name).resolve() for name in imports]
    assert {named(path) for path in reached} == {
        named(path) for path in PAGE.rglob("*") if path.is_file() and path.name != "index.html"
    }


def test_lint_without_npm_says_what_is_missing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    stamps = tmp_path / ".venv"
    stamps.mkdir()
    (stamps / ".made").touch()
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("make", "sh", "sed", "touch"):
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    # Not as a part of the make that runs these tests.
    inherited = ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")
    environ = {name: value for name, value in os.environ.items() if name not in inherited}
    made = subprocess.run(
        [tools / "make", "lint-page"], cwd=tmp_path, env=environ | {"PATH": str(tools)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert made.returncode != 0
    assert made.stdout == (
        "There is no npm here, which brings Biome, the page's linter; on Debian and Ubuntu: "
        "sudo apt install npm.\n"
    )
