"""What torch and diffusers raise, as the seam's errors. Imported in a worker only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from bot.domain.errors import RenderFailed, WorkerLost
from bot.worker import capacity
from bot.worker.causes import one_line, without_folders
from bot.worker.precision import ran_out_of_memory


@contextlib.contextmanager
def told() -> Iterator[None]:
    """While this lasts, raises RenderFailed("out_of_memory"), RenderFailed("bad_input") for a
    ValueError, or WorkerLost where the device is beyond repair."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if ran_out_of_memory(error):
            text = f"The memory does not suffice ({one_line(error)[:200]})."
            raise RenderFailed("out_of_memory", text) from None
        # After such an error every later call on the device fails too.
        if isinstance(error, torch.AcceleratorError) or "cuda error" in str(error).lower():
            raise WorkerLost(str(error)) from error
        raise
    except ValueError as error:
        raise RenderFailed("bad_input", without_folders(one_line(error))) from error


@contextlib.contextmanager
def spared() -> Iterator[None]:
    """While this lasts something is made that can be left out: it is, where memory does not
    suffice."""
    short = False
    try:
        yield
    except Exception as error:
        if not ran_out_of_memory(error):
            raise
        short = True
    if short:  # outside the except clause, whose traceback holds tensors
        capacity.release()
