"""The dataset's manifest, ``seed/dataset.toml``: all that the server knows of the data it publishes.

A dataset is a folder with ``ontology/``, ``seed/`` and ``queries/``. Its manifest names the base of the
resource IRIs, the prefixes, and the named graphs with the files that fill them.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePath

from endpoint.errors import DataError

MANIFEST = PurePath("seed", "dataset.toml")

_DATASET_KEYS = ("base", "title", "description", "licence", "prefixes", "graph")
_GRAPH_KEYS = ("iri", "name", "title", "files", "rules")
_TYPES = {str: "a string", bool: "a boolean", int: "an integer", float: "a number", list: "an array"}

# RFC 3987 section 2.2, less what Turtle and SPARQL forbid inside <…>.
_ABSOLUTE_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`]+')
_HTTP_BASE = re.compile(r"https?://[^/?#]+/(?:[^?#]*/)?")
# SPARQL 1.1 grammar, PN_PREFIX; the prefix may be empty.
_PREFIX = re.compile(r"(?:[^\W\d_](?:[\w.-]*[\w-])?)?")
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")

_TOML_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_TOML_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_TOML_KEY = re.compile(r"""\s*([\w.-]+|"[^"]*"|'[^']*')\s*=""")


@dataclass(frozen=True, slots=True)
class SourceGraph:
    """One named graph. ``name`` is the path segment of its own endpoint, if it has one.

    It is filled from ``files``, or by ``rules``: CONSTRUCT queries over all other graphs.
    """

    iri: str
    name: str | None
    title: Mapping[str, str]
    files: tuple[Path, ...]
    rules: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """What the manifest says. ``title`` and ``description`` are by language tag; ``licence`` is an IRI."""

    root: Path
    base: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    prefixes: Mapping[str, str]
    graphs: tuple[SourceGraph, ...]
    licence: str | None = None

    @property
    def queries(self) -> Path:
        """The folder of the saved queries."""
        return self.root / "queries"

    @property
    def shapes(self) -> Path | None:
        """The SHACL shapes that the data is validated with, where there are any."""
        return _if_file(self.root / "ontology" / "shapes.ttl")

    @property
    def search(self) -> Path | None:
        """What the text index holds, where there is one."""
        return _if_file(self.root / "seed" / "search.toml")

    @property
    def tables(self) -> tuple[Path, ...]:
        """The mapping files: how tables become statements."""
        return tuple(sorted((self.root / "seed" / "tables").glob("[!.]*.toml")))

    @property
    def derived(self) -> SourceGraph | None:
        """The graph that rules fill, where there is one."""
        return next((graph for graph in self.graphs if graph.rules), None)

    def digest(self) -> str:
        """Hexadecimal BLAKE2b of all that decides what is published: relative names and bytes of
        the manifest, the files of the graphs, the rules and the fields of the text index.

        Raises :class:`DataError` where a file can no longer be read.
        """
        whole = hashlib.blake2b(digest_size=32)
        files = {file for graph in self.graphs for file in (*graph.files, *graph.rules)}
        for path in sorted({self.root / MANIFEST, *files, *filter(None, [self.search])}):
            try:
                with path.open("rb") as stream:
                    content = hashlib.file_digest(stream, "blake2b").digest()
            except OSError as error:
                raise DataError(f"cannot be read: {error.strerror}", path) from error
            whole.update(path.relative_to(self.root).as_posix().encode() + b"\0" + content)
        return whole.hexdigest()


def _if_file(path: Path) -> Path | None:
    return path if path.is_file() else None


def default_root(package: Path = Path(__file__).parent) -> Path:
    """The dataset that comes with the server: inside an installed package, beside it in a checkout."""
    packaged = package / "dataset"
    return packaged if packaged.is_dir() else package.parent


def read_dataset(root: Path) -> Dataset:
    """Read ``seed/dataset.toml`` under ``root`` and find the files it names.

    Raises :class:`DataError`, with the line where it is known, when the manifest is missing, is not TOML,
    has a key that is unknown, missing or of the wrong type, or names a file that is not there.
    """
    source = _read(root / MANIFEST)
    top = source.top
    source.check_keys(top, _DATASET_KEYS, _Place())
    base = source.text(top, _Place("base"))
    if not _HTTP_BASE.fullmatch(base) or not _ABSOLUTE_IRI.fullmatch(base):
        raise source.error(
            f"must be an http or https IRI that ends with a slash, but is {base!r}", _Place("base")
        )
    return Dataset(
        root=root,
        base=base,
        title=source.languages(top, _Place("title")),
        description=source.languages(top, _Place("description")),
        prefixes=_prefixes(source),
        graphs=tuple(_graphs(source, root)),
        licence=source.iri(top, _Place("licence")) if "licence" in top else None,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A key of the manifest, dotted; ``graph`` counts the ``[[graph]]`` tables from 1, 0 is none of them."""

    key: str = ""
    graph: int = 0

    def under(self, key: str) -> _Place:
        return _Place(f"{self.key}.{key}" if self.key else key, self.graph)

    def __str__(self) -> str:
        return f'"{self.key}" of [[graph]] {self.graph}' if self.graph else f'"{self.key}"'


@dataclass(frozen=True, slots=True)
class _Source:
    """The parsed manifest, and typed access to it that reports the place of what is wrong."""

    file: Path
    top: Mapping[str, object]
    lines: Mapping[_Place, int]

    def error(self, detail: str, place: _Place) -> DataError:
        return DataError(f"{place} {detail}", self.file, self._line(place))

    def _line(self, place: _Place) -> int | None:
        while place not in self.lines and place.key:
            place = _Place(place.key.rpartition(".")[0], place.graph)
        return self.lines.get(place)

    def check_keys(self, table: Mapping[str, object], known: tuple[str, ...], place: _Place) -> None:
        for key in table:
            if key not in known:
                close = get_close_matches(key, known, 1)
                hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
                raise self.error(f"is not a key of the manifest; {hint}", place.under(key))

    def value(self, table: Mapping[str, object], place: _Place) -> object:
        key = place.key.rpartition(".")[2]
        if key not in table:
            raise self.error("is missing", place)
        return table[key]

    def text(self, table: Mapping[str, object], place: _Place) -> str:
        value = self.value(table, place)
        if not isinstance(value, str):
            raise self.error(f"must be a string, but is {_type(value)}", place)
        if not value.strip():
            raise self.error("must not be empty", place)
        return value

    def iri(self, table: Mapping[str, object], place: _Place) -> str:
        value = self.text(table, place)
        if not _ABSOLUTE_IRI.fullmatch(value):
            raise self.error(f"must be an absolute IRI, but is {value!r}", place)
        return value

    def table(self, table: Mapping[str, object], place: _Place) -> dict[str, object]:
        value = self.value(table, place)
        if not isinstance(value, dict):
            raise self.error(f"must be a table, but is {_type(value)}", place)
        return value

    def languages(self, table: Mapping[str, object], place: _Place) -> dict[str, str]:
        texts = self.table(table, place)
        if not texts:
            raise self.error("needs a text in at least one language", place)
        for language in texts:
            if not _LANGUAGE.fullmatch(language):
                raise self.error("is not a language tag", place.under(language))
        return {language: self.text(texts, place.under(language)) for language in texts}


def _type(value: object) -> str:
    return _TYPES.get(type(value), "a table" if isinstance(value, dict) else "a date or time")


def _read(file: Path) -> _Source:
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            "there is no manifest here; a dataset is a folder with seed/dataset.toml", file
        ) from error
    except OSError as error:
        raise DataError(f"the manifest cannot be read: {error.strerror}", file) from error
    try:
        text = content.decode()
        return _Source(file, tomllib.loads(text), dict(_lines(text)))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError("the manifest must be UTF-8, but this line is not", file, line) from error
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(file, text, str(error)) from error


def _syntax_error(file: Path, text: str, message: str) -> DataError:
    # tomllib tells the place only within its message before Python 3.14.
    found = _TOML_PLACE.search(message)
    detail = f"not TOML: {_TOML_PLACE.sub('', message)}"
    if found is None or found["line"] is None:
        return DataError(f"{detail}, at the end of the file", file, text.count("\n") + 1)
    return DataError(detail, file, int(found["line"]), int(found["column"]))


def _lines(text: str) -> Iterator[tuple[_Place, int]]:
    """The line of each header and key, since tomllib keeps none and an error should name it."""
    table, graph = _Place(), 0
    for number, line in enumerate(text.split("\n"), 1):
        if header := _TOML_HEADER.match(line):
            path = header[2]
            graph += header[1] == "[[" and path == "graph"
            inside = graph and (path == "graph" or path.startswith("graph."))
            table = _Place(path[len("graph.") :], graph) if inside else _Place(path)
            yield table, number
        elif key := _TOML_KEY.match(line):
            place = table.under(key[1].strip("\"'"))
            yield place, number


def _prefixes(source: _Source) -> dict[str, str]:
    place = _Place("prefixes")
    table = source.table(source.top, place)
    for prefix in table:
        if not _PREFIX.fullmatch(prefix):
            raise source.error("is not a prefix that SPARQL allows", place.under(prefix))
    return {prefix: source.iri(table, place.under(prefix)) for prefix in table}


def _graphs(source: _Source, root: Path) -> Iterator[SourceGraph]:
    tables = source.value(source.top, _Place("graph"))
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise source.error("must be written as [[graph]] tables", _Place("graph"))
    seen: dict[str, int] = {}
    ruled = 0
    for number, table in enumerate(tables, 1):
        graph = _graph(source, table, number, root)
        if graph.rules and ruled:
            raise source.error(
                f"repeats that of [[graph]] {ruled}; one graph is derived", _Place("rules", number)
            )
        ruled = number if graph.rules else ruled
        for key, value in (("iri", graph.iri), ("name", graph.name)):
            if value is not None and (first := seen.setdefault(f"{key} {value}", number)) != number:
                raise source.error(f"repeats {value!r} of [[graph]] {first}", _Place(key, number))
        yield graph


def _graph(source: _Source, table: Mapping[str, object], number: int, root: Path) -> SourceGraph:
    source.check_keys(table, _GRAPH_KEYS, _Place(graph=number))
    name = source.text(table, _Place("name", number)) if "name" in table else None
    if name is not None and not _SEGMENT.fullmatch(name):
        raise source.error(
            f"must be one path segment of letters, digits, - _ . but is {name!r}", _Place("name", number)
        )
    derived = "rules" in table
    if derived and "files" in table:
        raise source.error('stands beside "files"; a graph has one or the other', _Place("rules", number))
    found = _files(source, table, _Place("rules" if derived else "files", number), root)
    return SourceGraph(
        iri=source.iri(table, _Place("iri", number)),
        name=name,
        title=source.languages(table, _Place("title", number)),
        files=() if derived else found,
        rules=found if derived else (),
    )


def _files(source: _Source, table: Mapping[str, object], place: _Place, root: Path) -> tuple[Path, ...]:
    patterns = source.value(table, place)
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise source.error('must be an array of file patterns, such as ["seed/*.ttl"]', place)
    return tuple(sorted({path for pattern in patterns for path in _matches(source, pattern, place, root)}))


def _matches(source: _Source, pattern: str, place: _Place, root: Path) -> list[Path]:
    if PurePath(pattern).is_absolute() or ".." in PurePath(pattern).parts:
        raise source.error(f"must stay within the dataset's folder, but has {pattern!r}", place)
    try:
        # Hidden files are an editor's locks and swap files, which patterns of pathlib would match.
        found = [path for path in root.glob(pattern) if path.is_file() and not path.name.startswith(".")]
    except ValueError as error:
        raise source.error(f"has {pattern!r}, which is no file pattern", place) from error
    if not found:
        raise source.error(
            f"has {pattern!r}, which matches no file; a graph without data has files = []", place
        )
    return found
