"""What is downloaded: files of messages, avatars, and the sandbox's own page.

Knows paths and headers; whether a link is good is decided in `world.files`.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.sandbox.world import pictures
from bot.sandbox.world.files import GONE, Files

_PAGE = Path(__file__).parent.parent / "page"


class Downloads:
    """Routes that need no token."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/cdn/embed/avatars/{number:\\d+}.png", _avatar)
        app.router.add_get("/cdn/{path:.+}", self._file)
        app.router.add_get("/", _page)
        app.router.add_get("/assets/{path:.+}", _page)

    async def _file(self, request: web.Request) -> web.Response:
        found = self._files.open(request.match_info["path"], request.query)
        if found is None:
            return web.Response(status=404, text=GONE)
        entry, data = found
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
        if not entry.content_type.startswith("image/") or "svg" in entry.content_type:
            headers["Content-Disposition"] = f'attachment; filename="{entry.filename}"'
        headers["Content-Type"] = entry.content_type
        return web.Response(body=data, headers=headers)


async def _page(request: web.Request) -> web.StreamResponse:
    wanted = _page_file(request.match_info.get("path", "index.html"))
    if wanted is None:
        raise web.HTTPNotFound
    return web.FileResponse(wanted, headers={"Cache-Control": "no-cache"})


async def _avatar(request: web.Request) -> web.Response:
    data = pictures.avatar(int(request.match_info["number"]))
    return web.Response(body=data, content_type="image/png")


def _page_file(name: str) -> Path | None:
    wanted = (_PAGE / name).resolve()
    return wanted if wanted.is_relative_to(_PAGE.resolve()) and wanted.is_file() else None
