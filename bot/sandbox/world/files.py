"""Files and the signed links that lead to them.

Knows bytes, signatures and when a link ends; does not know which message shows a file.
"""

from __future__ import annotations

import hashlib
import hmac
import mimetypes
import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.sandbox.world.message import File, Upload
from bot.sandbox.world.pictures import dimensions
from bot.sandbox.world.snowflake import Clock

LINK_LIFE = 24 * 3600
"""Seconds for which a link works."""
GONE = "This content is no longer available."


class Files:
    """Keeps files by id; `files[key]` takes an id or any link to the file."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._bytes: dict[str, bytes] = {}
        self.entries: dict[str, File] = {}
        self.base = ""
        """Where links begin, such as http://127.0.0.1:8000/cdn; set when the server is bound."""

    def __getitem__(self, key: str | int) -> bytes:
        text = str(key)
        if "/" in text:
            text = urlsplit(text).path.split("/")[-2]
        return self._bytes[text]

    def __contains__(self, key: object) -> bool:
        return str(key) in self._bytes

    def add(self, file_id: str, place: str, upload: Upload) -> File:
        """Store an upload under `place` ("attachments/<channel id>")."""
        size = dimensions(upload.data) or (None, None)
        name = _clean(upload.filename)
        guessed = mimetypes.guess_type(name)[0]
        given = upload.content_type
        if given in (None, "application/octet-stream"):
            given = guessed or "application/octet-stream"
        entry = File(file_id, place, name, len(upload.data), given or "", *size)
        self._bytes[file_id] = upload.data
        self.entries[file_id] = entry
        return entry

    def remove(self, file_id: str) -> None:
        """Forget a file; its links are dead from then on."""
        self._bytes.pop(file_id, None)
        self.entries.pop(file_id, None)

    def link(self, entry: File) -> str:
        """A link that works for LINK_LIFE seconds from now."""
        now = int(self._clock())
        path = f"{entry.place}/{entry.id}/{entry.filename}"
        begins, ends = f"{now:x}", f"{now + LINK_LIFE:x}"
        mark = self._mark(path, ends, begins)
        return f"{self.base}/{path}?ex={ends}&is={begins}&hm={mark}&"

    def open(self, path: str, query: Mapping[str, str]) -> tuple[File, bytes] | None:
        """The file behind a link, or None when the link is forged, expired or dead."""
        ends, begins, mark = (query.get(key, "") for key in ("ex", "is", "hm"))
        if not hmac.compare_digest(mark.encode(), self._mark(path, ends, begins).encode()):
            return None
        entry = self.entries.get(path.split("/")[-2])
        if entry is None or self._clock() >= int(ends, 16):
            return None
        return entry, self._bytes[entry.id]

    def _mark(self, path: str, ends: str, begins: str) -> str:
        text = f"{path}?ex={ends}&is={begins}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def _clean(filename: str) -> str:
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub(r"[^\w.\-]+", "_", name, flags=re.ASCII).lstrip(".")
    return name[:120] or "unknown"
