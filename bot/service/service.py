"""The one object that the chat side carries: the use cases, by what they are about."""

from __future__ import annotations

from dataclasses import dataclass

from bot.service.accounts import Accounts
from bot.service.administration import Administration
from bot.service.appeals import Appeals
from bot.service.batches import Batches
from bot.service.chronicle import Chronicle
from bot.service.describing import Describing
from bot.service.desk import Desk
from bot.service.drawing import Drawings
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
from bot.service.plans import Plans
from bot.service.preferences import Habits
from bot.service.privacy import Privacy
from bot.service.proposals import Proposals
from bot.service.purging import Purging
from bot.service.quotas import Quotas
from bot.service.recipes import Recipes
from bot.service.reports import Reports
from bot.service.safety import Safety
from bot.service.shop import Shop
from bot.service.shortening import Shortening
from bot.service.singles import Singles
from bot.service.styles import Styles
from bot.service.tuning import Tuning
from bot.service.words import Words


@dataclass(frozen=True)
class Service:
    """Parts that know one another only through their constructors; `bot.app` builds them."""

    drawing: Drawings
    singles: Singles
    proposals: Proposals
    batches: Batches
    pictures: Pictures
    outbox: Outbox
    accounts: Accounts
    quotas: Quotas
    plans: Plans
    gifts: Gifts
    styles: Styles
    gallery: Gallery
    history: History
    likes: Likes
    words: Words
    shortening: Shortening
    describing: Describing
    preferences: Habits
    owned: Ownership
    recipes: Recipes
    privacy: Privacy
    safety: Safety
    reports: Reports
    shop: Shop
    levers: Levers
    overview: Overviews
    operating: Operating
    moderation: Moderation
    desk: Desk
    appeals: Appeals
    purging: Purging
    chronicle: Chronicle
    first_hour: FirstHour
    administration: Administration
    tuning: Tuning
