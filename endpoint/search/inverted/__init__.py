"""The inverted index of a segment: for each token, where it stands in which fields of which documents.

Documents have numbers from 1. A *slot* is a field of a document: the number of the document times the
number of fields, plus the place of the field. Every token of a segment has a *position*; those of a slot
follow each other, and between two slots one position stays free, so that no phrase goes from one into the
next. For each token, in the order of their UTF-8 bytes, three arrays have one part after another: the slots
with it, how often it stands in each of them, and its positions, all ascending. A phrase is then an
intersection of positions.

:mod:`endpoint.search.inverted.writer` makes the files, once; they are never changed.
"""

from __future__ import annotations
