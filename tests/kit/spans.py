"""Traces that stay in memory, as a tree that a test can read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.ops.traces import Traces


class Spans:
    """`traces` hears; what has ended can be looked at."""

    def __init__(self, **more: Any) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.traces = Traces(provider, **more)

    @property
    def ended(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    def all(self, name: str) -> list[ReadableSpan]:
        """Those of a name, in the order in which they ended."""
        return [span for span in self.ended if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        [span] = self.all(name)
        return span

    def under(self, parent: ReadableSpan) -> list[str]:
        """The names of its children, by when they began."""
        return [span.name for span in self.children(parent)]

    def children(self, parent: ReadableSpan) -> list[ReadableSpan]:
        """Spans right under another, by when they began."""
        found = [span for span in self.ended if _id(span.parent) == _id(parent.context)]
        return sorted(found, key=_start)


def seconds(span: ReadableSpan) -> float:
    """How long it lasted."""
    return ((span.end_time or 0) - (span.start_time or 0)) / 1e9


def about(span: ReadableSpan) -> dict[str, Any]:
    """Its attributes without `easel.`."""
    return {name.removeprefix("easel."): value for name, value in (span.attributes or {}).items()}


_start: Callable[[ReadableSpan], int] = lambda span: span.start_time or 0  # noqa: E731


def _id(context: Any) -> int:
    return context.span_id if context else 0
