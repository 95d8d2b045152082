"""The Hugging Face hub, as far as a fetch needs it: what a repository holds, and its files.

A file comes with the library's own `http_get`, into a place of ours: the library itself keeps
nothing of a download that was interrupted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers, disable_progress_bars

from bot.domain.errors import EaselError
from bot.models.repository import Remote

_WAIT_S = 30


class Repository:
    """One of the hub's, as it is now: its `files`, all of one commit. `token` may be empty.

    Raises EaselError with one sentence, as every method does.
    """

    def __init__(self, id: str, token: str) -> None:
        _hush()
        self.id = id
        self._token = token or None
        self._endpoint = os.environ.get("HF_ENDPOINT") or None
        with self._failures():
            info = HfApi(self._endpoint, self._token).model_info(
                id, files_metadata=True, timeout=_WAIT_S
            )
        self._commit = info.sha or "main"
        self.files = [
            Remote(
                file.rfilename,
                file.size or 0,
                file.lfs.sha256 if file.lfs else "",
                file.blob_id or "",
            )
            for file in info.siblings or ()
            if not _leads_out(file.rfilename)
        ]
        self.licence = str((info.card_data or {}).get("license") or "see its page")

    def read(self, path: str) -> Mapping[str, Any]:
        """A small JSON file; empty where it is none, or not there."""
        if not any(file.path == path for file in self.files):
            return {}
        stream = io.BytesIO()
        with self._failures():
            self._get(path, stream)
        with contextlib.suppress(ValueError):
            said = json.loads(stream.getvalue())
            return said if isinstance(said, dict) else {}
        return {}

    def fetch(self, file: Remote, place: Path, tell: Callable[[int], None]) -> None:
        """Have a file at `place`, from where an earlier fetch ended; `tell` hears how many bytes
        are there. It is whole when it has its name; one that is another on the hub since comes
        anew."""
        with self._failures():
            if place.exists() and _is_as_told(place, file):
                tell(file.size)
                return
            place.parent.mkdir(parents=True, exist_ok=True)
            mark = file.sha256 or file.blob or self._commit
            part = place.with_name(f"{place.name}.{mark[:12]}.part")
            with _Part(part, tell) as stream:
                self._get(file.path, stream, file.size, stream.tell())
            if file.sha256 and _sha256(part) != file.sha256:
                part.unlink()
                raise EaselError(
                    f"{file.path} was damaged on its way; give the same command again."
                )
            part.rename(place)

    def _get(
        self, path: str, stream: io.RawIOBase | io.BytesIO, size: int | None = None, start: int = 0
    ) -> None:
        url = hf_hub_url(self.id, path, revision=self._commit, endpoint=self._endpoint)
        headers = build_hf_headers(token=self._token) | {"Accept-Encoding": "identity"}
        http_get(url, stream, headers=headers, expected_size=size, resume_size=start)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what the library raises into one sentence each."""
        try:
            yield
        except EaselError:
            raise
        except GatedRepoError:
            raise EaselError(self._gated()) from None
        except (RepositoryNotFoundError, HFValidationError):
            raise EaselError(
                f"The hub has no model {self.id} (or it is private: then set HF_TOKEN)."
            ) from None
        except HfHubHTTPError as error:
            raise EaselError(self._refused(error)) from error
        except Exception as error:  # of a network that fails, by whichever library it goes through
            if isinstance(error, OSError) and error.errno:
                raise EaselError(f"MODELS_DIR cannot be written: {error.strerror}.") from error
            raise EaselError(_away(error)) from error

    def _gated(self) -> str:
        if self._token:
            return (
                f"{self.id} is gated and has not let HF_TOKEN's account in: accept its terms on its"
                " page (some makers answer by hand), and see that the token may read gated models."
            )
        return f"{self.id} is gated: accept its terms on its page, and set HF_TOKEN."

    def _refused(self, error: HfHubHTTPError) -> str:
        status = error.response.status_code
        if status == 401:
            return "The hub does not know HF_TOKEN: it has ended, or was not copied whole."
        if status == 403:
            return f"HF_TOKEN may not read {self.id}: give the token that right on its page."
        return f"The hub answers with status {status} just now; give the same command again later."


def _hush() -> None:
    """The library would tell of every request, and of what is tried again, across our bar."""
    disable_progress_bars()
    for name in ("httpx", "httpx2", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _away(error: Exception) -> str:
    return f"The hub cannot be reached ({type(error).__name__}); the same command goes on later."


class _Part(io.FileIO):
    """An unfinished file, locked, at its end; `tell` hears after each write how long it is."""

    def __init__(self, path: Path, told: Callable[[int], None]) -> None:
        super().__init__(path, "a+")
        self._told = told
        try:
            fcntl.flock(self, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise EaselError(f"{path.name} is being fetched by another command.") from None
        self.seek(0, io.SEEK_END)
        told(self.tell())

    def write(self, data: Any, /) -> int:
        """Everything of it."""
        view = memoryview(data)
        while view:
            view = view[super().write(view) :]
        self._told(self.tell())
        return len(data)


def _leads_out(path: str) -> bool:
    """No honest repository has such a path."""
    return PurePosixPath(path).is_absolute() or ".." in path.split("/")


def _is_as_told(path: Path, file: Remote) -> bool:
    if file.sha256:
        return _sha256(path) == file.sha256
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() == file.blob


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
