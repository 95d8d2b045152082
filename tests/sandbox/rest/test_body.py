"""Request bodies: JSON or multipart, and what is neither."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox import ApiError
from bot.sandbox.rest.body import answer, done, parse, read


async def echo(request: web.Request) -> web.Response:
    """What was read, as JSON."""
    try:
        payload, uploads = await read(request)
    except ApiError as error:
        return answer({"code": error.code}, 400)
    files = {
        number: [each.filename, each.content_type, each.data.decode()]
        for number, each in uploads.items()
    }
    return answer({"payload": payload, "files": files})


@pytest.fixture
async def client() -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application()
    app.router.add_post("/", echo)
    async with TestClient(TestServer(app)) as made:
        yield made


async def said(client: TestClient[Any, Any], **body: Any) -> Any:
    async with client.post("/", **body) as response:
        assert response.headers["Content-Type"] == "application/json"
        return await response.json()


@pytest.mark.parametrize(
    ("data", "payload"), [(b"", {}), (b"{}", {}), ('{"content":"狐"}'.encode(), {"content": "狐"})]
)
async def test_a_body_is_an_object(client: Any, data: bytes, payload: Any) -> None:
    told = await said(client, data=data, headers={"Content-Type": "application/json"})
    assert told == {"payload": payload, "files": {}}


@pytest.mark.parametrize("data", [b"{", b"[]", b'"x"', b"1"])
async def test_anything_else_is_refused(client: Any, data: bytes) -> None:
    told = await said(client, data=data, headers={"Content-Type": "application/json"})
    assert told == {"code": 50109}


async def test_files_go_by_their_numbers(client: Any) -> None:
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content":"x"}')
    form.add_field("files[3]", b"three", filename="c.png", content_type="image/png")
    form.add_field("file", b"first", filename="a.txt", content_type="text/plain")
    form.add_field("other", b"ignored", filename="b.txt")
    told = await said(client, data=form)
    assert told["payload"] == {"content": "x"}
    assert told["files"] == {
        "3": ["c.png", "image/png", "three"],
        "1": ["a.txt", "text/plain", "first"],
    }


async def test_a_multipart_body_carries_an_object_too(client: Any) -> None:
    form = aiohttp.FormData()
    form.add_field("payload_json", "[1]")
    form.add_field("files[0]", b"x", filename="a.png")
    assert await said(client, data=form) == {"code": 50109}


def test_any_json_is_parsed_and_nothing_else() -> None:
    assert parse("[1, null]") == [1, None]
    with pytest.raises(ApiError) as caught:
        parse("{'a': 1}")
    assert caught.value.code == 50109


def test_answers_are_exact() -> None:
    response = answer({"a": "é"}, 201, {"X-One": "1"})
    assert (response.body, response.status) == ('{"a":"é"}'.encode(), 201)
    assert (response.headers["X-One"], response.content_type) == ("1", "application/json")
    assert done().status == 204
