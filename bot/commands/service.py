"""`easel service unit`: a unit of systemd for this installation, on standard output."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from bot.ops.unit import unit_text
from bot.settings import Settings


def unit(settings: Settings) -> int:
    """Print it: the program, the user and the folder are those of now."""
    user = pwd.getpwuid(os.getuid()).pw_name
    program = Path(sys.prefix) / "bin" / "easel"
    sys.stdout.write(unit_text(program, user, Path.cwd(), _written(settings)))
    return 0


def _written(settings: Settings) -> list[Path]:
    """Folders that a bot of these settings writes to."""
    cache = Path(settings.model_cache) if settings.model_cache else Path.home() / ".cache"
    folders = [settings.data_dir, settings.models_dir, cache]
    folders += [Path(one) for one in (settings.pictures_dir, settings.backup_dir) if one]
    folders += [Path(settings.log_file).parent] if settings.log_file else []
    return [Path(os.path.abspath(folder)) for folder in folders]
