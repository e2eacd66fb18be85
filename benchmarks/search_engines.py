"""The candidates for full-text search behind one small interface, for ``benchmarks/search_quality.py``.

The losing ones live only here. Their weights are those of the dataset; titles and names are one field,
abstracts the other, which is all that the comparison needs.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from endpoint.search import Document, Request, SearchConfiguration
from endpoint.search.analysis import analyse, normalise, stem
from endpoint.search.build import build_index
from endpoint.search.index import TextIndex

WEIGHTS = (10.0, 1.0)
Texts = tuple[str, str]
Analysis = Callable[[str], str]


class Candidate(Protocol):
    """An engine: builds an index in a folder, and finds all matches of a query, best first."""

    def build(self, documents: Iterable[Document], folder: Path) -> None:
        """Index ``documents``."""

    def open(self, folder: Path) -> None:
        """Make ready to search."""

    def find(self, query: str) -> Sequence[str]:
        """The IRIs of all matches, best first."""

    def page(self, query: str) -> None:
        """The best twenty, and how many there are."""


def texts(document: Document) -> Texts:
    """Title and names; abstract."""
    short = [text for name, values in document.fields.items() if name != "abstract" for text in values]
    return "\n".join(short), "\n".join(document.fields.get("abstract", ()))


class Product:
    """The engine of the project: SQLite FTS5 over overlapping pairs of syllables and English stems."""

    def __init__(self, configuration: SearchConfiguration) -> None:
        self._configuration = configuration

    def build(self, documents: Iterable[Document], folder: Path) -> None:
        build_index(documents, folder / "text", self._configuration)

    def open(self, folder: Path) -> None:
        self._index = TextIndex.open(folder / "text")

    def find(self, query: str) -> Sequence[str]:
        return [hit.iri for hit in self._index.matches(query)]

    def page(self, query: str) -> None:
        """A page with facets and snippets, which the others do not do."""
        self._index.search(Request(query))


class Fts5:
    """SQLite FTS5 with one of its tokenizers, over the texts as they are or analysed before."""

    def __init__(self, tokenizer: str, analysis: Analysis | None = None) -> None:
        self._tokenizer = tokenizer
        self._analysis = analysis

    def build(self, documents: Iterable[Document], folder: Path) -> None:
        connection = sqlite3.connect(folder / "index.sqlite")
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        connection.execute("CREATE TABLE document (id INTEGER PRIMARY KEY, iri TEXT)")
        connection.execute(
            f"CREATE VIRTUAL TABLE f USING fts5(a, b, content='', tokenize=\"{self._tokenizer}\")"
        )
        for number, document in enumerate(documents, 1):
            one, other = map(self._analysis or str, texts(document))
            connection.execute("INSERT INTO document VALUES (?, ?)", (number, document.iri))
            connection.execute("INSERT INTO f (rowid, a, b) VALUES (?, ?, ?)", (number, one, other))
        connection.execute("INSERT INTO f (f) VALUES ('optimize')")
        connection.commit()
        connection.close()

    def open(self, folder: Path) -> None:
        self._connection = sqlite3.connect(f"file:{folder}/index.sqlite?mode=ro&immutable=1", uri=True)

    def find(self, query: str) -> Sequence[str]:
        return [iri for (iri,) in self._rows(query, -1)]

    def page(self, query: str) -> None:
        """The best twenty, and how many there are."""
        self._rows(query, 20)
        self._connection.execute(
            "SELECT count(*) FROM f WHERE f MATCH ?", (self._expression(query),)
        ).fetchone()

    def _expression(self, query: str) -> str:
        words = (self._analysis(word) if self._analysis else word for word in query.split())
        return " AND ".join(f'"{word}"' for word in words if word.strip('"'))

    def _rows(self, query: str, limit: int) -> list[tuple[str]]:
        sql = (
            "SELECT iri FROM f JOIN document ON id = f.rowid WHERE f MATCH ? ORDER BY bm25(f, 10, 1) LIMIT ?"
        )
        return self._connection.execute(sql, (self._expression(query), limit)).fetchall()


class Tantivy:
    """tantivy, with the same analysis in front and a tokenizer that splits at white space."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    def build(self, documents: Iterable[Document], folder: Path) -> None:
        import tantivy

        schema = tantivy.SchemaBuilder()
        for name in ("a", "b"):
            schema.add_text_field(name, tokenizer_name="whitespace", index_option="position")
        schema.add_unsigned_field("id", fast=True, stored=False)
        index = tantivy.Index(schema.build(), path=str(folder))
        writer = index.writer(heap_size=256_000_000, num_threads=1)
        iris = []
        for number, document in enumerate(documents):
            one, other = map(self._analysis, texts(document))
            iris.append(document.iri)
            row = tantivy.Document()
            row.add_text("a", one)
            row.add_text("b", other)
            row.add_unsigned("id", number)
            writer.add_document(row)
        writer.commit()
        writer.wait_merging_threads()
        (folder / "iris.json").write_text(json.dumps(iris))

    def open(self, folder: Path) -> None:
        import tantivy

        self._index = tantivy.Index.open(str(folder))
        self._searcher = self._index.searcher()
        self._iris = json.loads((folder / "iris.json").read_text())

    def _query(self, query: str) -> Any:
        import tantivy

        schema, make = self._index.schema, tantivy.Query
        both = []
        for word in query.split():
            tokens = self._analysis(word).split()
            if not tokens:
                continue
            fields = [
                (
                    tantivy.Occur.Should,
                    make.boost_query(
                        make.phrase_query(schema, name, tokens)
                        if len(tokens) > 1
                        else make.term_query(schema, name, tokens[0]),
                        weight,
                    ),
                )
                for name, weight in zip(("a", "b"), WEIGHTS, strict=True)
            ]
            both.append((tantivy.Occur.Must, make.boolean_query(fields)))
        return make.boolean_query(both)

    def find(self, query: str) -> Sequence[str]:
        found = self._searcher.search(self._query(query), limit=200_000)
        numbers = self._searcher.fast_field_values("id", [address for _, address in found.hits])
        return [self._iris[number] for number in numbers]

    def page(self, query: str) -> None:
        """The best twenty, and how many there are."""
        self._searcher.search(self._query(query), limit=20, count=True)


class Kiwi:
    """Korean morphemes by kiwipiepy: nouns, roots and verb stems; English words stemmed."""

    KEPT = re.compile("NN|NR|XR|VV|VA|SN|SH|SL|XSN|MM")

    def __init__(self) -> None:
        from kiwipiepy import Kiwi as Analyser

        self._analyser = Analyser(num_workers=1)

    def __call__(self, text: str) -> str:
        tokens = self._analyser.tokenize(normalise(text))
        kept = [token for token in tokens if self.KEPT.match(token.tag)]
        return " ".join(stem(token.form) if token.tag == "SL" else token.form for token in kept or tokens)


def candidates(configuration: SearchConfiguration) -> dict[str, Callable[[], Candidate]]:
    """Return a constructor of each candidate, by name."""
    return {
        "fts5 unicode61": lambda: Fts5("unicode61"),
        "fts5 trigram": lambda: Fts5("trigram"),
        "fts5 pairs, plain": lambda: Fts5("ascii", analyse),
        "fts5 kiwi": lambda: Fts5("unicode61", Kiwi()),
        "tantivy pairs": lambda: Tantivy(analyse),
        "tantivy kiwi": lambda: Tantivy(Kiwi()),
        "this package": lambda: Product(configuration),
    }
