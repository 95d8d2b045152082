"""The folder of converted networks: one folder for each model and precision, whole or not there.

Each lists the hashes of its files, so that a damaged one is found and made anew. Knows files; not
what is in them, nor torch.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LIST = "files.json"
_MAKING = ".making-"
_BUSY = ".busy"
_TROUBLE = ".trouble-"
UNUSED_S = 60 * 86_400.0
"""So long what is not used is kept: it takes a while to make, and gigabytes of the disk."""


@dataclass(frozen=True)
class Work:
    """What others see of a conversion while this is open."""

    file: IO[str] | None = None

    def end(self) -> None:
        """Let go."""
        if self.file:
            self.file.close()


class Store:
    """`folder` need not exist. Several processes may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, model: str, key: str) -> Path | None:
        """The folder of a model's networks by key; None where it is not there or not as it was
        written."""
        place = self._place(model, key)
        try:
            listed = json.loads((place / _LIST).read_text(encoding="utf-8"))
            fine = bool(listed) and all(
                _digest(place / name) == digest for name, digest in listed.items()
            )
        except (OSError, ValueError, AttributeError):
            return None
        if not fine:
            return None
        with contextlib.suppress(OSError):  # as where it may only be read
            os.utime(place / _LIST)
        return place

    def make(self, model: str, key: str, write: Callable[[Path], None]) -> None:
        """Have `write` fill an empty folder, and keep it in place of the model's older ones.

        Nothing is written where another process did it meanwhile. What no model was drawn with for
        long goes, as models do. Raises OSError.
        """
        with self._alone():
            if self.find(model, key):
                return
            self._forget(UNUSED_S)
            for left in self._folder.glob(f"{_MAKING}*"):
                shutil.rmtree(left, ignore_errors=True)
            making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=self._folder))
            try:
                write(making)
                listed = {path.name: _digest(path) for path in making.iterdir()}
                (making / _LIST).write_text(json.dumps(listed), encoding="utf-8")
                for old in self._folder.glob(f"{_slug(model)}-*"):
                    shutil.rmtree(old, ignore_errors=True)
                making.rename(self._place(model, key))
            finally:
                shutil.rmtree(making, ignore_errors=True)

    def forget(self, unused_s: float) -> None:
        """Delete what nobody looked for in so many seconds: its model may be gone. Raises
        OSError."""
        with self._alone():
            self._forget(unused_s)

    def _forget(self, unused_s: float) -> None:
        before = time.time() - unused_s
        for listed in self._folder.glob(f"[!.]*/{_LIST}"):
            with contextlib.suppress(OSError):
                if listed.stat().st_mtime < before:
                    shutil.rmtree(listed.parent, ignore_errors=True)
        for told in self._folder.glob(f"{_TROUBLE}*"):
            with contextlib.suppress(OSError):
                if told.stat().st_mtime < before:
                    told.unlink()

    def trouble(self, model: str) -> str:
        """The sentence of a model whose last conversion failed; empty where it did not."""
        try:
            return self._told(model).read_text(encoding="utf-8")
        except OSError:
            return ""

    def tell(self, model: str, trouble: str) -> None:
        """Keep a sentence about a model for the operator; empty forgets it."""
        file = self._told(model)
        with contextlib.suppress(OSError):
            if trouble:
                self._folder.mkdir(parents=True, exist_ok=True)
                file.write_text(trouble, encoding="utf-8")
            else:
                file.unlink(missing_ok=True)

    def _told(self, model: str) -> Path:
        return self._folder / f"{_TROUBLE}{_slug(model)}"

    def begin(self) -> Work:
        """Somebody works towards a conversion from now on, until `Work.end` or its process ends."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            file = (self._folder / _BUSY).open("w")
            fcntl.flock(file, fcntl.LOCK_SH)
            return Work(file)
        return Work()

    @property
    def busy(self) -> bool:
        """Whether any process works towards a conversion."""
        with contextlib.suppress(OSError), (self._folder / _BUSY).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _place(self, model: str, key: str) -> Path:
        return self._folder / f"{_slug(model)}-{key}"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One conversion at a time: each takes several times the memory of its model."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _slug(model: str) -> str:
    return hashlib.blake2b(model.encode(), digest_size=6).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
