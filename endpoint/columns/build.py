"""The files of columns, written from a stream of statements.

Statements are lines of N-Triples or N-Quads between those that tell their graphs
(:data:`endpoint.columns.GRAPH`), with their number at the end. The same statements give the same files, in
whatever order they come and however often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np

from endpoint.columns.files import SIGNATURES, TEXT, Folder
from endpoint.columns.intake import Canonical, Intake, Terms
from endpoint.columns.numbering import Numberer, Numbering
from endpoint.columns.sets import Numbers, sets_of, starts_of
from endpoint.columns.signatures import signatures_of
from endpoint.columns.terms import TermClass, content_of, count_characters

# Terms that are written at once.
_CHUNK: Final = 4096
_SPOOL: Final = "terms.tmp"


# Takes what a stream asks to derive from the statements so far (:data:`endpoint.columns.DERIVE`).
Derive = Callable[[Intake, Numberer, bytes], None]


def build(
    stream: Iterable[bytes], path: Path, canonical: Canonical | None = None, derive: Derive | None = None
) -> None:
    """Write the columns of the statements in ``stream`` into the new folder ``path``.

    The description is written last. ``canonical`` is needed where terms are not as the engine writes them,
    ``derive`` where the stream asks for it.

    :raises ValueError: the stream is not whole, or has a term that N-Triples cannot express.
    :raises OSError: the folder exists or cannot be written.
    """
    path.mkdir()
    spool, folder = path / _SPOOL, Folder(path)
    numberer = Numberer()

    def derived(intake: Intake, wanted: bytes) -> None:
        if derive is not None:
            derive(intake, numberer, wanted)

    intake = Intake(stream, spool, canonical, derived)
    numbering = numberer.number(intake.terms)
    _write_terms(intake.terms, numbering, folder)
    spool.unlink()
    quads, sets = _write_triples(intake, numbering, folder)
    begins = [0, *numbering.ends]
    folder.describe(
        {
            "quads": quads,
            "classes": {of.name: [begins[of], begins[of + 1]] for of in TermClass},
            "kinds": [kind.decode() for kind in numbering.kind_names],
            "graphs": [graph.decode() for graph in intake.graphs],
            "sets": sets,
        }
    )


def _write_terms(terms: Terms, numbering: Numbering, folder: Folder) -> None:
    sizes = np.zeros(len(terms) + 1, np.int64)
    first, last = numbering.ends[TermClass.IRI], numbering.ends[TermClass.TEXT]
    characters = np.zeros(last - first, np.uint32)
    with folder.writing(TEXT) as out, folder.writing(SIGNATURES) as signed:
        for begin in range(0, len(terms), _CHUNK):
            chunk = [terms[number] for number in numbering.order[begin : begin + _CHUNK].tolist()]
            sizes[begin + 1 : begin + 1 + len(chunk)] = [len(term) for term in chunk]
            out.writelines(chunk)
            texts = chunk[max(0, first - begin) : max(0, last - begin)]
            at = max(0, begin - first)
            characters[at : at + len(texts)] = [count_characters(content_of(term)) for term in texts]
            signed.writelines(signatures_of(texts))
    folder.write_array("ends", np.cumsum(sizes))
    folder.write_array("kinds", numbering.kinds)
    folder.write_array("numbers", numbering.numbers)
    folder.write_array("times", numbering.times)
    folder.write_array("characters", characters)


def _write_triples(intake: Intake, numbering: Numbering, folder: Folder) -> tuple[int, list[tuple[int, ...]]]:
    """Write the triples in their three orders, and the set of graphs of each.

    Return the number of statements, and the sets.
    """
    renumbered = np.empty(len(numbering.order), np.uint32)
    renumbered[numbering.order] = np.arange(len(renumbered), dtype=np.uint32)
    *given, graphs = intake.columns()
    subjects, predicates, objects = (renumbered[column] for column in given)
    order = np.lexsort((graphs, objects, subjects, predicates))
    rows = intake.distinct(np.stack([column[order] for column in (predicates, subjects, objects, graphs)]))
    starts = starts_of(*rows[:-1])
    codes, sets = sets_of(starts, rows[-1])
    predicates, subjects, objects = rows[:-1, starts]
    folder.write_array("sets", codes.astype(np.min_scalar_type(len(sets))))
    _write_pairs(subjects, predicates, objects, folder)
    order = np.lexsort((objects, predicates, subjects))
    folder.write_array("triples", np.stack([subjects[order], predicates[order], objects[order]]))
    return rows.shape[1], sets


def _write_pairs(subjects: Numbers, predicates: Numbers, objects: Numbers, folder: Folder) -> None:
    starts = starts_of(predicates)
    folder.write_array("predicates", predicates[starts])
    folder.write_array("starts", np.append(starts, len(predicates)))
    folder.write_array("by_subject", np.stack([subjects, objects]))
    order = np.lexsort((subjects, objects, predicates))
    folder.write_array("by_object", np.stack([objects[order], subjects[order]]))
