"""The commands, one module each: ``command`` in :mod:`endpoint.cli.load` is ``endpoint load``.

A module here reads arguments and prints; the work of a command is done by the domain: ``serve`` starts
:mod:`endpoint.server`, ``load``, ``remove`` and ``update`` publish with :mod:`endpoint.ingest.publish`,
``query`` and ``explain`` evaluate with :mod:`endpoint.query`, ``check`` checks with :mod:`endpoint.check`.
``export``, ``generations``, ``rollback``, ``backup`` and ``restore`` are the work of :mod:`endpoint.storage`,
``doctor`` examines with :mod:`endpoint.doctor`. ``top`` shows what a running server says of itself
(:mod:`endpoint.web.admin.state`).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from endpoint.engine.template_process import TemplateProcess


def module(name: str) -> ModuleType:
    """Import the module ``name`` of this package when it is needed.

    So no command waits for the libraries of another one, such as pySHACL.
    """
    with lasting():
        return import_module(f"endpoint.cli.{name}")


def template_process() -> TemplateProcess:
    """Start a template process. Raises :class:`~endpoint.errors.StoreError`.

    It imports what workers need while the command imports what it needs itself.
    """
    with lasting():
        made: TemplateProcess = import_module("endpoint.engine.template_process").TemplateProcess()
    return made


@contextmanager
def lasting() -> Iterator[None]:
    """Collect no garbage while the block makes what lasts as long as the process, such as modules.

    The collector takes a quarter of the time of an import to look through it again and again. It leaves out
    for ever what is there at the end of the block.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
