"""Columns: the triples of a generation as sorted arrays of numbers in files, beside its store.

Every term has a number such that comparing numbers is comparing terms, as far as ORDER BY is defined. The
files are made once for each generation (:mod:`endpoint.columns.build`, in a process of its own), mapped into
memory by every reader (:mod:`endpoint.columns.reader`), and never written again. ``docs/columns.md``
describes the format, the order and the limits. What a reader needs of them costs nothing to open and is
shared by all.

This package knows no store: it reads statements as N-Triples and answers with numbers and N-Triples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

# The folder in that of a generation.
FOLDER: Final = "columns"
# Of the files; a reader refuses any other.
FORMAT: Final = 3

# Lines of the stream that the builder reads between those of statements, in which they would be comments.
# After GRAPH and a name come N-Triples of this graph, after QUADS and a name N-Quads, which are of this graph
# where they name none; the default graph has no name. DERIVE comes with a JSON object of what to derive from
# the statements so far: rules, the name of their graph, and the path of a file. DERIVED names a graph that
# keeps only what is in no other; END comes with the number of statements that there are then.
GRAPH: Final = b"# graph "
QUADS: Final = b"# quads "
DERIVE: Final = b"# derive "
DERIVED: Final = b"# derived "
END: Final = b"# end "
# The exit status of the builder for a stream that is not whole, or has what it takes for no statement.
ANOTHER_STREAM: Final = 3


class Value(NamedTuple):
    """An object of a statement: the text of a literal, or an IRI."""

    text: str
    is_literal: bool


# The values of a subject by property, sorted.
Values = Mapping[str, Sequence[Value]]
