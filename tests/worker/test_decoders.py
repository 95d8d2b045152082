"""How decoders are laid out for where they draw."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from bot.worker import capacity, decoders
from tests.kit.pipelines import autoencoder

CPU = torch.device("cpu")
LAST = torch.channels_last


def laid_out(dtype: torch.dtype, device: torch.device = CPU) -> bool:
    vae = autoencoder().to(dtype)
    decoders.lay_out(vae, device)
    weights = [each for each in vae.decoder.parameters() if each.ndim == 4 and each.shape[-1] > 1]
    kept = [each for each in vae.encoder.parameters() if each.ndim == 4 and each.shape[-1] > 1]
    assert all(each.is_contiguous() for each in kept)
    return all(each.is_contiguous(memory_format=LAST) for each in weights)


def test_channels_are_last_where_a_cpu_computes_in_bfloat16() -> None:
    assert laid_out(torch.bfloat16)
    assert not laid_out(torch.float32)
    assert not laid_out(torch.bfloat16, torch.device("cuda"))
    decoders.lay_out(SimpleNamespace(), CPU)  # what has no decoder


def test_a_picture_is_as_near_to_float32_as_before() -> None:
    """Both are a rounding to bfloat16 away from it."""
    torch.manual_seed(0)
    cells, exact = torch.randn(1, 4, 8, 8), autoencoder()
    narrow = autoencoder().to(torch.bfloat16)
    narrow.load_state_dict(exact.state_dict())
    with torch.no_grad():
        wanted = exact.decode(cells).sample
        errors: list[float] = []
        for _ in range(2):
            picture = narrow.decode(cells.bfloat16()).sample
            errors.append((picture.float() - wanted).norm().item() / wanted.norm().item())
            decoders.lay_out(narrow, CPU)
    assert max(errors) < 0.04
    assert errors[1] < 1.5 * errors[0]


def test_holes_are_given_back_before_blocks_that_draw_much(monkeypatch: pytest.MonkeyPatch) -> None:
    trimmed: list[int] = []
    monkeypatch.setattr(capacity, "trim", lambda: trimmed.append(1))
    vae = autoencoder()
    decoders.lay_out(vae, CPU)
    with torch.no_grad():
        vae.decode(torch.randn(1, 4, 8, 8))
        assert not trimmed
        monkeypatch.setattr(decoders, "_LARGE", 1)
        vae.decode(torch.randn(1, 4, 8, 8))
    assert len(trimmed) == len(vae.decoder.up_blocks)
