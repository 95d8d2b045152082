"""The metrics by what they are about, with their names and what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import InfoMetricFamily, Metric

from bot.domain.measures import Spread, Tally
from bot.domain.snapshots import Census, Front, Standing, Stored
from bot.ops.faults import Faults
from bot.ops.metrics.counts import Counts
from bot.ops.metrics.families import PREFIX, counter, gauge, gauges, histogram, total
from bot.ops.metrics.workers import SEAT


def queue(counts: Counts, census: Census) -> Iterator[Metric]:
    """Jobs from their asking to their end."""
    waiting = {(speed.value,): count for speed, count in census.waiting.items()}
    oldest = {(speed.value,): seconds for speed, seconds in census.oldest_s.items()}
    yield gauges("queue_jobs", "Jobs that wait in line.", ("speed",), waiting)
    yield gauges("queue_oldest_seconds", "Age of the first that waits.", ("speed",), oldest)
    yield gauge("queue_paused_jobs", "Jobs of servers whose drawing is paused.", census.aside)
    yield gauge("jobs_drawing", "Jobs that are being drawn.", census.drawing)
    yield counter("jobs_accepted", "Jobs that were stored.", ("action", "speed"), counts.accepted)
    yield counter("jobs_ended", "Jobs by how they ended.", ("status", "code"), counts.ended)
    yield counter("job_attempts", "Attempts by what came of them.", ("outcome",), counts.tried)
    yield histogram(
        "job_wait_seconds", "From asking to the first attempt.", counts.waits, ("speed",)
    )
    yield histogram("job_life_seconds", "From asking to the end.", counts.lives, ("status",))
    yield histogram("plan_seconds", "What a prompt or press comes to.", counts.plans)
    yield histogram("submit_seconds", "Storing jobs and their holds.", counts.submits)


def drawing(counts: Counts) -> Iterator[Metric]:
    """What comes of workers."""
    labels = ("model", *SEAT)
    yield histogram("step_seconds", "One step of a drawing.", counts.steps, labels)
    yield histogram("step_company_jobs", "Jobs that share a step.", counts.company)
    yield histogram("drawing_seconds", "A drawing that ended well.", counts.drawings, ("model",))


def delivery(counts: Counts) -> Iterator[Metric]:
    """What is shown in channels."""
    yield counter("deliveries", "What was shown.", ("kind",), counts.delivered)
    yield counter(
        "deliveries_failed", "Tries that did not show it.", ("kind", "why"), counts.undelivered
    )
    yield histogram(
        "delivery_seconds", "From a job's end to its result.", counts.deliveries, ("kind",)
    )


def discord(counts: Counts, unanswered: int) -> Iterator[Metric]:
    """What goes to and fro."""
    yield counter(
        "interactions", "Commands, presses and forms.", ("kind", "name", "outcome"),
        counts.interactions,
    )  # fmt: skip
    yield histogram("interaction_answer_seconds", "Until the first answer.", counts.answers)
    yield total("interactions_unanswered", "Those that waited 3 s in vain.", unanswered)
    yield counter(
        "discord_requests", "Requests by class and status.", ("road", "status"), counts.calls
    )
    yield histogram("discord_request_seconds", "Until Discord answers.", counts.roads, ("road",))
    yield counter(
        "discord_rate_limited", "Requests refused as too many.", ("road", "scope"), counts.limited
    )
    yield counter(
        "discord_limits_exhausted", "Limits used up; more wait here.", ("road",), counts.exhausted
    )
    yield counter("gateway_events", "Connections by what happened.", ("event",), counts.gateway)


def standing(now: Standing) -> Iterator[Metric]:
    """How the client stands with Discord."""
    latency = {(str(shard),): seconds for shard, seconds in now.latency_s.items()}
    yield gauge("gateway_shards", "Shards of this process.", now.shards)
    yield gauge("gateway_shards_connected", "Those that are connected.", len(now.up))
    yield gauges("gateway_latency_seconds", "Of the last heartbeat.", ("shard",), latency)
    yield gauge("servers", "Servers that the bot is on.", now.servers)
    yield gauge("deliveries_in_progress", "What is just being shown.", now.posting)
    yield gauge("post_wait_seconds", "Until the next post has its turn.", now.wait_s)
    if now.front is not None:
        yield from front(now.front)


def front(now: Front) -> Iterator[Metric]:
    """Processes that hold the shards."""
    yield gauge("gateway_processes", "Those that are here.", now.up)
    yield gauge("gateway_processes_wanted", "Those that this bot keeps up itself.", now.wanted)
    yield gauge("gateway_processes_spare", "Those that have no shard.", now.spare)
    events = Tally(len(now.events) + 1)
    for shard, count in now.events.items():
        events.add(str(shard), by=count)
    yield counter("gateway_dispatches", "Events by shard.", ("shard",), events)
    yield histogram("gateway_relay_seconds", "From a process to the bot.", now.lags)


def database(
    seconds: Spread, sizes: Spread, refusals: Tally, found: Stored | None
) -> Iterator[Metric]:  # fmt: skip
    """How the store is."""
    yield histogram("database_commit_seconds", "One commit, its disk included.", seconds)
    yield histogram("database_commit_transactions", "Transactions that share it.", sizes)
    yield counter("database_refused", "What the database refused.", ("code",), refusals)
    yield gauge("database_readable", "Whether it could be read just now.", found is not None)


def stored(found: Stored) -> Iterator[Metric]:
    """What it holds."""
    waiting = {(kind.value,): owed.count for kind, owed in found.owed.items()}
    oldest = {(kind.value,): owed.oldest_s for kind, owed in found.owed.items()}
    yield gauges("deliveries_waiting", "What is still to be shown.", ("kind",), waiting)
    yield gauges("deliveries_oldest_seconds", "Since its job's end.", ("kind",), oldest)
    book = Tally()
    for deed, credits in found.credits.items():
        book.add(deed, by=credits)
    yield counter("credits", "Credits of the whole book by what became of them.", ("deed",), book)
    yield gauge("credits_held", "Credits of jobs under way.", found.held)
    yield gauge("database_bytes", "The database's files.", found.bytes)


def process(version: str, faults: Faults, lag: Spread) -> Iterator[Metric]:
    """How the process is."""
    yield InfoMetricFamily(f"{PREFIX}build", "This version.", value={"version": version})
    yield counter("errors", "Logged errors by class.", ("error", "logger"), faults.errors)
    yield counter("log_lines", "Lines of trouble in the log.", ("level",), faults.lines)
    yield histogram("loop_lag_seconds", "How late the event loop is.", lag)


def tasks(states: Mapping[str, str], count: int) -> Iterator[Metric]:
    """What runs on the event loop."""
    up = {(name,): float(not state.startswith("died")) for name, state in states.items()}
    yield gauges("task_up", "Long-lived tasks that have not died.", ("task",), up)
    yield gauge("tasks", "Tasks of the event loop.", count)
