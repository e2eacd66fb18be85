"""The words of titles and names in all segments of an index, with the number of documents of each."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Sequence


class KnownWords:
    """The words in the tables of several segments.

    A segment also has words of documents that it replaces in earlier ones, with numbers below 0; so the sum
    of all is the number of documents.
    """

    def __init__(self, connections: Sequence[sqlite3.Connection]) -> None:
        self._connections = connections

    def __contains__(self, word: object) -> bool:
        return self._sums("SELECT text, documents FROM word WHERE text = ?", word)[str(word)] > 0

    def continuations(self, beginning: str) -> list[str]:
        """Return the continuations of ``beginning``, of two letters and more."""
        length = len(beginning)
        query = "SELECT text, documents FROM word WHERE text > ? AND text < ? AND length(text) > ?"
        found = self._sums(query, beginning, beginning + chr(sys.maxunicode), length + 1)
        return [word[length:] for word, documents in found.items() if documents > 0]

    def similar(self, groups: Iterable[str], most: int) -> dict[str, int]:
        """Return words with many of these groups of letters, at most so many of each segment, and the number
        of documents of each."""
        phrases = " OR ".join(f'"{group}"' for group in groups)
        query = (
            "SELECT word.text, word.documents FROM spelling JOIN word ON word.id = spelling.rowid"
            " WHERE spelling MATCH ? ORDER BY spelling.rank LIMIT ?"
        )
        found = self._sums(query, phrases, most)
        if len(self._connections) > 1:
            # One segment may have a word among its best, and another have it too.
            found = Counter(
                {
                    word: sum(self._sums("SELECT text, documents FROM word WHERE text = ?", word).values())
                    for word in found
                }
            )
        return {word: documents for word, documents in found.items() if documents > 0}

    def _sums(self, query: str, *arguments: object) -> Counter[str]:
        found: Counter[str] = Counter()
        for connection in self._connections:
            for word, documents in connection.execute(query, arguments):
                found[word] += documents
        return found
