"""The dispatcher of commands: none waits for the libraries of another one."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from endpoint.cli.main import COMMANDS, cli

SHOWN = """
import sys
from endpoint.cli.main import cli
cli([sys.argv[1], "--help"], standalone_mode=False)
print("imported:", *sys.modules)
"""


def imported_by(command: str) -> set[str]:
    """The modules that a process has imported when it has shown the help of a command."""
    shown = subprocess.run([sys.executable, "-c", SHOWN, command], capture_output=True, text=True, check=True)
    return set(shown.stdout.rpartition("imported:")[2].split())


@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("load", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib"}),
        ("export", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib", "sqlite3"}),
        ("check", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib"}),
        ("query", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib"}),
        ("explain", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib"}),
        ("top", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib", "pyoxigraph"}),
        ("serve", {"pyshacl", "rdflib", "rich"}),
    ],
)
def test_a_command_imports_its_own_libraries_alone(command: str, without: set[str]) -> None:
    assert imported_by(command) & without == set()


def test_every_command_is_there() -> None:
    context = click.Context(cli)
    assert list(COMMANDS) == cli.list_commands(context)
    assert [command.name for name in COMMANDS if (command := cli.get_command(context, name))] == [*COMMANDS]
    assert cli.get_command(context, "nothing") is None
