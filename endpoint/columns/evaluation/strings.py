"""Functions whose values are read off the terms: LANG, STR and STRLEN."""

from __future__ import annotations

import numpy as np
from pyoxigraph import Literal

from endpoint.columns.evaluation.terms import (
    BLANK_NODE,
    NONE,
    OTHER,
    STRING,
    TAGGED,
    TRIPLE,
    UNBOUND,
    Terms,
)
from endpoint.columns.sets import Indices
from endpoint.columns.terms import TermClass, content_of, count_characters, unescaped


def languages(numbers: Indices, terms: Terms) -> Indices | None:
    """Return the language of each literal as a term (LANG); None where a literal has a direction."""
    groups = terms.groups(numbers)
    if b"--" in b"".join(terms.dictionary.kind_names) and (groups == OTHER).any():
        return None
    found = np.full(len(numbers), UNBOUND, np.int64)
    found[(groups >= STRING) & (groups <= OTHER)] = terms.number(b'""')
    tagged = groups == TAGGED
    if tagged.any():
        kinds, places = np.unique(terms.kinds(numbers[tagged]), return_inverse=True)
        names = list(terms.kind_names())
        tags = [terms.number(b'"' + names[kind][1:] + b'"') for kind in kinds.tolist()]
        found[tagged] = np.array(tags, np.int64)[places]
    return found


def strings(numbers: Indices, terms: Terms) -> Indices | None:
    """Return the text of each term as a term (STR); None where some are triple terms."""
    groups = terms.groups(numbers)
    if (groups == TRIPLE).any():
        return None
    found = np.where(groups == STRING, numbers, UNBOUND)
    others = (groups != STRING) & (groups != BLANK_NODE) & (groups != NONE)
    if others.any():
        different, places = np.unique(numbers[others], return_inverse=True)
        texts = [_string(terms.text(number)) for number in different.tolist()]
        found[others] = terms.computed_all(texts)[places]
    return found


def pieces(numbers: Indices, begin: int, end: int | None, terms: Terms) -> Indices | None:
    """Return the characters of the text of each literal between two places as a term (SUBSTR of STR).

    None where some are no literals.
    """
    groups = terms.groups(numbers)
    if not (((groups >= STRING) & (groups <= OTHER)) | (groups == NONE)).all():
        return None
    different, places = np.unique(numbers[groups != NONE], return_inverse=True)
    texts = [_piece(text, begin, end) for some in terms.contents(different) for text in some]
    found = np.full(len(numbers), UNBOUND, np.int64)
    found[groups != NONE] = terms.computed_all([b'"%s"' % text for text in texts])[places]
    return found


def _piece(text: bytes, begin: int, end: int | None) -> bytes:
    if b"\\" in text:
        return str(Literal(unescaped(text).decode()[begin:end])).encode()[1:-1]
    return text[begin:end] if text.isascii() else text.decode()[begin:end].encode()


def string_lengths(numbers: Indices, terms: Terms) -> Indices | None:
    """Return how many characters each has as a term (STRLEN); None where some are no strings."""
    lengths = numbers_of_characters(numbers, terms)
    if lengths is None:
        return None
    values, which = np.unique(lengths, return_inverse=True)
    unbound = values[:1] < 0
    found = np.concatenate([np.full(int(unbound.sum()), UNBOUND), terms.integers(values[values >= 0])])
    return found[which]


def numbers_of_characters(numbers: Indices, terms: Terms) -> Indices | None:
    """Return how many characters each has, UNBOUND for no term; None where some are no strings."""
    groups = terms.groups(numbers)
    if not ((groups == STRING) | (groups == TAGGED) | (groups == NONE)).all():
        return None
    dictionary = terms.dictionary
    found = np.full(len(numbers), UNBOUND, np.int64)
    inside = (numbers >= 0) & (numbers < len(dictionary))
    found[inside] = dictionary.characters[numbers[inside] - dictionary.classes[TermClass.TEXT].start]
    beyond = numbers >= len(dictionary)
    if beyond.any():
        added, places = np.unique(numbers[beyond], return_inverse=True)
        counts = [count_characters(content_of(terms.text(number))) for number in added.tolist()]
        found[beyond] = np.array(counts, np.int64)[places]
    return found


def _string(term: bytes) -> bytes:
    """Return the string of the text of an IRI or a literal, as N-Triples writes both."""
    if term.startswith(b'"'):
        return term[: term.rindex(b'"') + 1]
    text = term[1:-1]
    if b'"' in text or b"\\" in text:
        return str(Literal(text.decode())).encode()
    return b'"%s"' % text
