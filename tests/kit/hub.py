"""A hub on loopback: what huggingface_hub asks of the Hugging Face hub to fetch a model.

GET /api/models/ID?blobs=true, and GET /ID/resolve/COMMIT/FILE with ranges; large files are handed
out by another host, as there by a CDN. Errors bear the hub's own codes.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c" * 40
LARGE = 1000
"""Bytes from which on a file is a large one (LFS)."""


@dataclass
class Repo:
    """`gated` lets in the tokens of `members` alone, `private` shows itself to them alone. `sizes`
    are what is said of files instead of the truth."""

    files: dict[str, bytes]
    gated: bool = False
    private: bool = False
    members: frozenset[str] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Asked:
    """A request: its path without the query, the bytes it wanted, and the token it bore."""

    path: str
    range: str
    token: str


@dataclass
class Hub:
    """`cut` is after how many bytes each answer with a file ends, and `broken` the status of every
    one that follows; `spoil` hands out other bytes than it said."""

    port: int = 0
    repos: dict[str, Repo] = field(default_factory=dict)
    tokens: frozenset[str] = frozenset({"hf_anna", "hf_bert"})
    asked: list[Asked] = field(default_factory=list)
    cut: int | None = None
    broken: int = 0
    spoil: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fetched(self) -> list[str]:
        """The files that were handed out, in order."""
        paths = [one.path.partition(f"/cdn/{COMMIT}/") for one in self.asked]
        small = [one.path.partition(f"/resolve/{COMMIT}/") for one in self.asked]
        return [cdn[2] or own[2] for cdn, own in zip(paths, small, strict=True) if cdn[2] or own[2]]


@contextmanager
def hub() -> Iterator[Hub]:
    """Serves until the block ends."""
    state = Hub()

    class Handler(_Handler):
        hub = state

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.hub.asked.append(Asked(path, self.headers.get("Range", ""), token))
        parts = path.strip("/").split("/")
        if token and token not in self.hub.tokens and "cdn" not in parts:
            text = "Invalid credentials in Authorization header"
            self._refuse(401, "", text)
        elif parts[:2] == ["api", "models"]:
            self._tell("/".join(parts[2:4]), token)
        else:
            self._hand_out("/".join(parts[:2]), parts[2], "/".join(parts[4:]), token)

    def _tell(self, id: str, token: str) -> None:
        repo = self.hub.repos.get(id)
        if repo is None or (repo.private and token not in repo.members):
            self._refuse(401 if not token else 404, "RepoNotFound", "Repository not found")
            return
        siblings = [_sibling(repo, name, data) for name, data in repo.files.items()]
        said = {"id": id, "sha": COMMIT, "gated": repo.gated and "manual", "siblings": siblings}
        self._answer(200, json.dumps(said | {"cardData": {"license": "mit"}}).encode())

    def _hand_out(self, id: str, how: str, name: str, token: str) -> None:
        repo = self.hub.repos[id]
        if repo.gated and token not in repo.members and how != "cdn":
            self._refuse(403 if token else 401, "GatedRepo", "Access to it is restricted")
        elif name not in repo.files:
            self._refuse(404, "EntryNotFound", "Entry not found")
        elif len(repo.files[name]) >= LARGE and how == "resolve":
            away = f"http://localhost:{self.hub.port}/{id}/cdn/{COMMIT}/{name}?signed=yes"
            self._answer(302, b"", Location=away)
        elif self.hub.broken:
            self._refuse(self.hub.broken, "", "later")
        else:
            self._send(repo.files[name])

    def _send(self, data: bytes) -> None:
        wanted = self.headers.get("Range", "")
        start = int(wanted.removeprefix("bytes=").partition("-")[0] or 0)
        rest = bytes(len(data) - start) if self.hub.spoil else data[start:]
        cut = self.hub.cut if len(data) >= LARGE else None
        if wanted:
            end = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._answer(206, rest, cut, **{"Content-Range": end})
        else:
            self._answer(200, rest, cut)

    def _refuse(self, status: int, code: str, message: str) -> None:
        said = {"X-Error-Code": code, "X-Error-Message": message}
        self._answer(status, b"", None, **said)

    def _answer(self, status: int, body: bytes, cut: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut])
        if cut is not None:
            self.hub.broken = self.hub.broken or 503
            self.close_connection = True


def _sibling(repo: Repo, name: str, data: bytes) -> dict[str, Any]:
    size = repo.sizes.get(name, len(data))
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    one: dict[str, Any] = {"rfilename": name, "size": size, "blobId": blob}
    if len(data) >= LARGE:
        digest = hashlib.sha256(data).hexdigest()
        one["lfs"] = {"sha256": digest, "size": size, "pointerSize": 130}
    return one
