"""`make setup` on machines of every kind: which torch it asks for, and how it recovers.

`make`, its shell and its stamps are real; Python and pip are a script that writes down what it was
asked and answers as the machine that the test describes would.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CPU = "https://download.pytorch.org/whl/cpu"
PYTHON = """\
#!/bin/sh
# `python -m venv` leaves a copy of this behind, as the real one does even where it fails.
echo "$*" >> calls
case "$*" in
*"-m venv"*)
  mkdir -p .venv/bin && cp "$0" .venv/bin/python
  if [ -e no-venv ]; then
    echo "The virtual environment was not created: ensurepip is not available."; exit 1
  fi
  touch .venv/pip ;;
*"-m pip"*)
  [ -e .venv/pip ] || { echo "No module named pip" >&2; exit 1; }
  case "$*" in
  *"--no-index"*"torch=="*) [ -e .venv/torch ] ;;
  *"--index-url"*"torch=="*) [ -e reachable ] && touch .venv/torch ;;
  *"torch=="*) touch .venv/torch ;;
  *"[cpu]"*) [ ! -e no-openvino ] ;;
  *spandrel*) [ ! -e no-spandrel ] ;;
  *"[safety]"*) [ ! -e no-classifier ] ;;
  esac ;;
*urlopen*) [ -e reachable ] ;;
esac
"""


class Machine:
    """A folder with the project's Makefile, and programs of its own in front of the real ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Makefile", "constraints.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)
        (folder / "bin").mkdir()
        self.program("python3", PYTHON)
        self.program("nvidia-smi", "#!/bin/sh\nexit 9\n")
        self.program("uname", "#!/bin/sh\necho Linux\n")
        self.online()

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def online(self) -> None:
        (self.folder / "reachable").touch()

    def setup(self, **variables: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["make", "setup", *(f"{name}={value}" for name, value in variables.items())],
            cwd=self.folder, env={"PATH": path}, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip

    def extras(self) -> list[str]:
        """What Easel itself was installed with, in order: "." or ".[extra]", before the classifier
        is added."""
        calls = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        found = [call.partition(" -e ")[2] for call in calls if " -e " in call]
        assert found.pop() == ".[safety]"
        return found

    def torch(self) -> list[str]:
        """Where torch was asked for, in order; "" is the usual place."""
        calls = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        asked = [call for call in calls if "install" in call and "torch==" in call]
        return [
            call.partition("--index-url ")[2].partition(" ")[0]
            for call in asked
            if "--no-index" not in call
        ]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_card_the_cpu_build_is_taken(machine: Machine) -> None:
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    assert machine.torch() == [CPU]
    assert machine.extras() == [".[cpu]"]
    assert "No NVIDIA card here" in ended.stdout


def test_without_openvino_the_rest_is_installed(machine: Machine) -> None:
    (machine.folder / "no-openvino").touch()
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    assert machine.extras() == [".[cpu]", "."]
    assert "so torch draws alone" in ended.stdout


def test_spandrel_comes_without_what_it_asks_for_and_may_be_missing(machine: Machine) -> None:
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    calls = (machine.folder / "calls").read_text(encoding="utf-8").splitlines()
    [asked] = [call for call in calls if "spandrel" in call]
    assert "install -q --no-deps -c constraints.txt einops spandrel" in asked
    assert "torchvision" not in " ".join(calls)
    (machine.folder / "no-spandrel").touch()
    (machine.folder / ".venv/.installed").unlink()
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    assert "networks that upscale are not used" in ended.stdout


def test_a_classifier_that_cannot_be_had_stops_nothing_and_is_said(machine: Machine) -> None:
    (machine.folder / "no-classifier").touch()
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    assert "so pictures are not checked" in ended.stdout
    assert (machine.folder / ".venv/.installed").exists()


def test_without_a_card_and_without_that_index_the_usual_build_is_taken(machine: Machine) -> None:
    (machine.folder / "reachable").unlink()
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    assert machine.torch() == [""]
    assert f"cannot be had from {CPU}" in ended.stdout


def test_a_card_wants_the_usual_build(machine: Machine) -> None:
    machine.program("nvidia-smi", "#!/bin/sh\necho 'GPU 0: NVIDIA H100 (UUID: GPU-1)'\n")
    assert machine.setup().returncode == 0
    assert machine.torch() == [""]
    assert machine.extras() == ["."]


def test_a_mac_wants_the_usual_build(machine: Machine) -> None:
    machine.program("uname", "#!/bin/sh\necho Darwin\n")
    assert machine.setup().returncode == 0
    assert machine.torch() == [""]
    assert machine.extras() == ["."]


def test_a_named_index_wins(machine: Machine) -> None:
    assert machine.setup(TORCH_INDEX="https://example.org/rocm").returncode == 0
    assert machine.torch() == ["https://example.org/rocm"]


def test_a_named_index_without_it_falls_back(machine: Machine) -> None:
    (machine.folder / "reachable").unlink()
    ended = machine.setup(TORCH_INDEX="https://example.org/rocm")
    assert ended.returncode == 0
    assert machine.torch() == ["https://example.org/rocm", ""]
    assert "from https://example.org/rocm; taking the usual one" in ended.stdout


def test_a_torch_that_is_there_is_kept(machine: Machine) -> None:
    machine.setup()
    (machine.folder / ".venv" / ".installed").unlink()
    (machine.folder / "calls").unlink()
    assert machine.setup(TORCH_INDEX="https://example.org/rocm").returncode == 0
    assert machine.torch() == []


def test_the_second_time_does_nothing(machine: Machine) -> None:
    machine.setup()
    (machine.folder / "calls").unlink()
    assert machine.setup().returncode == 0
    assert not (machine.folder / "calls").exists()


def test_a_python_that_cannot_make_environments_is_said_and_recovered_from(
    machine: Machine,
) -> None:
    (machine.folder / "no-venv").touch()
    ended = machine.setup()
    assert ended.returncode != 0
    assert "sudo apt install python3-venv, then make again" in ended.stdout
    assert not (machine.folder / ".venv").exists()
    (machine.folder / "no-venv").unlink()
    ended = machine.setup()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert machine.torch() == [CPU]


def test_half_an_environment_of_an_earlier_try_is_made_anew(machine: Machine) -> None:
    (machine.folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(machine.folder / "bin" / "python3", machine.folder / ".venv" / "bin" / "python")
    ended = machine.setup()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert machine.torch() == [CPU]


def test_an_old_python_is_said(machine: Machine) -> None:
    machine.program(
        "python3",
        '#!/bin/sh\ncase "$2" in *version_info*) echo "Easel needs Python" >&2; exit 1;; esac\n',
    )
    ended = machine.setup()
    assert ended.returncode != 0
    assert "Easel needs Python" in ended.stderr


def test_no_python_is_said(machine: Machine) -> None:
    ended = machine.setup(PYTHON="python-that-is-nowhere")
    assert ended.returncode != 0
    assert "There is no python-that-is-nowhere here" in ended.stdout


TOOL = """\
#!/bin/sh
echo "$0 $*" >> calls
cat said 2>/dev/null
exit "$(cat status 2>/dev/null || echo 0)"
"""


def audited(machine: Machine, said: str, status: int) -> subprocess.CompletedProcess[str]:
    """`make audit` where pip-audit says this."""
    machine.setup()
    tools = machine.folder / ".venv" / "tools"
    (tools / "bin").mkdir(parents=True)
    (tools / ".installed").touch()
    (machine.folder / "said").write_text(f"{said}\n", encoding="utf-8")
    (machine.folder / "status").write_text(str(status), encoding="utf-8")
    machine.program("../.venv/tools/bin/pip-audit", TOOL)
    path = f"{machine.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["make", "audit"],
        cwd=machine.folder, env={"PATH": path}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_the_audit_looks_at_what_the_image_installs(machine: Machine) -> None:
    ended = audited(machine, "No known vulnerabilities found", 0)
    assert (ended.returncode, ended.stdout) == (0, "No known vulnerabilities found\n")
    calls = (machine.folder / "calls").read_text(encoding="utf-8").splitlines()
    [call] = [line for line in calls if "pip-audit" in line]
    assert "--strict --require-hashes --disable-pip" in call
    assert call.endswith("-r .docker/requirements-cpu.txt")


def test_what_is_known_against_a_package_fails_the_audit(machine: Machine) -> None:
    ended = audited(machine, "Found 1 known vulnerability in 1 package", 1)
    assert ended.returncode != 0
    assert "Found 1 known vulnerability" in ended.stdout


def test_where_advisories_cannot_be_had_the_audit_is_left_out_with_the_reason(
    machine: Machine,
) -> None:
    ended = audited(machine, "ERROR: connection refused", 1)
    assert ended.returncode == 0
    assert ended.stdout == (
        "Not audited, for the advisories cannot be had: ERROR: connection refused\n"
    )
