"""Colab for tests: its package is played by a small module, Drive by a folder, and the project is
there already, so that nothing is fetched or installed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from bot.settings import NAMES

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebook.ipynb"
COLAB = """\
import json, os, pathlib
class drive:
    def mount(path):
        pathlib.Path(path, "MyDrive").mkdir(parents=True, exist_ok=True)
class userdata:
    class SecretNotFoundError(Exception): pass
    class NotebookAccessError(Exception): pass
    def get(name):
        secrets = json.loads(pathlib.Path(os.environ["COLAB_CONTENT"], "secrets.json").read_text())
        if name in secrets: return secrets[name]
        raise userdata.SecretNotFoundError(name)
"""


class Machine:
    """A machine of Colab's: Drive outlives it, all else is lost with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.far = folder / "drive" / "MyDrive" / "easel"
        self.data = folder / "data"
        package = folder / "packages" / "google" / "colab"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(COLAB, encoding="utf-8")
        self.keep_secrets()
        self._install()

    def keep_secrets(self, **secrets: str) -> None:
        """What its owner keeps beside the notebook."""
        (self.folder / "secrets.json").write_text(json.dumps(secrets), encoding="utf-8")

    def _install(self) -> None:
        here = self.folder / "easel"
        (here / ".venv" / "bin").mkdir(parents=True)
        for name in ("bot", "cogs", "tests", "Makefile"):
            (here / name).symlink_to(ROOT / name)
        (here / ".venv" / ".installed").touch()
        python = here / ".venv" / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
        python.chmod(0o755)

    def environment(self, **more: str) -> dict[str, str]:
        """Of its kernel."""
        kept = {name: value for name, value in os.environ.items() if name not in NAMES}
        paths = self.folder / "packages", ROOT, os.environ.get("PYTHONPATH", "")
        own = {
            "COLAB_CONTENT": str(self.folder),
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "IPYTHONDIR": str(self.folder / "ipython"),
        }
        return kept | own | more

    def lose(self) -> None:
        shutil.rmtree(self.data)
