"""The notebook for Colab as a file, and cell by cell in a plain process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from bot.settings import NAMES
from tests.kit.colab import NOTEBOOK, ROOT, Machine

TOKEN = "a-token-that-is-never-shown"


def cells() -> list[str]:
    """The code, in order."""
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def test_it_is_a_notebook_without_anybodys_results() -> None:
    told = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (told["nbformat"], told["metadata"]["kernelspec"]["name"]) == (4, "python3")
    for cell in told["cells"]:
        assert cell["id"]
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_badges_lead_to_it_and_to_where_it_is_cloned_from() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    [home] = re.findall(r'REPOSITORY = \\"https://github.com/([\w.-]+/[\w.-]+)\\"', text)
    badge = f"https://colab.research.google.com/github/{home}/blob/main/{NOTEBOOK.name}"
    assert badge in text
    assert badge in (ROOT / "README.md").read_text(encoding="utf-8")


def test_everything_but_the_bot_runs_and_shows_no_token(machine: Machine) -> None:
    """In the plain interpreter, with the token typed where it is asked for."""
    code = "import getpass\n" + f"getpass.getpass = lambda words: {TOKEN!r}\n"
    code += "\n".join(cells()[:-1])
    machine.keep_secrets(HF_TOKEN="hf_x")
    for _ in range(2):  # whoever runs all cells again installs nothing again
        ended = subprocess.run(
            [sys.executable, "-c", f"{code}\nassert SETTINGS['DISCORD_TOKEN'] == {TOKEN!r}"],
            env=machine.environment(), cwd=machine.folder,
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.endswith(f"There is no copy in {machine.far / 'copies'} yet.\n")
        assert TOKEN not in ended.stdout + ended.stderr
    assert sorted(path.name for path in machine.far.iterdir()) == ["copies", "models", "pictures"]


def test_half_a_clone_is_made_anew(machine: Machine, tmp_path: Path) -> None:
    """The stamp in it spares the installation."""
    origin, here = tmp_path / "origin", machine.folder / "easel"
    (origin / ".venv").mkdir(parents=True)
    for name in ("Makefile", ".venv/.installed"):
        (origin / name).touch()
    who = ("-c", "user.name=mia", "-c", "user.email=mia@example.org")
    for words in (("init", "-q"), ("add", "-A", "-f"), (*who, "commit", "-q", "-m", "all")):
        subprocess.run(["git", *words], cwd=origin, check=True)
    (here / "Makefile").unlink()
    code = "\n".join(cells()[:3])
    [home] = re.findall(r'REPOSITORY = "(.*?)"', code)
    ended = subprocess.run(
        [sys.executable, "-c", code.replace(home, str(origin))], env=machine.environment(),
        cwd=machine.folder, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in here.iterdir()) == [".git", ".venv", "Makefile"]


def test_what_it_sets_are_settings() -> None:
    text = "\n".join(cells())
    names = {
        *re.findall(r'^    "([A-Z_]+)": ', text, re.M),
        *re.findall(r'SETTINGS\["(\w+)"', text),
    }
    assert names - {"PYTHONUNBUFFERED"} <= set(NAMES)
    assert {"DISCORD_TOKEN", "DATA_DIR", "PICTURES_DIR", "BACKUP_DIR", "MODEL"} <= names
