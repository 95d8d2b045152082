"""Words as PixArt, Chroma and HunyuanDiT are published with them: in sentencepiece's own form."""

from __future__ import annotations

from pathlib import Path

import pytest
import sentencepiece
import torch

from bot.models.cards import card_for
from bot.worker import pipelines
from bot.worker.library import Library
from tests.kit import flows

pytestmark = pytest.mark.filterwarnings("ignore")
TEXT = "a red fox asleep in fresh snow, watercolour\n" * 20


def test_a_folder_with_spiece_alone_is_opened(tmp_path: Path) -> None:
    pipelines.hush()
    folder = tmp_path / "PixArt-Sigma"
    flows.pixart("Sigma").save_pretrained(folder)
    words = folder / "tokenizer"
    (words / "tokenizer.json").unlink()
    (tmp_path / "text").write_text(TEXT)
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text"), model_prefix=str(words / "spiece"), vocab_size=40,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    (words / "spiece.vocab").unlink()
    pipe = pipelines.open_pipeline(card_for(str(folder)), torch.float32, Library())
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(words / "spiece.model"))
    assert pipe.tokenizer("a red fox").input_ids == [*theirs.encode("a red fox"), 1]
