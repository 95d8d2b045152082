"""The command line: run · sandbox · render · models · check · health · metrics · backup · restore ·
doctor · ledger · service · cluster · gateway · bench.

Parses and dispatches; what a command does is in `bot/commands` and `bot/bench`. Without a command,
`run` if DISCORD_TOKEN is set and `sandbox` otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.commands.numbers import whole
from bot.domain.errors import EaselError, InvalidPrompt, SettingsError
from bot.environment import Environment
from bot.ops.garbage import settle
from bot.ops.logfile import log_to_file
from bot.ops.logs import log_to_stderr
from bot.settings import Settings

log = logging.getLogger("bot")

NO_TOKEN = (
    "DISCORD_TOKEN is not set. Put it into .env (the README says where to get one), or start "
    "`easel sandbox`, which needs none."
)
_OWN_OPTIONS = ("render", "bench")
_QUIET = ("check", "health", "metrics", "service")
"""Commands before which no notices are said: one says them itself, one comes every minute, two are
sent to a file."""
_SERVING = (None, "run", "sandbox", "gateway")
NO_WINDOWS = "Easel does not run on Windows itself; start it in WSL2 or in Docker (see the README)."


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse and run; returns the exit status.

    0 well, 1 not, 2 wrong usage, prompt or settings, 130 interrupted.
    """
    if sys.platform == "win32":
        sys.stderr.write(f"{NO_WINDOWS}\n")
        return 1
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command not in _OWN_OPTIONS:
        parser.error(f"unrecognised arguments: {' '.join(rest)}")
    try:
        surroundings = Environment.read(Path.cwd(), os.environ)
        settings = Settings.read(surroundings.values())
        log_to_stderr(settings.log_level, settings.secrets(), settings.log_format)
        if options.command in _SERVING:
            log_to_file(settings.log_file, settings.log_file_mb)
        if options.command not in _QUIET:
            _tell(surroundings)
        status = _command(options, rest, settings, surroundings)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads has enough, as `head` has; there is more at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (SettingsError, InvalidPrompt) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except EaselError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _tell(surroundings: Environment) -> None:
    for notice in surroundings.notices():
        log.warning("%s", notice)
    if sources := surroundings.sources():
        log.info("settings: %s", sources)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="easel", description="A self-hosted image bot.")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("run", help="serve Discord (needs DISCORD_TOKEN)")
    sandbox = commands.add_parser("sandbox", help="try everything in a browser, without Discord")
    sandbox.add_argument("--port", type=int, help="port of the page (default 8000, or a free one)")
    # Its options, as those of `bench`, have a parser of their own, which needs what other commands
    # start without.
    commands.add_parser("render", help="draw on this machine, without Discord", add_help=False)
    _add_models(
        commands.add_parser("models", help="what can be drawn with: list, show, check, fetch")
    )
    commands.add_parser("check", help="say what is wrong with the installation, and the remedy")
    backup = commands.add_parser("backup", help="copy the database, while the bot runs or not")
    restore = commands.add_parser("restore", help="take the newest copy of the database")
    folder = {"type": Path, "metavar": "FOLDER", "dest": "folder", "help": "instead of BACKUP_DIR"}
    backup.add_argument("--to", **folder)
    backup.add_argument("--list", action="store_true", help="say which copies there are")
    restore.add_argument("--from", **folder)
    restore.add_argument("name", nargs="?", default="", help="this copy, whatever came after it")
    _add_ledger(commands.add_parser("ledger", help="verify or export the book of credits"))
    health = commands.add_parser("health", help="ask the bot of these settings how it is")
    health.add_argument("--ready", action="store_true", help="whether it would draw and show now")
    metrics = commands.add_parser("metrics", help="print what Grafana and Prometheus are given")
    metrics.add_argument("what", choices=("dashboard", "alerts"))
    doctor = commands.add_parser(
        "doctor", help="say what a crash left wrong in the data, and mend it"
    )
    doctor.add_argument("--mend", action="store_true", help="mend it; the bot has to be stopped")
    doctor.add_argument("--orphans", action="store_true", help="many files without a job, too")
    service = commands.add_parser("service", help="have the system keep the bot running")
    service.add_argument("what", choices=("unit",), help="print a unit of systemd")
    _add_cluster(commands.add_parser("cluster", help="draw on the cards of many machines"))
    _add_gateway(
        commands.add_parser("gateway", help="hold connections to Discord for a very large bot")
    )
    commands.add_parser("bench", help="measure this machine, or one model on it", add_help=False)
    return parser


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="action")
    actions.add_parser("list", help="every model in MODELS_DIR, and what is not used (the default)")
    for action, text in (
        ("show", "all that is known of one"),
        ("check", "load one in a worker and draw a test picture"),
    ):
        one = actions.add_parser(action, help=text)
        one.add_argument("name", help="as the list has it")
    fetch = actions.add_parser("fetch", help="a model of the Hugging Face hub into MODELS_DIR")
    fetch.add_argument("id", help="of its repository, such as stabilityai/sdxl-turbo")
    fetch.add_argument("file", nargs="?", default="", help="one file of several that are models")
    fetch.add_argument("--full", action="store_true", help="all bits, not half where that is there")


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", metavar="deed", required=True)
    up = deeds.add_parser("up", help="begin a cluster here, for the bot of this machine")
    join = deeds.add_parser("join", help="be one more machine of a cluster")
    join.add_argument("address", help="as `up` says it, such as 192.168.1.5:6379")
    for part, gpus in ((up, 0), (join, None)):
        number = {"type": whole(0, 64_000), "metavar": "N"}
        part.add_argument("--cards", **number, default=0, help="draw N at once on the processor")
        part.add_argument("--gpus", **number, default=gpus, help=f"NVIDIA cards ({gpus or 'all'})")
        part.add_argument("--ip", default="", help="of this machine, where it has several")
        part.add_argument("--name", default="", help="of this machine, for people")
        part.add_argument("--port", **number, default=6379, help="the first of a hundred (6379)")
    for deed, text in (
        ("status", "every card, with what it has in memory and draws"),
        ("drain", "take a machine out after what it draws"),
    ):
        one = deeds.add_parser(deed, help=text)
        one.add_argument("--address", default="", help="of the cluster (CLUSTER_ADDRESS)")
        if deed == "drain":
            one.add_argument("node", nargs="?", default="", help="its name (this machine)")
    deeds.add_parser("manifest", help="print an example for KubeRay")


def _add_gateway(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shards", default="", help="those, such as 0-3; else what is to be done")
    parser.add_argument("--of", type=whole(0, 100_000), default=0, help="so many in all")
    parser.add_argument("--core", default="", help="where the bot is (GATEWAY_ADDRESS)")


def _add_ledger(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", metavar="deed", required=True)
    deeds.add_parser("verify", help="say whether every credit is spent, ended, held or there")
    export = deeds.add_parser("export", help="every entry as CSV on standard output")
    export.add_argument("--server", type=int, help="of this one, by its id")
    export.add_argument("--user", type=int, help="of this person, by their id")
    statement = deeds.add_parser("statement", help="what a person was given and spent")
    statement.add_argument("user", type=int, help="the person's id")
    statement.add_argument("--server", type=int, help="on this one; else on all, one by one")


def _command(
    options: argparse.Namespace, rest: list[str], settings: Settings, surroundings: Environment
) -> int:
    match options.command or ("run" if settings.discord_token else "sandbox"):
        case "run":
            if not settings.discord_token:
                raise SettingsError(NO_TOKEN)
            from bot.commands.run import run

            settle()
            return asyncio.run(run(settings))
        case "sandbox":
            from bot.commands.sandbox import sandbox

            settle()
            return asyncio.run(sandbox(settings, getattr(options, "port", None)))
        case "render":
            from bot.commands.options import order_of
            from bot.commands.render import render

            return asyncio.run(render(settings, order_of(rest)))
        case "models":
            from bot.commands import models

            match options.action:
                case "show":
                    return models.show(settings, options.name)
                case "check":
                    return asyncio.run(models.check(settings, options.name))
                case "fetch":
                    from bot.commands.fetch import fetch

                    return fetch(settings, options.id, options.file, full=options.full)
            return models.list_all(settings)
        case "check":
            from bot.commands.check import check

            return asyncio.run(check(settings, surroundings))
        case (
            "backup"
            | "restore"
            | "ledger"
            | "doctor"
            | "service"
            | "cluster"
            | "gateway" as command
        ):
            return _upkeep(command, options, settings)
        case "health" | "metrics" as command:
            return _watch(command, options, settings)
        case "bench":
            from bot.commands.bench import bench

            return bench(settings, rest)
    raise AssertionError(options.command)


def _watch(command: str, options: argparse.Namespace, settings: Settings) -> int:
    if command == "metrics":
        from bot.commands.metrics import metrics

        return metrics(options.what)
    from bot.commands.health import health

    return health(settings, ready=options.ready)


def _cluster(options: argparse.Namespace, settings: Settings) -> int:
    from bot.commands import cluster, machines

    match options.deed:
        case "up":
            return cluster.up(settings, options)
        case "join":
            return cluster.join(settings, options)
        case "status":
            return machines.status(settings, options)
        case "drain":
            return machines.drain(settings, options)
    return machines.manifest()


def _upkeep(command: str, options: argparse.Namespace, settings: Settings) -> int:
    if command == "cluster":
        return _cluster(options, settings)
    if command == "gateway":
        from bot.commands.gateway import gateway

        return gateway(settings, options)
    if command == "ledger":
        from bot.commands.ledger import ledger

        return ledger(settings, options)
    if command == "service":
        from bot.commands.service import unit

        return unit(settings)
    if command == "doctor":
        from bot.commands.doctor import doctor

        return doctor(settings, options)
    from bot.commands.backup import COMMANDS

    return COMMANDS[command](settings, options)


if __name__ == "__main__":
    raise SystemExit(main())
