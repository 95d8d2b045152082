"""What a process that serves looks through for garbage."""

from __future__ import annotations

import gc


def settle() -> None:
    """Whatever there is by now stays, so it is not looked at again.

    How often the rest is looked at stays as it is: uploads of many megabytes hang on rings.
    """
    gc.collect()
    gc.freeze()
