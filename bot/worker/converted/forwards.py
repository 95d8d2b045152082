"""What a network's `forward` becomes once it is converted.

The network itself stays where it is, with its config, dtype and weights: what a converted one does
not know is drawn by the eager one as before. It does not know of weights that are changed later:
whoever puts adapters on a network says so by `adapted`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from bot.worker.converted import networks, runtime

log = logging.getLogger(__name__)

Run = Callable[..., torch.Tensor]


class Compiled:
    """One network in OpenVINO's hands: float32 tensors in and out. `fitted` are the same network
    for inputs of some shapes alone, which is quicker: rows are drawn in pieces that fit, as long as
    there are some for all that draw beside each other. `model` takes all others."""

    def __init__(self, model: Any, fitted: Mapping[networks.Shapes, Any]) -> None:
        self._request = model.create_infer_request()
        self._fitted = {shapes: Queue(one) for shapes, one in fitted.items()}
        self.precision: str = model.get_property("INFERENCE_PRECISION_HINT").get_type_name()

    def __call__(self, *given: torch.Tensor) -> torch.Tensor:
        """Raises RuntimeError."""
        arrays = [each.float().contiguous().numpy() for each in given]
        done: list[Any] = []
        rows, whole = len(arrays[0]), 0
        if fitting := self._fitting(arrays):
            size, queue = fitting
            together = size * queue.jobs
            whole = rows // together * together
            edges = range(0, whole, size)
            done += queue.run([_cut(arrays, edge, edge + size) for edge in edges])
        if whole < rows:
            done.append(self._request.infer(_cut(arrays, whole, rows))[0])
        pieces = [torch.from_numpy(each) for each in done]
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces)

    def _fitting(self, arrays: Sequence[Any]) -> tuple[int, Queue] | None:
        """How many rows are a piece that fits, and what draws it; None where none does."""
        tails = tuple(array.shape[1:] for array in arrays)
        for shapes, queue in self._fitted.items():
            if tails == tuple(shape[1:] for shape in shapes):
                return shapes[0][0], queue
        return None


def _cut(arrays: Sequence[Any], begin: int, end: int) -> Sequence[Any]:
    return [array[begin:end] for array in arrays]


class Queue:
    """A network that draws `jobs` pieces beside each other."""

    def __init__(self, model: Any) -> None:
        self._found: dict[int, Any] = {}
        self._queue = runtime.library().AsyncInferQueue(model)
        self._queue.set_callback(self._done)
        self.jobs = len(self._queue)

    def run(self, pieces: Sequence[Sequence[Any]]) -> list[Any]:
        """What comes of each piece. Raises RuntimeError."""
        for number, piece in enumerate(pieces):
            self._queue.start_async(piece, number)
        self._queue.wait_all()
        return [self._found.pop(number) for number in range(len(pieces))]

    def _done(self, request: Any, number: int) -> None:
        self._found[number] = request.get_output_tensor().data.copy()


class Forward:
    """Runs the converted network; the eager one for ever where that fails once.

    `fell_back` says that the eager one ran since somebody last made it false. While the network is
    `adapted` it is another than the converted one, which rests; so does it while it is told to be
    `aside`.
    """

    def __init__(self, network: Any, run: Run) -> None:
        self.network = network
        self.eager = network.forward
        self.fell_back = False
        self.adapted = False
        self.aside = False
        self._run: Run | None = run

    def _tried(self, given: tuple[torch.Tensor, ...] | None) -> torch.Tensor | None:
        """None where that is to be drawn by the eager network."""
        if self._run and given is not None and not (self.adapted or self.aside):
            try:
                return self._run(*given).to(given[0].dtype)
            except RuntimeError as error:
                log.warning("OpenVINO failed, so torch draws from now on: %s", error)
                self._run = None
        self.fell_back = True
        return None


class DenoiserForward(Forward):
    """For a UNet2DConditionModel."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        drawn = self._tried(self._tensors(*given, **named))
        return self.eager(*given, **named) if drawn is None else (drawn,)

    def _tensors(
        self,
        sample: torch.Tensor,
        timestep: Any,
        encoder_hidden_states: torch.Tensor,
        *more: Any,
        added_cond_kwargs: Mapping[str, Any] | None = None,
        return_dict: bool = True,
        **others: Any,
    ) -> tuple[torch.Tensor, ...] | None:
        """What the converted network takes; None where more is asked than it knows."""
        if more or return_dict or any(_asks(value) for value in others.values()):
            return None
        count = sample.shape[0]
        time = torch.as_tensor(timestep, dtype=torch.float32).flatten().expand(count)
        given = (sample, time, encoder_hidden_states)
        if not networks.takes_sizes(self.network):
            return given
        if added_cond_kwargs is None or set(added_cond_kwargs) != {"text_embeds", "time_ids"}:
            return None
        return (*given, added_cond_kwargs["text_embeds"], added_cond_kwargs["time_ids"])


def _asks(value: Any) -> bool:
    return value is not None and not (isinstance(value, dict) and not value)


class DecoderForward(Forward):
    """For the decoder of an AutoencoderKL or an AutoencoderTiny."""

    def __call__(self, sample: torch.Tensor, *more: Any, **named: Any) -> torch.Tensor:
        drawn = self._tried(None if more or named else (sample,))
        return self.eager(sample, *more, **named) if drawn is None else drawn


FORWARDS: Mapping[str, type[Any]] = {
    networks.UNET: DenoiserForward,
    networks.DECODER: DecoderForward,
}
