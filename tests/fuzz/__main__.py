"""`python -m tests.fuzz [TARGET…] [-runs=N] […]`: each target for so many runs, one after another,
in a process of its own. Other options are libFuzzer's.

An input that finds something is written to `crash-…` in the current folder, or where
`-artifact_prefix=` says; `python -m tests.fuzz TARGET FILE` tries it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import atheris

TARGETS = ("prompts", "dispatches", "options", "custom_ids", "forms", "uploads")
RUNS = "-runs=100000"
EPOCH = 2000
"""Inputs that one bot takes; the next begins anew."""
GROWTH_MIB = 200
_WATCHED = {"prompts": ["bot.domain"], "uploads": ["bot.imaging", "bot.worker"]}
"""What is watched for new ways through it. Of a whole bot that is the target alone: watching all
makes it slower by half, and a minute late."""
_DONE = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)


def main() -> int:
    """The exit status: 1 where something was found."""
    names = [each for each in sys.argv[1:] if each in TARGETS]
    options = [each for each in sys.argv[1:] if each not in TARGETS]
    if "--here" in options:
        options.remove("--here")
        return _fuzz(names[0], options)
    if not any(each.startswith("-runs=") or os.path.isfile(each) for each in options):
        options.append(RUNS)
    return max(_apart(name, options) for name in names or TARGETS)


def _apart(name: str, options: Sequence[str]) -> int:
    """In a process of its own, for libFuzzer ends the one it runs in."""
    command = [sys.executable, "-m", "tests.fuzz", name, "--here", *options]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    found = _DONE.search(done.stderr)
    if done.returncode:
        sys.stdout.write(f"{done.stderr}\n{name}: something was found\n")
        return 1
    if not found:  # a file was tried again
        sys.stdout.write(f"{name}: nothing found\n")
        return 0
    runs, seconds = int(found[1]), int(found[2])
    sys.stdout.write(f"{name}: {runs:,} executions in {seconds} s, nothing found\n")
    sys.stdout.flush()
    return 0


def _fuzz(name: str, options: Sequence[str]) -> int:
    """Here, until libFuzzer ends the process."""
    if name in _WATCHED:
        with atheris.instrument_imports(include=_WATCHED[name]):
            target = importlib.import_module(f"tests.fuzz.{name}")
    else:
        target = importlib.import_module(f"tests.fuzz.{name}")
        atheris.instrument_func(target.one)
    with tempfile.TemporaryDirectory(prefix="easel-fuzz-", dir=_memory()) as folder:
        place = Path(folder)
        (place / "seeds").mkdir()
        for number, seed in enumerate(target.SEEDS):
            (place / "seeds" / str(number)).write_bytes(seed)
        given = [*_words(target, place), "-max_len=600", "-timeout=60", "-rss_limit_mb=4096"]
        files = [] if any(os.path.isfile(each) for each in options) else [str(place / "seeds")]
        with _one(target, place) as one:
            atheris.Setup([sys.argv[0], *given, *files, *options], _weighed(one))
            atheris.Fuzz()
    return 0


def _memory() -> str | None:
    """Where files cost no disk."""
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


def _words(target: ModuleType, place: Path) -> list[str]:
    words = getattr(target, "WORDS", ())
    quoted = (each.encode("unicode_escape").decode().replace('"', '\\"') for each in words)
    (place / "words").write_text("".join(f'"{each}"\n' for each in quoted if "\\u" not in each))
    return [f"-dict={place / 'words'}"] if words else []


def _weighed(one: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The same, minding what the process holds."""
    first: list[float] = []
    count = 0

    def weighed(data: bytes) -> None:
        nonlocal count
        one(data)
        count += 1
        if count % (2 * EPOCH) == 0:
            first.append(_held_mib())
            assert first[-1] - first[0] < GROWTH_MIB, f"{first[0]:.0f} MiB became {first[-1]:.0f}"

    return weighed


def _held_mib() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / (1 << 20)


@contextlib.contextmanager
def _one(target: ModuleType, place: Path) -> Iterator[Callable[[bytes], None]]:
    """A target as a plain function."""
    if not asyncio.iscoroutinefunction(target.one):
        yield target.one
        return
    from tests.fuzz.living import Living

    living = Living(place, EPOCH)
    try:
        yield lambda data: living.do(lambda house: target.one(house, data))
    finally:
        living.close()


if __name__ == "__main__":
    sys.exit(main())
