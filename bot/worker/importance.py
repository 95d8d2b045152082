"""How much each piece of a text matters to what a model understands of all of it: by leaving it out
(Li, Monroe and Jurafsky, Understanding neural networks through representation erasure, 2016).
Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import torch

from bot.worker.families.rows import Rows

_POOLED = ("pooled", "text_embeds")
_LEAST = 1e-9


def importance(
    pieces: Sequence[str], encode: Callable[[str], Rows]
) -> Generator[None, None, list[float]]:
    """For each of `pieces`, which are one text with spaces between: one minus the cosine between
    what is understood with and without it, as a share of the largest. Yields after each forward."""
    whole = _understood(encode(" ".join(pieces)))
    changes: list[float] = []
    for left_out in range(len(pieces)):
        yield
        rest = " ".join((*pieces[:left_out], *pieces[left_out + 1 :]))
        likeness = torch.nn.functional.cosine_similarity(whole, _understood(encode(rest)), dim=0)
        changes.append(max(0.0, 1.0 - likeness.item()))
    largest = max(changes, default=0.0)
    return [change / largest if largest > _LEAST else 1.0 for change in changes]


def _understood(rows: Rows) -> torch.Tensor:
    """(width,): what the encoder itself makes of the whole text, where it does; else the largest
    number of any token. In the mean, words of what is small in a picture drown in those of style
    and colour: of forty things 24 were in the shortest prompts, and 37 by this."""
    for name in _POOLED:
        if name in rows:
            return rows[name][0].float()
    tokens = rows["text"][0].float()
    if "seen" in rows:
        tokens = tokens[rows["seen"][0].bool()]
    return tokens.amax(0)
