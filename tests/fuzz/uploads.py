"""Files that people send as pictures, through what reads them: what is no picture gets a sentence,
in bounded time and memory.
"""

from __future__ import annotations

import io
import struct
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

from PIL import Image, features

from bot import imaging
from bot.domain.infotext import infotext
from bot.worker import view
from tests.fuzz.finding import SLOWEST_S, Finding
from tests.fuzz.taking import Taking

TRIES = 3
KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", *(["AVIF"] if features.check("avif") else []))
_RECIPE = {"prompt": "a fox", "seeds": [1, 2], "width": 64, "height": 64}
_FOLDER = Path(
    tempfile.mkdtemp(prefix="easel-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
)


def one(data: bytes) -> None:
    """As a picture, as a mask and as a recipe. Raises Finding."""
    data = _made(data)
    took = _read_timed(data)
    if took > SLOWEST_S:
        took = min(_read_timed(data) for _ in range(TRIES))
    if took > SLOWEST_S:
        raise Finding(f"it took {took:.1f} s of the processor")


def _read_timed(data: bytes) -> float:
    began = time.process_time()
    _read(data)
    return time.process_time() - began


def _read(data: bytes) -> None:
    file, target = _FOLDER / "sent", _FOLDER / "target.webp"
    file.write_bytes(data)
    looks = [
        {"kind": "view", "pictures": [[str(file), 1.0]], "size": None, "target": str(target)},
        {
            "kind": "part", "picture": str(file), "mask": None, "size": [64, 64], "native": 64,
            "bounds": [64], "target": str(target), "masked": str(_FOLDER / "masked.webp"),
        },
    ]  # fmt: skip
    for answer in view.run(looks):
        if "error" in answer and not answer["error"].endswith((".", "?")):
            raise Finding(f"that is no sentence: {answer['error']}")
    recipe = imaging.read_recipe(data)
    if recipe is not None:
        infotext(recipe)


def _made(data: bytes) -> bytes:
    """A file that is real up to what the bytes change, or the bytes themselves."""
    taking = Taking(data)
    how = taking.below(8)
    if how == 0:
        return data[1:]
    file = bytearray(taking.one(FILES))
    if how == 1:
        return bytes(file[: taking.below(len(file))])
    if how == 2:
        return bytes(file) + taking.raw() + taking.one(FILES)
    if how == 3:
        return taking.raw(12) + bytes(file)
    if how == 4:
        return _sized(taking)
    for _ in range(1 + taking.below(12)):
        at = taking.below(min(len(file), 200) if taking.below(4) else len(file))
        file[at : at + taking.below(3)] = bytes([taking.byte()])
    return bytes(file)


def _sized(taking: Taking) -> bytes:
    """A PNG that claims to have a size, and has other rows."""
    sides = (0, 1, 8, 300, 8000, 8001, 65_535, 2**31 - 1, 2**32 - 1)
    head = struct.pack(
        ">IIBBBBB", taking.one(sides), taking.one(sides), taking.one((1, 2, 4, 8, 16, 3)),
        taking.one((0, 2, 3, 4, 6, 7)), taking.below(2), taking.below(2), taking.below(3),
    )  # fmt: skip
    rows = zlib.compress(bytes(taking.one((0, 10, 10_000, 1_000_000))), 9)
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    if taking.below(2):
        text = zlib.compress(b"x" * taking.one((1, 100_000, 10_000_000)), 9)
        chunks.insert(1, (taking.one((b"zTXt", b"iTXt", b"iCCP")), b"a\0\0" + text))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, part) for name, part in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _files() -> list[bytes]:
    """Small pictures of every kind that people have."""
    found, base = [], Image.new("RGBA", (24, 16), (200, 40, 40, 120))
    for kind in KINDS:
        for mode in ("RGB", "L", "RGBA", "P"):
            options: dict[str, Any] = {"exif": _exif()} if kind not in ("GIF", "BMP") else {}
            with_alpha = mode == "RGBA" and kind in ("JPEG", "BMP")
            if not (with_alpha or (mode == "P" and kind in ("JPEG", "AVIF", "WEBP"))):
                file = io.BytesIO()
                base.convert(mode).save(file, kind, **options)
                found.append(file.getvalue())
    frames = [base.convert("RGB"), Image.new("RGB", base.size, "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        file = io.BytesIO()
        frames[0].save(file, kind, save_all=True, append_images=frames[1:])
        found.append(file.getvalue())
    found.append(imaging.encode(frames[0], 1 << 20, _RECIPE).data)
    found.append(imaging.encode_png(frames[0], _RECIPE).data)
    return [*found, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"MZ", b"II*\0", b""]


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a camera"
    return exif.tobytes()


FILES = _files()
SEEDS = tuple(bytes([how, which, 3, 1, 4, 1, 5]) for how in range(8) for which in range(len(FILES)))
