"""What the Docker image installs by hash agrees with what is tested, and is all of it."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
FILES = [ROOT / ".docker" / name for name in ("requirements.txt", "requirements-cpu.txt")]
TORCHS_OWN = re.compile(r"torch(vision)?|triton|(nvidia|cuda)-.*")
THERE = {
    "python_version": "3.12", "python_full_version": "3.12.0", "sys_platform": "linux",
    "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix",
    "implementation_name": "cpython", "platform_python_implementation": "CPython",
}  # fmt: skip
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pinned(path: Path) -> dict[str, str]:
    """Versions by name; each has hashes."""
    found = {}
    for entry in re.split(r"\n(?=\S)", path.read_text(encoding="utf-8")):
        if match := re.match(r"([\w.-]+)==(\S+) \\\n", entry):
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry)
            found[canonicalize_name(match[1])] = match[2]
        else:
            assert entry.startswith("#") or not entry.strip()
    return found


def versions_tested() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def wanted(*extras: str) -> list[Requirement]:
    """What the project itself asks for."""
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in optional[extra])]
    return [Requirement(line) for line in lines]


def asked_by(name: str, extras: set[str]) -> list[Requirement]:
    """What an installed package asks for on the image's Python; nothing of one that is not here."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    return [
        each
        for each in found
        if each.marker is None
        or any(each.marker.evaluate(THERE | {"extra": extra}) for extra in ("", *extras))
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_version_is_the_one_that_is_tested(path: Path) -> None:
    versions = versions_tested()
    found = pinned(path)
    assert len(found) > 60
    assert found == {name: versions.get(name) for name in found}, "run `make pins`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_left_out_but_torch_and_its_own(path: Path) -> None:
    found = pinned(path)
    assert not [name for name in found if TORCHS_OWN.fullmatch(name)]
    extras = ("safety", "upscale", "cpu") if path.stem.endswith("cpu") else ("safety", "upscale")
    left, seen = wanted(*extras), set()
    while left:
        each = left.pop()
        name = canonicalize_name(each.name)
        if TORCHS_OWN.fullmatch(name):
            continue
        assert name in found, f"{name} has no hash; run `make pins`"
        assert each.specifier.contains(found[name], prereleases=True)
        if (name, frozenset(each.extras)) not in seen:
            seen.add((name, frozenset(each.extras)))
            left += asked_by(name, each.extras)


def test_openvino_is_for_the_processor_alone() -> None:
    card, processor = map(pinned, FILES)
    assert set(processor) - set(card) == {"openvino", "openvino-telemetry"}
    assert {name: processor[name] for name in card} == card


def test_the_image_takes_them_by_hash_and_nothing_else_but_torch() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    installs = re.findall(r"pip install (.+)", text)
    assert installs == [
        '--require-hashes --no-deps -r ".docker/requirements${TORCH_INDEX:+-cpu}.txt"',
        """${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' constraints.txt)\"""",
        "--no-deps --no-build-isolation .",
    ]
