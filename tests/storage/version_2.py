"""A database as the version before left it when it was killed: schema 2, requests of schema 1.

`version_2.sql` was made by that version's own service and dispatcher and is history, never edited.
Its people and channels are the sandbox's first inhabitants (guild 13… is another server), so the
messages in `version_2_messages.json` can be put into a channel there and pressed.
"""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from bot.domain.period import Period
from bot.domain.quota import Quota

FOLDER = Path(__file__).parent
NOW = 1_780_297_385.0  # 2026-06-01 07:03:05 UTC, when it was killed

STUDIO, IMAGINE, GALLERY, LOBBY = (1_200_000_000_000_000_000 + n for n in (100, 201, 202, 203))
ADA, MIA, NOAH = (1_200_000_000_000_000_000 + n for n in (11, 12, 13))
PATRON = 1_200_000_000_000_000_102
DIRECT, MIA_DIRECT, NOAH_DIRECT = 0, MIA + 1000, NOAH + 1000
ATELIER, EASELS = (1_300_000_000_000_000_000 + n for n in (100, 201))
ZOE, LEO = (1_300_000_000_000_000_000 + n for n in (11, 12))
DAYS, MONTHS = (1_300_000_000_000_000_000 + n for n in (101, 102))  # Leo's role: DAYS, now MONTHS

STATES = {"succeeded": 36, "waiting": 7, "failed": 3, "cancelled": 2, "running": 1}

# V1, U2 and 🔄 were pressed, and V3, which failed; every parameter is set.
GRID = "cd91b77129e44daea554fa4dfa32f07f"
VARIED = "5f5d63aef5ca4d53a3bfd1f57af42b4e"  # V1 of GRID
UPSCALED = "378af35d4e5e47a9b2eac8e416ad8308"  # U2 of GRID
REROLLED = "882d8f4f7bc44e188088f83ed9fa45aa"  # 🔄 of GRID
REROLLED_VARIATION = "4a0d17dc26784d48a4963344cd3df08f"  # 🔄 of VARIED
VARIED_UPSCALE = "7a018d937cc0427e8981e0c89ebc7e27"  # Vary of UPSCALED
FAILED_VARIATION = "42199eab862a459abf2848f909d191c8"  # V3 of GRID
OTHER_MODEL = "c1b9a315771147a1b4caf9220c34ce42"  # drawn while another MODEL was set
DIRECT_GRID = "5b288d93438f4b86a079d9684fcfb2d9"
ARABIC_SCRIPT = "9888375f1b36494baa12522546a80c56"
JAPANESE = "2d9a2db160304ea58ebb546b67e97466"
EMOJI = "88155f735fde4c618e127fadbf679fc2"
FORMATTED = "44f4aa653fb04ae8a130f704f6b13b7b"  # with `::`, braces, an address, markdown, mentions

# Cleared away by age, all of them; by size, the first two of four.
EVICTED_GRID = "9b1dfdd6d9fc40959457be2e7b6ce037"
EVICTED_UPSCALE = "8b135c2b843b4fabbab080aec2537f17"
PARTLY_CLEARED = "ea2b3607473243848cbd2c2b56074af5"

UNDELIVERED = "000cf43bd0884a46b8aea94e44a2c979"  # its progress is still shown
SENDING = "87077ee439c14854b8659143cc5ab83c"  # the POST had begun; its progress is still shown
GIVEN_UP = "24b491f02b194707b496ff3d02d52558"  # 50013
GIVEN_UP_UPSCALE = "b722c0733943455ba916fdf5f88cdc72"  # 10003
DELIVER_AGAIN = "4e3c244baead47eebf660838336c4e5d"  # its message was deleted, U4 pressed again
TAKEN_UP = "8c3e3fc8627a418290e7886421dd2c55"  # given up, and U1 pressed again

FAILED = "0c141410a3274730b869ca36d2f26460"  # its progress is still shown
FAILED_STRIKES = "749e22963f554157985df7fd337f7cc2"
CANCELLED = "3dfde35771f04fa0aaf914bba44ce42d"  # while waiting; its progress is still shown
CANCELLED_RUNNING = "430030d1e71a4e30843a9fbb17492ed3"  # two pictures were stored

RUNNING = "38d856c7d12a414d9a1735a2382dc7c8"  # pictures 1 and 3 are stored
STRUCK = "9dd8cafac589443283f214e9d7b120b4"  # waits with one strike; picture 2 is stored
WAITING = "3841745bb004412482ccbdf2baf92e1d"
WAITING_UNSEEN = "589230472a8b4e848cf37fd9692bba72"  # no progress message is known
WAITING_DIRECT = "00b6e84835f74fd8be294d94c3a46924"
WAITING_ELSEWHERE = "62b4d23d80364d7bb9b735ea5af72201"  # in ATELIER
WAITING_OTHER_MODEL = "421217f43d7340f5a0c031c4a35a707c"
WAITING_VARIATION = "cd7b9df206ef4118a4a2f49a090e32a3"  # of VARIED's second picture

UNFINISHED = {
    *(RUNNING, STRUCK, WAITING, WAITING_UNSEEN, WAITING_DIRECT, WAITING_ELSEWHERE),
    *(WAITING_OTHER_MODEL, WAITING_VARIATION),
}
UNPOSTED = {UNDELIVERED, SENDING, DELIVER_AGAIN, TAKEN_UP}


class Books(NamedTuple):
    """The limits of an account and what the version before computed for it at `NOW`.

    `periodic` and `extra` can be spent; `held` is for jobs under way.
    """

    quota: Quota
    periodic: int
    extra: int
    held: int


BOOKS: dict[tuple[int, int], Books] = {
    (STUDIO, MIA): Books(Quota(25), 17, 0, 4),
    (STUDIO, NOAH): Books(Quota(290, Period.MONTH, running=5), 284, 0, 2),
    # Five lasting credits were given, three taken back, and one spent after the two of the day.
    (STUDIO, ADA): Books(Quota(2, waiting=20), 0, 1, 0),
    # Three were spent and given back by a reset; then one was spent, and one is held.
    (ATELIER, ZOE): Books(Quota(10), 8, 0, 1),
    # One was spent of ten a day; then the limit was lowered, which had no effect on that day.
    (ATELIER, MIA): Books(Quota(4), 9, 0, 0),
    # Five were spent of twelve a day, and then the role became one with credits a month.
    (ATELIER, LEO): Books(Quota(290, Period.MONTH), 290, 0, 0),
    (DIRECT, MIA): Books(Quota(25), 25, 0, 0),
    (DIRECT, NOAH): Books(Quota(25), 24, 0, 1),
}


def restore(path: Path, images: Path | None = None) -> None:
    """Make the database file at `path`, and the files of the pictures under `images` if given."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript((FOLDER / "version_2.sql").read_text(encoding="utf-8"))
    kept = connection.execute(
        "SELECT job_id, idx, request FROM images JOIN jobs ON jobs.id = job_id"
        " WHERE evicted_at IS NULL ORDER BY jobs.rowid, idx"
    ).fetchall()
    connection.close()
    if images is not None:
        for job, index, request in kept:
            _restore_picture(images, job, index, json.loads(request))


def _restore_picture(images: Path, job: str, index: int, request: dict[str, Any]) -> None:
    """A picture taken out of its grid is a link to it, as that version made them."""
    path = _file(images, job, index)
    path.parent.mkdir(parents=True, exist_ok=True)
    if request["action"] == "upscale":
        path.hardlink_to(_file(images, *request["source"]))
    else:
        path.write_bytes(_picture(request["seed"] + index - 1))


def _file(images: Path, job: str, index: int) -> Path:
    return images / job[:2] / job[2:4] / job / f"{index}.webp"


def _picture(seed: int) -> bytes:
    """16 × 16 pixels, lossless, whose colour tells the seed."""
    file = io.BytesIO()
    colour = (seed % 256, seed // 256 % 256, 128)
    Image.new("RGB", (16, 16), colour).save(file, "WEBP", lossless=True)
    return file.getvalue()


def messages() -> dict[str, dict[str, Any]]:
    """Messages as that version sent them, by name: grid, variation, upscale, reroll, direct,
    running and waiting; each with job, guild, channel, message, content, attachment, components.

    Whoever receives a message gives each component an `id`, so these have none yet.
    """
    return json.loads((FOLDER / "version_2_messages.json").read_text(encoding="utf-8"))
