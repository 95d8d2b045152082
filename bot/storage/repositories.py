"""All repositories together, over one database and one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.storage.appeals import AppealRepository
from bot.storage.audit import AuditRepository
from bot.storage.bans import BanRepository
from bot.storage.blobs import Blobs
from bot.storage.chronicle import ChronicleRepository
from bot.storage.copies import CopyRepository
from bot.storage.database import Database
from bot.storage.deletion import DeletionRepository
from bot.storage.departures import DepartureRepository
from bot.storage.desk import DeskRepository
from bot.storage.entitlements import EntitlementRepository
from bot.storage.erasures import ErasureRepository
from bot.storage.files import ImageStore
from bot.storage.gifts import GiftRepository
from bot.storage.greetings import GreetingRepository
from bot.storage.history import HistoryRepository
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from bot.storage.letters import LetterRepository
from bot.storage.likes import LikeRepository
from bot.storage.measures import MeasureRepository
from bot.storage.moderation import ModerationRepository
from bot.storage.outbox import OutboxRepository
from bot.storage.overview import OverviewRepository
from bot.storage.pictures import PictureRepository
from bot.storage.preferences import PreferenceRepository
from bot.storage.profiles import ProfileRepository
from bot.storage.proposals import ProposalRepository
from bot.storage.purges import PurgeRepository
from bot.storage.quotas import QuotaRepository
from bot.storage.recent import RecentPrompts
from bot.storage.removals import RemovalRepository
from bot.storage.reports import ReportRepository
from bot.storage.safety import SafetyRepository
from bot.storage.samples import SampleStore
from bot.storage.shown import ShownRepository
from bot.storage.statements import StatementRepository
from bot.storage.styles import StyleRepository
from bot.storage.switches import SwitchRepository
from bot.storage.untold import UntoldRepository


@dataclass(frozen=True)
class Repositories:
    """Everything that is kept: one object for each table or two, and the files; where the database
    lies, and the folder of everything else."""

    jobs: JobRepository
    pictures: PictureRepository
    outbox: OutboxRepository
    ledger: LedgerRepository
    statements: StatementRepository
    gifts: GiftRepository
    quotas: QuotaRepository
    audit: AuditRepository
    profiles: ProfileRepository
    recent: RecentPrompts
    files: ImageStore
    blobs: Blobs
    proposals: ProposalRepository
    preferences: PreferenceRepository
    styles: StyleRepository
    samples: SampleStore
    untold: UntoldRepository
    copies: CopyRepository
    history: HistoryRepository
    likes: LikeRepository
    shown: ShownRepository
    deletion: DeletionRepository
    letters: LetterRepository
    reports: ReportRepository
    erasures: ErasureRepository
    removals: RemovalRepository
    departures: DepartureRepository
    entitlements: EntitlementRepository
    safety: SafetyRepository
    overviews: OverviewRepository
    switches: SwitchRepository
    moderation: ModerationRepository
    bans: BanRepository
    desks: DeskRepository
    appeals: AppealRepository
    purges: PurgeRepository
    chronicle: ChronicleRepository
    greetings: GreetingRepository
    measures: MeasureRepository
    database: Path
    folder: Path

    @classmethod
    def of(cls, database: Database, folder: Path) -> Repositories:
        """Over one database, with the files in `images`, `blobs` and `samples` in the folder."""
        return cls(
            JobRepository(database),
            PictureRepository(database),
            OutboxRepository(database),
            LedgerRepository(database),
            StatementRepository(database),
            GiftRepository(database),
            QuotaRepository(database),
            AuditRepository(database),
            ProfileRepository(database),
            RecentPrompts(database),
            ImageStore(folder / "images"),
            Blobs(database, folder / "blobs"),
            ProposalRepository(database),
            PreferenceRepository(database),
            StyleRepository(database),
            SampleStore(folder / "samples"),
            UntoldRepository(database),
            CopyRepository(database),
            HistoryRepository(database),
            LikeRepository(database),
            ShownRepository(database),
            DeletionRepository(database),
            LetterRepository(database),
            ReportRepository(database),
            ErasureRepository(database),
            RemovalRepository(database),
            DepartureRepository(database),
            EntitlementRepository(database),
            SafetyRepository(database),
            OverviewRepository(database),
            SwitchRepository(database),
            ModerationRepository(database),
            BanRepository(database),
            DeskRepository(database),
            AppealRepository(database),
            PurgeRepository(database),
            ChronicleRepository(database),
            GreetingRepository(database),
            MeasureRepository(database),
            database.path,
            folder,
        )
