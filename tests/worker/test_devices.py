"""bot.worker.precision: devices that are there, and those that are not."""

from __future__ import annotations

import pytest
import torch

from bot.domain.errors import SettingsError
from bot.worker.precision import pick_device


@pytest.mark.parametrize(
    ("cuda", "words"), [(None, r"is built for none: write DEVICE=auto"), ("13.0", "sees none")]
)
def test_a_card_that_torch_cannot_draw_on_is_said(
    monkeypatch: pytest.MonkeyPatch, cuda: str | None, words: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.version, "hip", None)
    with pytest.raises(SettingsError, match=words):
        pick_device("cuda:0")
    assert pick_device("cpu").type == "cpu"
