"""What a crash, a full disk or somebody's hand left wrong in the data, and how each is mended."""

from bot.doctor.books import damage, in_books
from bot.doctor.files import in_files
from bot.doctor.finding import Finding
from bot.doctor.places import in_places

__all__ = ["Finding", "damage", "in_books", "in_files", "in_places"]
