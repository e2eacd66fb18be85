"""Publications as BibTeX, RIS and CSL-JSON, read from standard vocabularies only.

The publications are the resources whose class is ``bibo:Document`` or below it. What is known of them
is asked from ``describe``, so this package knows no store and no dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from endpoint.results.bibliography.items import Describe, Item, Term, read_items
from endpoint.results.bibliography.writers import write_bibtex, write_csl_json, write_ris

__all__ = ["BIBLIOGRAPHIES", "Describe", "Item", "Term", "bibliography", "read_items", "write_items"]

_WRITERS: Final = {"bibtex": write_bibtex, "ris": write_ris, "csl-json": write_csl_json}

# Names in endpoint.formats of what is written here.
BIBLIOGRAPHIES: Final = frozenset(_WRITERS)


def bibliography(candidates: Iterable[Term | None], describe: Describe, format_name: str) -> Iterator[str]:
    """The publications among ``candidates``, each once, in the order of their first appearance.

    Yields the file piece by piece, one entry at a time; without publications it is empty and valid.
    """
    return write_items(read_items(candidates, describe), format_name)


def write_items(items: Iterable[Item], format_name: str) -> Iterator[str]:
    """The file of ``items`` in the format named, piece by piece."""
    return _WRITERS[format_name](items)
