"""The commands, one module each: ``command`` in :mod:`endpoint.cli.load` is ``endpoint load``.

A module here reads arguments and prints; the work of a command is done by the domain: ``load`` publishes with
:mod:`endpoint.ingest.publish`, ``check`` checks with :mod:`endpoint.check`, ``export`` exports with
:mod:`endpoint.storage.export`, ``serve`` and ``query`` open what :mod:`endpoint.app` composes.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def module(name: str) -> ModuleType:
    """Import the module ``name`` of this package when it is needed.

    So no command waits for the libraries of another one, such as pySHACL.
    """
    return import_module(f"endpoint.cli.{name}")
