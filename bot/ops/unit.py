"""A unit of systemd that keeps the bot running: which program, where, and what it may touch.

Pure text; who prints it knows the paths.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.domain.errors import EaselError

_UNIT = """\
# Written by `easel service unit`. As root: put it into /etc/systemd/system/easel.service, then
#   systemctl daemon-reload && systemctl enable --now easel
# `systemctl reload easel` reads .env again; `journalctl -u easel` shows the log.
[Unit]
Description=Easel, an image bot for Discord
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=exec
User={user}
WorkingDirectory={folder}
ExecStart={program} run
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
# A wrong setting is not mended by trying again.
RestartPreventExitStatus=2
TimeoutStopSec=20
KillMode=mixed

NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome={home}
ReadWritePaths={writable}
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
LockPersonality=yes
CapabilityBoundingSet=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
UMask=0077

[Install]
WantedBy=multi-user.target
"""
_HOMES = Path("/home"), Path("/root"), Path("/run/user")


def unit_text(program: Path, user: str, folder: Path, writable: Iterable[Path]) -> str:
    """The unit that has `user` run the program in a folder, where `.env` is, and write to these.
    No device is closed to it: a card is one, and torch compiles what it then runs.

    Raises EaselError for a path that systemd cannot be told.
    """
    places = [folder, *writable]
    for path in (program, *places):
        if not path.is_absolute() or any(c.isspace() or c in "\"'\\%$" for c in str(path)):
            raise EaselError(
                f"{path} cannot stand in a unit of systemd, which takes paths without spaces,"
                " quotes, % and $; move Easel to another folder."
            )
    homes = any(path.is_relative_to(home) for path in (program, *places) for home in _HOMES)
    return _UNIT.format(
        user=user,
        folder=folder,
        program=program,
        home="read-only" if homes else "yes",
        writable=" ".join(dict.fromkeys(f"-{path}" for path in places)),
    )
