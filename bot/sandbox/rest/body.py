"""Request bodies: JSON, or multipart with `payload_json` and `files[n]`.

Knows how clients send them and answers as bytes; knows nothing of what they mean.
"""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import BodyPartReader, web

from bot.sandbox.rules.errors import ApiError
from bot.sandbox.world.message import Upload

_FILE = re.compile(r"^files?\[?(\d*)\]?$")


async def read(request: web.Request) -> tuple[dict[str, Any], dict[int, Upload]]:
    """The JSON object of a request and its files by number. Raises ApiError 50109."""
    if request.content_type != "multipart/form-data":
        text = await request.text()
        payload = parse(text) if text else {}
        if not isinstance(payload, dict):
            raise ApiError(50109)
        return payload, {}
    payload: Any = {}
    uploads: dict[int, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise ApiError(50109)
        if part.name == "payload_json":
            payload = parse(await part.text())
        elif (found := _FILE.match(part.name or "")) is not None:
            data = bytes(await part.read(decode=False))
            upload = Upload(part.filename or "unknown", part.headers.get("Content-Type"), data)
            uploads[int(found[1] or len(uploads))] = upload
    if not isinstance(payload, dict):
        raise ApiError(50109)
    return payload, uploads


def parse(text: str) -> Any:
    """Any JSON. Raises ApiError 50109."""
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(50109) from None


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer whose content type is exactly application/json, as clients compare it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return web.Response(
        body=text.encode(), status=status, headers=headers, content_type="application/json"
    )


def done() -> web.Response:
    """204: it is done and there is nothing to say."""
    return web.Response(status=204)
