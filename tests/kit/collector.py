"""A collector of traces on loopback: OTLP over HTTP, as the exporter of OpenTelemetry speaks it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """`spans` by name, and the name of the service that sent them."""

    def __init__(self) -> None:
        self.address = ""
        self.service = ""
        self.spans: dict[str, Span] = {}
        self.headers: dict[str, str] = {}

    async def take(self, request: web.Request) -> web.Response:
        data = await request.read()
        if request.headers.get("Content-Encoding") == "gzip" and data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        self.headers = dict(request.headers)
        for resource in ExportTraceServiceRequest.FromString(data).resource_spans:
            for each in resource.resource.attributes:
                if each.key == "service.name":
                    self.service = each.value.string_value
            self.spans |= {
                span.name: span for scope in resource.scope_spans for span in scope.spans
            }
        return web.Response(content_type="application/x-protobuf")


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Takes what is sent to `address` until the block ends."""
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await asyncio.shield(runner.cleanup())
