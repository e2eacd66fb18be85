"""The dispatcher of commands: none waits for the libraries of another one."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from endpoint.cli.main import COMMANDS, cli

SHOWN = """
import sys
from importlib import import_module
from endpoint.cli.main import cli
cli([*{sys.argv[1], "--help"}], standalone_mode=False)
for name in sys.argv[2:]:
    import_module(name)
print("imported:", *sys.modules)
"""


# What a command imports when it runs, and its help does without.
LATER = {"query": "endpoint.query", "explain": "endpoint.query", "serve": "endpoint.cli.serving"}


def imported_by(command: str, *later: str) -> set[str]:
    """The modules that a process has imported when it has shown the help of a command, and then ``later``."""
    program = [sys.executable, "-c", SHOWN, command, *later]
    shown = subprocess.run(program, capture_output=True, text=True, check=True)
    return set(shown.stdout.rpartition("imported:")[2].split())


@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("load", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib"}),
        ("export", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib", "sqlite3"}),
        ("check", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib"}),
        ("query", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib", "rich", "yaml", "lxml", "numpy"}),
        ("explain", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib", "yaml", "lxml", "numpy"}),
        ("top", {"starlette", "uvicorn", "jinja2", "pyshacl", "rdflib", "pyoxigraph"}),
        ("serve", {"pyshacl", "rdflib", "rich", "babel", "markdown_it", "pybtex", "numpy"}),
    ],
)
def test_a_command_imports_its_own_libraries_alone(command: str, without: set[str]) -> None:
    later = [LATER[command]] if command in LATER else []
    assert imported_by(command, *later) & without == set()


def test_the_list_of_commands_imports_none() -> None:
    shown = imported_by("--help")
    assert "endpoint.cli.main" in shown
    assert shown & {f"endpoint.cli.{command}" for command in COMMANDS} == set()


def test_every_command_is_there() -> None:
    context = click.Context(cli)
    assert list(COMMANDS) == cli.list_commands(context)
    assert [command.name for name in COMMANDS if (command := cli.get_command(context, name))] == [*COMMANDS]
    assert cli.get_command(context, "nothing") is None
