"""What is to be drawn and what it costs, as a value: nothing of it is stored yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.job import Job, JobStatus, new_id
from bot.domain.people import Asker, Origin
from bot.domain.preferences import FileFormat
from bot.domain.request import GenerationRequest
from bot.domain.usual import HIDDEN, hidden
from bot.service import requests


@dataclass(frozen=True)
class Plan:
    """`prices` are whole credits, one for each request, and `usual` what a usual grid costs in the
    same hurry. `warnings` are sentences for the asker:
    what is asked for and will not act. `parent` is the job whose button was pressed. `waived` is
    what it would cost if it were not free because its asker is out of credits."""

    asker: Asker
    origin: Origin
    requests: tuple[GenerationRequest, ...]
    prices: tuple[int, ...]
    warnings: tuple[str, ...] = ()
    parent: Job | None = None
    usual: int = 1
    waived: int = 0

    @property
    def price(self) -> int:
        """Whole credits of all requests together."""
        return sum(self.prices)

    @property
    def large(self) -> bool:
        """Whether it is more than one grid, or costs more: nobody asks for that unawares. Who is
        in a hurry knows the price of that, and does not want to be asked."""
        return len(self.requests) > 1 or self.price > self.usual

    def jobs(self, now: float, status: JobStatus) -> list[Job]:
        """As jobs that are not stored yet; several are a batch."""
        ids = [new_id(now) for _ in self.requests]
        return [
            Job(
                id=id,
                origin=self.origin,
                user=self.asker.user,
                request=request,
                status=status,
                cost=price,
                created_at=now,
                parent=self.parent and self.parent.id,
                batch=ids[0] if len(ids) > 1 else None,
            )
            for id, request, price in zip(ids, self.requests, self.prices, strict=True)
        ]

    def noting(self, notes: tuple[str, ...]) -> Plan:
        """With these sentences before its own."""
        return replace(self, warnings=(*notes, *self.warnings))

    def posted_as(self, file: FileFormat | None) -> Plan:
        """With pictures that are posted in such files."""
        made = tuple(requests.posted_as(each, file) for each in self.requests)
        return replace(self, requests=made)

    @classmethod
    def together(cls, plans: Sequence[Plan]) -> Plan:
        """All of one asker's as one, which is said once what is said of several. One message shows
        them, so where one is hidden all are."""
        made = [each for plan in plans for each in plan.requests]
        hides = any(hidden(each.extra) for each in made)
        return replace(
            plans[0],
            requests=tuple(each.meaning(HIDDEN, hides) for each in made),
            prices=tuple(price for plan in plans for price in plan.prices),
            warnings=tuple(dict.fromkeys(said for plan in plans for said in plan.warnings)),
        )
