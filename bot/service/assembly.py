"""The use cases over the parts that they are made of."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.dispatch.dispatcher import Dispatcher
from bot.dispatch.spare import Spare
from bot.domain.news import Tell, nobody
from bot.engine.seam import Executor
from bot.models.catalogue import Catalogue
from bot.service.accounts import Accounts
from bot.service.administration import Administration
from bot.service.admission import Admission
from bot.service.aiming import Aims
from bot.service.answers import Answers
from bot.service.appeals import Appeals
from bot.service.batches import Batches
from bot.service.chronicle import Chronicle
from bot.service.clemency import Clemency
from bot.service.conduct import Conduct
from bot.service.describing import Describing
from bot.service.desk import Desk
from bot.service.drawing import Drawings
from bot.service.emptying import Emptying
from bot.service.errand import Errands
from bot.service.first_hour import FirstHour
from bot.service.gallery import Gallery
from bot.service.gifts import Gifts
from bot.service.history import History
from bot.service.levers import Levers
from bot.service.likes import Likes
from bot.service.moderation import Moderation
from bot.service.operating import Operating
from bot.service.outbox import Outbox
from bot.service.overview import Overviews
from bot.service.owned import Ownership
from bot.service.pictures import Pictures
from bot.service.planning import Planner
from bot.service.plans import Plans
from bot.service.preferences import Habits
from bot.service.privacy import Privacy
from bot.service.proposals import Proposals
from bot.service.purging import Purging
from bot.service.quotas import Quotas
from bot.service.recipes import Recipes
from bot.service.reports import Reports
from bot.service.rulebook import Rulebook
from bot.service.rules import Rules
from bot.service.safety import Safety
from bot.service.samples import Samples
from bot.service.screening import Screening
from bot.service.service import Service
from bot.service.shop import Shop
from bot.service.shortening import Shortening
from bot.service.sight import Fetch, Sight, nowhere
from bot.service.singles import Singles
from bot.service.stopping import Stopping
from bot.service.styles import Styles
from bot.service.terms import Terms
from bot.service.tuning import Tuning
from bot.service.words import Words
from bot.storage.repositories import Repositories


def service_of(
    parts: Repositories,
    dispatcher: Dispatcher,
    executor: Executor,
    catalogue: Catalogue,
    rules: Rules,
    version: str,
    errands: Errands,
    clock: Callable[[], float] = time.time,
    fetch: Fetch = nowhere,
    tell: Tell = nobody,
) -> Service:
    """The use cases over these parts; `fetch` gets linked pictures, `tell` hears what happens."""
    levers = Levers(parts.switches, dispatcher, version)
    accounts = Accounts(
        jobs=parts.jobs, ledger=parts.ledger, statements=parts.statements, quotas=parts.quotas,
        profiles=parts.profiles, executor=executor, catalogue=catalogue, rules=rules,
        levers=levers, clock=clock,
    )  # fmt: skip
    rulebook = Rulebook(parts.moderation, rules.blocked_words)
    conduct = Conduct(parts.bans, clock)
    habits = Habits(parts.preferences, catalogue, clock)
    styles = Styles(parts.styles, catalogue, clock)
    answers = Answers(executor)
    screening = Screening(answers, parts.blobs, parts.safety, rules.stance)
    admission = Admission(
        rules, levers, rulebook, conduct, screening, Clemency(parts.appeals, parts.desks, clock)
    )
    sight = Sight(fetch, parts.blobs, clock, screening, errands)
    planner = Planner(
        parts.jobs, parts.pictures, parts.files, parts.blobs, catalogue,
        sight, Aims(sight, answers, parts.files), habits, styles, admission,
        rules.versions, tell,
    )  # fmt: skip
    proposals = Proposals(parts.proposals, rules, admission, clock)
    drawing = Drawings(
        jobs=parts.jobs, planner=planner, proposals=proposals,
        terms=Terms(parts.ledger, catalogue, rules, clock), admission=admission,
        files=parts.files, dispatcher=dispatcher, rules=rules, clock=clock,
        tell=tell,
    )  # fmt: skip
    pictures = Pictures(parts.pictures, parts.files, parts.blobs, rules, clock, errands)
    plans = Plans(parts.quotas, catalogue, rules, clock)
    stopping = Stopping(parts.jobs, dispatcher, clock)
    moderation = Moderation(
        parts.moderation, parts.desks, rulebook, conduct, rules, stopping, clock
    )
    samples = Samples(parts.samples, Spare(executor, dispatcher, rules.stance), catalogue)
    return Service(
        drawing=drawing,
        singles=Singles(
            jobs=parts.jobs, planner=planner, outbox=parts.outbox, files=parts.files,
            admission=admission, screening=screening, clock=clock, tell=tell,
        ),
        proposals=proposals,
        batches=Batches(parts.jobs, parts.outbox, dispatcher, clock),
        pictures=pictures,
        outbox=Outbox(
            parts.outbox, parts.untold, parts.copies, parts.shown, habits, clock
        ),
        accounts=accounts,
        quotas=Quotas(
            ledger=parts.ledger, statements=parts.statements, quotas=parts.quotas,
            overviews=parts.overviews, audit=parts.audit, accounts=accounts,
            rules=rules, clock=clock,
        ),
        plans=plans,
        gifts=Gifts(parts.ledger, parts.gifts, rules, clock),
        preferences=habits,
        styles=styles,
        gallery=Gallery(samples, catalogue, parts.samples.folder, errands),
        history=History(parts.history, parts.pictures, parts.files, errands),
        likes=Likes(parts.likes, parts.jobs, clock),
        words=Words(catalogue, parts.profiles, parts.recent, styles, habits, clock),
        shortening=Shortening(answers, catalogue, habits, rules, admission),
        owned=Ownership(
            parts.jobs, parts.history, parts.deletion, parts.files, pictures, catalogue, errands
        ),
        recipes=Recipes(
            parts.jobs, parts.pictures, parts.files, parts.blobs, catalogue, habits, drawing,
            version,
        ),
        describing=Describing(answers, sight, admission),
        privacy=Privacy.of(
            parts, dispatcher, habits, rulebook, conduct, rules, clock, errands
        ),
        safety=Safety(parts.safety, parts.audit, rules.stance, clock),
        moderation=moderation,
        desk=Desk(parts.desks, parts.reports, parts.appeals, clock),
        chronicle=Chronicle(parts.chronicle, clock),
        purging=Purging(
            parts.purges, Emptying(parts.jobs, parts.files, dispatcher, clock), clock
        ),
        appeals=Appeals(parts.appeals, parts.desks, parts.jobs, conduct, clock),
        tuning=Tuning(rules, rulebook),
        administration=Administration(parts.audit, executor, catalogue),
        first_hour=FirstHour(
            parts.greetings, parts.quotas, plans, moderation, rulebook, clock
        ),
        reports=Reports(parts.reports, parts.jobs, parts.files, dispatcher, clock),
        shop=Shop(parts.entitlements, rules, clock),
        levers=levers,
        overview=Overviews(
            overviews=parts.overviews, jobs=parts.jobs, audit=parts.audit, levers=levers,
            dispatcher=dispatcher, catalogue=catalogue, errands=errands,
            folder=parts.folder / "charts", clock=clock,
        ),
        operating=Operating(
            levers=levers, overviews=parts.overviews, dispatcher=dispatcher,
            stopping=stopping, rules=rules, clock=clock,
        ),
    )  # fmt: skip
