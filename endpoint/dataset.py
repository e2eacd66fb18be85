"""The description of a dataset: its manifest, ``seed/dataset.toml``, and the paths of its resources.

A dataset is a folder with ``ontology/``, ``seed/`` and ``queries/``. Its manifest names the base of the
resource IRIs, the prefixes, and the named graphs with the files that fill them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import quote

from endpoint.errors import DataError
from endpoint.toml_file import TomlTable, is_absolute_iri, read_toml

MANIFEST = PurePath("seed", "dataset.toml")

# The page of a resource whose IRI cannot be a path here.
VIEW: Final = "/lod/view.do"

# Characters that need no encoding in a path (RFC 3986 section 3.3), percent-encoded triplets included.
_IN_PATH: Final = "/:@!$&'()*+,;=~%"
_LONE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOTS: Final = frozenset({".", ".."})
_DATASET_KEYS = (
    *("base", "identifier", "title", "description", "licence", "publisher", "prefixes", "pages", "tags"),
    "graph",
)
_PAGES_KEYS = ("feed", "footer", "related", "parameters", "overview", "network", "network_facet")
_PUBLISHER_KEYS = ("name", "iri", "homepage")
_GRAPH_KEYS = ("iri", "name", "title", "files", "rules")
_HTTP_BASE = re.compile(r"https?://[^/?#]+/(?:[^?#]*/)?")
# SPARQL 1.1 grammar, PN_PREFIX; the prefix may be empty.
_PREFIX = re.compile(r"(?:[^\W\d_](?:[\w.-]*[\w-])?)?")
# Characters of a pattern that are repeated.
_SHOWN: Final = 100
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class SourceGraph:
    """A named graph. ``name`` is the path segment of its own endpoint, if it has one.

    It is filled from ``files``, or by ``rules``: CONSTRUCT queries over all other graphs. ``line`` is that of
    the manifest which names them.
    """

    iri: str
    name: str | None
    title: Mapping[str, str]
    files: tuple[Path, ...]
    rules: tuple[Path, ...] = ()
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Pages:
    """The part of the manifest that pages of the site use.

    ``footer`` is a sentence by language tag. ``parameters`` are the parameters of saved queries that take
    the IRI of a resource: the IRI of its class by the parameter's name. ``feed`` names the saved query
    whose publications are the site's feed, ``related`` the one whose rows are shown as related to the
    resource that such a parameter takes, ``overview`` those that are drawn as charts, ``network`` the one
    whose pairs are drawn as a network, and ``network_facet`` the facet of the catalogue that its names
    are values of.
    """

    footer: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    feed: str | None = None
    related: str | None = None
    overview: tuple[str, ...] = ()
    network: str | None = None
    network_facet: str | None = None


@dataclass(frozen=True, slots=True)
class Publisher:
    """The publisher of a dataset: the name by language tag; ``iri`` and ``homepage`` where given."""

    name: Mapping[str, str]
    iri: str | None = None
    homepage: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset by its manifest. ``title`` and ``description`` are by language tag; ``licence`` is an IRI.

    ``identifier`` is an IRI that stays, wherever the folder is: a data directory remembers it. ``tags`` are
    the names, by language tag, that people are shown for the tags of saved queries.
    """

    root: Path
    base: str
    identifier: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    prefixes: Mapping[str, str]
    graphs: tuple[SourceGraph, ...]
    licence: str | None = None
    publisher: Publisher | None = None
    pages: Pages = field(default_factory=Pages)
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def queries(self) -> Path:
        """Return the folder of the saved queries."""
        return self.root / "queries"

    @property
    def shapes(self) -> Path | None:
        """Return the file of the SHACL shapes of the data, where there is one."""
        return _if_file(self.root / "ontology" / "shapes.ttl")

    @property
    def search(self) -> Path | None:
        """Return the configuration file of the text index, where there is one."""
        return _if_file(self.root / "seed" / "search.toml")

    @property
    def tables(self) -> tuple[Path, ...]:
        """Return the mapping files, by which tables become statements."""
        return tuple(sorted((self.root / "seed" / "tables").glob("[!.]*.toml")))

    @property
    def derived(self) -> SourceGraph | None:
        """Return the graph that rules fill, where there is one."""
        return next((graph for graph in self.graphs if graph.rules), None)

    def digest(self) -> str:
        """Return the hexadecimal BLAKE2b of the files that determine a generation.

        They are the manifest, the files of the graphs, the rules and the fields of the text index, by their
        relative names and bytes.

        Raises :class:`DataError` where a file can no longer be read.
        """
        whole = hashlib.blake2b(digest_size=32)
        files = {file for graph in self.graphs for file in (*graph.files, *graph.rules)}
        for path in sorted({self.root / MANIFEST, *files, *filter(None, [self.search])}):
            whole.update(path.relative_to(self.root).as_posix().encode() + b"\0" + _digest(path))
        return whole.hexdigest()

    def file_digests(self) -> dict[str, str]:
        """Return the hexadecimal BLAKE2b of each file of the graphs, and of its graphs, by its relative name.

        Raises :class:`DataError` where a file can no longer be read.
        """
        graphs: dict[Path, list[str]] = {}
        for graph in self.graphs:
            for path in graph.files:
                graphs.setdefault(path, []).append(graph.iri)
        return {
            path.relative_to(self.root).as_posix(): hashlib.blake2b(
                _digest(path) + " ".join(sorted(iris)).encode(), digest_size=32
            ).hexdigest()
            for path, iris in graphs.items()
        }


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "blake2b").digest()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path) from error


def _if_file(path: Path) -> Path | None:
    return path if path.is_file() else None


def default_root(package: Path = Path(__file__).parent) -> Path:
    """Return the dataset that comes with the server: inside an installed package, beside it in a checkout."""
    packaged = package / "dataset"
    return packaged if packaged.is_dir() else package.parent


def read_dataset(root: Path) -> Dataset:
    """Read ``seed/dataset.toml`` under ``root`` and find the files it names.

    Raises :class:`DataError`, with the line where it is known, when the manifest is missing, is not TOML,
    has a key that is unknown, missing or of the wrong type, or names a file that is not there.
    """
    file = root / MANIFEST
    if not file.exists():
        raise DataError("There is no manifest here; a dataset is a folder with seed/dataset.toml.", file)
    top = read_toml(file)
    top.check_keys(_DATASET_KEYS)
    base = top.text("base")
    if not _HTTP_BASE.fullmatch(base) or not is_absolute_iri(base):
        raise top.error(f"must be an http or https IRI that ends with a slash, but is {base!r}", "base")
    return Dataset(
        root=root,
        base=base,
        identifier=top.iri("identifier") if "identifier" in top.values else base,
        title=top.by_language("title"),
        description=top.by_language("description"),
        prefixes=_prefixes(top),
        graphs=tuple(_graphs(top, root)),
        licence=top.iri("licence") if "licence" in top.values else None,
        publisher=_publisher(top.table("publisher")) if "publisher" in top.values else None,
        pages=_pages(top),
        tags={tag: top.table("tags").by_language(tag) for tag in top.table("tags").values},
    )


def _publisher(table: TomlTable) -> Publisher:
    table.check_keys(_PUBLISHER_KEYS)
    return Publisher(
        name=table.by_language("name"),
        iri=table.iri("iri") if "iri" in table.values else None,
        homepage=table.iri("homepage") if "homepage" in table.values else None,
    )


def _pages(top: TomlTable) -> Pages:
    pages = top.table("pages")
    pages.check_keys(_PAGES_KEYS)
    parameters = pages.table("parameters")
    return Pages(
        footer=pages.by_language("footer") if "footer" in pages.values else {},
        parameters={name: _class(parameters, name, _prefixes(top)) for name in parameters.values},
        feed=pages.text("feed", "") or None,
        related=pages.text("related", "") or None,
        overview=pages.texts("overview", ()),
        network=pages.text("network", "") or None,
        network_facet=pages.text("network_facet", "") or None,
    )


def _class(table: TomlTable, key: str, prefixes: Mapping[str, str]) -> str:
    prefix, _, local = table.text(key).partition(":")
    return prefixes[prefix] + local if prefix in prefixes else table.iri(key)


def _prefixes(top: TomlTable) -> dict[str, str]:
    if "prefixes" not in top.values:
        raise top.error("is missing", "prefixes")
    table = top.table("prefixes")
    for prefix in table.values:
        if not _PREFIX.fullmatch(prefix):
            raise table.error("is not a prefix that SPARQL allows", prefix)
    return {prefix: table.iri(prefix) for prefix in table.values}


def _graphs(top: TomlTable, root: Path) -> Iterator[SourceGraph]:
    if "graph" not in top.values:
        raise top.error("is missing", "graph")
    seen: dict[str, int] = {}
    ruled = 0
    for number, table in enumerate(top.tables("graph"), 1):
        graph = _graph(table, root)
        if graph.rules and ruled:
            raise table.error(f"repeats that of [[graph]] {ruled}; one graph is derived", "rules")
        ruled = number if graph.rules else ruled
        for key, value in (("iri", graph.iri), ("name", graph.name)):
            if value is not None and (first := seen.setdefault(f"{key} {value}", number)) != number:
                raise table.error(f"repeats {value!r} of [[graph]] {first}", key)
        yield graph


def _graph(table: TomlTable, root: Path) -> SourceGraph:
    table.check_keys(_GRAPH_KEYS)
    name = table.text("name") if "name" in table.values else None
    if name is not None and not _SEGMENT.fullmatch(name):
        raise table.error(f"must be one path segment of letters, digits, - _ . but is {name!r}", "name")
    derived = "rules" in table.values
    if derived and "files" in table.values:
        raise table.error('stands beside "files"; a graph has one or the other', "rules")
    files = _files(table, "rules" if derived else "files", root)
    return SourceGraph(
        iri=table.iri("iri"),
        name=name,
        title=table.by_language("title"),
        files=() if derived else files,
        rules=files if derived else (),
        line=table.error("", "rules" if derived else "files").line,
    )


def _files(table: TomlTable, key: str, root: Path) -> tuple[Path, ...]:
    patterns = table.values.get(key)
    if patterns is None:
        raise table.error("is missing", key)
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise table.error('must be an array of file patterns, such as ["seed/*.ttl"]', key)
    return tuple(sorted({path for pattern in patterns for path in _matches(table, key, pattern, root)}))


def _matches(table: TomlTable, key: str, pattern: str, root: Path) -> list[Path]:
    if PurePath(pattern).is_absolute() or ".." in PurePath(pattern).parts:
        raise table.error(f"must stay within the dataset's folder, but has {pattern!r}", key)
    try:
        # Hidden files are an editor's locks and swap files, which patterns of pathlib would match.
        paths = [path for path in root.glob(pattern) if path.is_file() and not path.name.startswith(".")]
    except (ValueError, RecursionError) as error:
        raise table.error(f"has {pattern[:_SHOWN]!r}, which is no file pattern", key) from error
    except OSError as error:
        raise table.error(f"has {pattern[:_SHOWN]!r}, which cannot be read: {error.strerror}", key) from error
    if not paths:
        raise table.error(f"has {pattern!r}, which matches no file; a graph without data has files = []", key)
    return paths


@lru_cache(maxsize=2048)
def resource_path(iri: str, base: str) -> str:
    """Return the path of the page of ``iri`` on a server whose resource IRIs begin with ``base``.

    An IRI becomes a URI as in RFC 3987 section 3.1: what is no ASCII as percent-encoded UTF-8, and what is
    percent-encoded already stays so. An IRI of another base, one with a query or a fragment, which no path
    can have, one with segments that clients would resolve away, and one whose path they would take for a
    host, is given to the page of any IRI as a parameter.
    """
    rest = iri.removeprefix(base)
    no_path = not rest or rest == iri or rest.startswith("/") or "?" in rest or "#" in rest
    if no_path or not _DOTS.isdisjoint(rest.split("/")):
        return f"{VIEW}?uri={quote(iri, safe='')}"
    return "/" + quote(_LONE_PERCENT.sub("%25", rest), safe=_IN_PATH)
