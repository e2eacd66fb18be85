"""``endpoint generations``: the list of them, the difference of two, and the removal of old ones."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import click

from endpoint.cli import module
from endpoint.cli.options import RETENTION, setting_options
from endpoint.cli.output import amount, say, write
from endpoint.errors import ConfigurationError
from endpoint.settings import Settings, values
from endpoint.settings.sources import read_settings
from endpoint.storage import generations
from endpoint.storage.difference import Sign, difference
from endpoint.storage.history import Entry, entries, find
from endpoint.storage.retention import Retention, prune

_COLUMNS: Final = (">number", "published", ">quads", ">change", "by", "user", ">disk", ">own", "state")
_SHOW_SETTINGS: Final = ("data",)
# Statements that are written at once.
_BATCH: Final = 1000

T = TypeVar("T")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@setting_options(*_SHOW_SETTINGS)
@click.pass_context
def command(context: click.Context, /, as_json: bool, config: Path | None, **flags: str | None) -> None:
    """List the generations on the disk, the newest first.

    Each with its size on the disk, and of that what no other generation shares: so much is free when it is
    removed.
    """
    context.obj = {"config": config, **flags}
    if context.invoked_subcommand is not None:
        return
    listed = entries(_settings(context, None, {}).data)
    if as_json:
        write(json.dumps([_members(entry) for entry in listed], ensure_ascii=False, indent=1))
    else:
        module("result_table").write_rows(_COLUMNS, map(_row, listed), sys.stdout)


def _settings(context: click.Context, config: Path | None, flags: dict[str, str | None]) -> Settings:
    """Read the settings; options may stand before and after the name of a subcommand."""
    inherited = dict(context.obj)
    config = config or inherited.pop("config")
    inherited.pop("config", None)
    given = {name: text for name, text in flags.items() if text is not None}
    return read_settings({**inherited, **given}, config=config)


def _state(entry: Entry) -> str:
    states = {"current": entry.current, "in use": entry.held, "damaged": entry.generation is None}
    return ", ".join(name for name, holds in states.items() if holds)


def _members(entry: Entry) -> dict[str, object]:
    generation = entry.generation
    known: dict[str, object] = {"number": entry.number}
    if generation is not None:
        known |= {
            "published": generation.created.isoformat(),
            "quads": generation.quads,
            "change": generation.change,
            "command": generation.command or None,
            "user": generation.user or None,
        }
    else:
        known["damage"] = entry.damage
    return known | {
        "current": entry.current,
        "in_use": entry.held,
        "disk": entry.disk.total,
        "own": entry.disk.own,
    }


def _row(entry: Entry) -> tuple[str, ...]:
    generation, disk = entry.generation, (amount(entry.disk.total), amount(entry.disk.own))
    if generation is None:
        return (str(entry.number), "", "", "", "", "", *disk, _state(entry))
    change = "" if generation.change is None else f"{generation.change:+,}"
    published = generation.created.astimezone().isoformat(" ", "seconds")
    told = (generation.command, generation.user)
    return (str(entry.number), published, f"{generation.quads:,}", change, *told, *disk, _state(entry))


@command.command()
@click.argument("number", type=click.IntRange(min=1))
@click.argument("other", type=click.IntRange(min=1), required=False)
@setting_options(*_SHOW_SETTINGS)
@click.pass_context
def show(
    context: click.Context, /, number: int, other: int | None, config: Path | None, **flags: str | None
) -> None:
    """Print what generation NUMBER has added to the one before it, or to OTHER, and removed from it.

    As RDF Patch: a line beginning with A for each statement that came, with D for each that went.
    """
    data = _settings(context, config, flags).data
    new = find(data, number)
    old = find(data, _before(data, number) if other is None else other)
    count: Counter[Sign] = Counter()
    with generations.hold(old), generations.hold(new):
        changes = difference(old, new)
        write("TX .")
        while batch := list(islice(changes, _BATCH)):
            write("\n".join(map(str, batch)))
            count.update(changed.sign for changed in batch)
        write("TC .")
    say(
        f"From generation {old.number} to {new.number}: {count[Sign.ADDED]:,} added, "
        f"{count[Sign.REMOVED]:,} removed."
    )


def _before(data: Path, number: int) -> int:
    """Return the generation before this one on the disk."""
    earlier = [each for each in generations.numbers(data) if each < number]
    if not earlier:
        raise ConfigurationError(
            f"There is no generation before {number} on the disk; name the one to compare it with."
        )
    return earlier[-1]


def _parsed(parse: Callable[[str], T]) -> Callable[[click.Context, click.Parameter, str | None], T | None]:
    """Return a callback of an option that is written as a setting is."""

    def callback(context: click.Context, option: click.Parameter, text: str | None) -> T | None:
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            raise click.BadParameter(f"{error}, got {text!r}.") from None

    return callback


@command.command("prune")
@click.option("--keep", type=click.IntRange(min=1), help="Generations that stay, with the current one.")
@click.option(
    "--older-than", metavar="AGE", callback=_parsed(values.age), help="Remove what is older, such as 90d."
)
@click.option(
    "--max-size",
    metavar="SIZE",
    callback=_parsed(values.size_or_none),
    help="Disk space that all may take together.",
)
@setting_options(*_SHOW_SETTINGS, *RETENTION)
@click.pass_context
def prune_command(
    context: click.Context,
    /,
    keep: int | None,
    older_than: float | None,
    max_size: int | None,
    config: Path | None,
    **flags: str | None,
) -> None:
    """Remove old generations, as the settings or these options say.

    With an option, the settings do not count. The current generation stays, and what a process reads; with
    --older-than and --max-size also the one before.
    """
    settings = _settings(context, config, flags)
    retention = Retention.of(settings)
    if (keep, older_than, max_size) != (None, None, None):
        retention = Retention(keep or sys.maxsize, older_than or 0.0, max_size or 0)
    outcome = prune(settings.data, retention)
    removed = ", ".join(map(str, outcome.removed)) or "none"
    say(f"Removed generations: {removed}.", err=False)
    if outcome.held:
        say(f"In use, and not removed: {', '.join(map(str, outcome.held))}.", err=False)
