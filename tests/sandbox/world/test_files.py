"""Files and their links: what is signed, when a link ends, and what a name becomes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from bot.sandbox.world.files import LINK_LIFE, Files
from bot.sandbox.world.message import File, Upload
from bot.sandbox.world.pictures import avatar
from bot.sandbox.world.snowflake import MovableClock
from tests.kit.sandbox import NOON

PNG = avatar(1)
PLACE = "attachments/200"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(lambda: NOON)


@pytest.fixture
def files(clock: MovableClock) -> Files:
    made = Files(clock)
    made.base = "http://127.0.0.1:8000/cdn"
    return made


def added(files: Files, name: str = "a.png", data: bytes = PNG, kind: str | None = None) -> File:
    return files.add("7", PLACE, Upload(name, kind, data))


def opened(files: Files, link: str, **change: str) -> bytes | None:
    """What a link leads to, with parts of its query replaced."""
    parts = urlsplit(link)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    path = change.pop("path", parts.path.removeprefix("/cdn/"))
    found = files.open(path, query | change)
    return None if found is None else found[1]


def test_a_link_tells_from_when_to_when_in_hexadecimal(files: Files) -> None:
    link = files.link(added(files))
    assert link.startswith("http://127.0.0.1:8000/cdn/attachments/200/7/a.png?ex=")
    query = parse_qs(urlsplit(link).query)
    assert int(query["is"][0], 16) == NOON
    assert int(query["ex"][0], 16) == NOON + LINK_LIFE == NOON + 86_400
    assert len(query["hm"][0]) == 64


def test_a_link_works_for_a_day(files: Files, clock: MovableClock) -> None:
    entry = added(files)
    link = files.link(entry)
    clock.advance(LINK_LIFE - 1)
    assert opened(files, link) == PNG
    clock.advance(1)
    assert opened(files, link) is None
    assert opened(files, files.link(entry)) == PNG


@pytest.mark.parametrize(
    "change",
    [
        {"hm": "0" * 64},
        {"hm": ""},
        {"hm": "ü"},
        {"ex": "ffffffff"},
        {"ex": "zz"},
        {"is": "0"},
        {"path": "attachments/200/7/b.png"},
        {"path": "attachments/201/7/a.png"},
        {"path": "attachments/200/8/a.png"},
        {"path": "a.png"},
        {"path": ""},
    ],
    ids=str,
)
def test_a_link_that_was_changed_leads_nowhere(files: Files, change: dict[str, str]) -> None:
    link = files.link(added(files))
    files.add("8", PLACE, Upload("a.png", None, b"another"))
    assert opened(files, link, **change) is None


def test_another_sandbox_does_not_take_its_links(files: Files, clock: MovableClock) -> None:
    other = Files(clock)
    added(other)
    assert opened(other, files.link(added(files))) is None


def test_a_removed_file_is_gone_with_its_links(files: Files) -> None:
    link = files.link(added(files))
    assert "7" in files
    files.remove("7")
    files.remove("7")
    assert opened(files, link) is None
    assert "7" not in files
    with pytest.raises(KeyError):
        files["7"]


def test_bytes_are_found_by_id_and_by_any_link(files: Files, clock: MovableClock) -> None:
    entry = added(files)
    old = files.link(entry)
    clock.advance(2 * LINK_LIFE)
    assert files["7"] == files[7] == files[old] == files[files.link(entry)] == PNG


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("grid.png", "grid.png"),
        ("SPOILER_grid.png", "SPOILER_grid.png"),
        ("a red fox.png", "a_red_fox.png"),
        ("füchse & co.png", "f_chse_co.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\fox.png", "fox.png"),
        (".env", "env"),
        ("...", "unknown"),
        ("", "unknown"),
        ("x" * 200, "x" * 120),
    ],
)
def test_a_name_is_made_fit_for_a_link(files: Files, given: str, kept: str) -> None:
    assert added(files, given).filename == kept


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("a.png", None, "image/png"),
        ("a.png", "application/octet-stream", "image/png"),
        ("a.png", "image/webp", "image/webp"),
        ("a.txt", None, "text/plain"),
        ("recipe.json", None, "application/json"),
        ("a.nothing", None, "application/octet-stream"),
        ("a", "application/octet-stream", "application/octet-stream"),
    ],
)
def test_the_content_type_is_what_was_said_or_what_the_name_says(
    files: Files, name: str, given: str | None, kept: str
) -> None:
    assert added(files, name, kind=given).content_type == kept


def test_only_pictures_have_a_width_and_a_height(files: Files) -> None:
    picture, words = added(files), added(files, "a.png", b"no picture at all")
    assert (picture.width, picture.height, picture.size) == (64, 64, len(PNG))
    assert (words.width, words.height, words.size) == (None, None, 17)
