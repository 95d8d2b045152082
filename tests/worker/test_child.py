"""What a worker has done by a process beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from bot.worker import child
from bot.worker.child import ChildFailed

ERRANDS = "tests.kit.errands"


def test_what_libraries_print_is_no_answer() -> None:
    child.ask(ERRANDS, {"print": '{"error": "none of ours"}'})


def test_an_error_is_said_in_one_line_without_folders() -> None:
    with pytest.raises(ChildFailed) as failed:
        child.ask(
            ERRANDS, {"raise": "no room for /home/someone/models/sd.safetensors.\nTry later."}
        )
    assert str(failed.value) == "no room for sd.safetensors"


def test_a_process_that_dies_is_told_by_its_status() -> None:
    with pytest.raises(ChildFailed, match="the process ended with status 7"):
        child.ask(ERRANDS, {"exit": 7})

    with pytest.raises(ChildFailed, match="was killed, as the system does where memory runs out"):
        child.ask(ERRANDS, {"signal": signal.SIGKILL})


def test_it_ends_with_the_worker() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", ERRANDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as alone:
        said, _ = alone.communicate(json.dumps({"linger": 3600}) + "\n")
    assert alone.returncode == 1
    assert said == ""
