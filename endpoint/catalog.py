"""The catalog of saved queries: reads ``*.rq`` files, checks them, binds what a client sent.

A file is a SPARQL query with a header of ``#+`` lines (see :mod:`endpoint.header`). Its parameters
are variables named as grlc names them: ``?_author`` is the parameter "author", ``?_year_integer`` a
typed one, ``?_title_ko`` one in a language, and ``?__author`` an optional one, which stays a variable
when it is not given. A file that does not load becomes a problem; the others load.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from endpoint.declarations import read_parameters
from endpoint.errors import DataError, MalformedQuery, QueryTooComplex
from endpoint.formats import QueryForm
from endpoint.header import Entry, read_header
from endpoint.operation import Classified, bind, bindable, classify
from endpoint.parameters import Parameter, read_values

_KEYS = ("summary", "description", "tags", "params")
_NAME = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One saved query. ``text`` is the query with its parameters as variables, without the header.

    ``summary`` and ``description`` are by language tag, under ``""`` where the file tells none.
    ``volatile`` and ``dataset_clause`` are as in :class:`~endpoint.operation.Classified`.
    """

    name: str
    path: Path
    summary: Mapping[str, str]
    description: Mapping[str, str]
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: str
    form: QueryForm
    volatile: bool = False
    dataset_clause: bool = False

    def example_values(self) -> dict[str, str]:
        """A value by name for each parameter that tells an example, a default or its choices."""
        return {row.name: row.sample for row in self.parameters if row.sample is not None}


@dataclass(frozen=True, slots=True)
class Catalog:
    """The saved queries by name, in the order of their names, and why the other files did not load."""

    queries: Mapping[str, SavedQuery]
    problems: tuple[DataError, ...]


def read_catalog(folder: Path, max_nesting: int) -> Catalog:
    """Read every ``*.rq`` file of ``folder``, hidden ones left out. Raises nothing."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".rq" and file.name[0] != ".")
    except OSError as error:
        reason = f"The folder of saved queries cannot be read: {error.strerror}."
        return Catalog({}, (DataError(reason, folder),))
    queries: dict[str, SavedQuery] = {}
    problems: list[DataError] = []
    for file in files:
        try:
            query = _load(file, max_nesting)
            if query.name in queries:
                raise DataError(
                    f'The name "{query.name}", which ends at the first dot, is taken by '
                    f"{queries[query.name].path.name}. Rename one of them."
                )
            queries[query.name] = query
        except DataError as error:
            problems.append(DataError(error.detail, file, error.line, error.column))
    return Catalog({name: queries[name] for name in sorted(queries)}, tuple(problems))


def bind_query(query: SavedQuery, received: Sequence[tuple[str, str]]) -> str:
    """The text of ``query`` with the received values in place of its parameters.

    ``received`` are decoded pairs of name and value, without those that the protocol keeps for itself
    (:data:`endpoint.declarations.RESERVED`). Raises :class:`~endpoint.errors.BadParameter`.
    """
    return bind(query.text, read_values(query.parameters, received))


def _load(file: Path, max_nesting: int) -> SavedQuery:
    source = _read_text(file)
    name = unicodedata.normalize("NFC", file.name.partition(".")[0])
    if not _NAME.fullmatch(name):
        raise DataError("The name of a saved query consists of letters, digits, - and _. Rename the file.")
    header = read_header(source, _KEYS)
    classified = _classify(source, max_nesting)
    if classified.form is None:
        raise DataError("The file holds an update; a saved query is SELECT, ASK, CONSTRUCT or DESCRIBE.")
    if classified.foreign:
        raise DataError(
            f"The query calls SERVICE {classified.foreign[0]}; "
            "saved queries are answered from this endpoint's data alone."
        )
    params = header.entries.get("params")
    parameters = read_parameters(source, {} if params is None else params.members())
    for problem in bindable(source, [parameter.variable for parameter in parameters]):
        raise DataError(problem.sentence, None, problem.line, problem.column)
    tags = header.entries.get("tags")
    return SavedQuery(
        name=name,
        path=file,
        summary=_by_language(header.entries.get("summary")),
        description=_by_language(header.entries.get("description")),
        tags=() if tags is None else tags.strings(),
        parameters=parameters,
        text=header.body,
        form=classified.form,
        volatile=classified.volatile,
        dataset_clause=classified.dataset_clause,
    )


def _by_language(entry: Entry | None) -> dict[str, str]:
    return {} if entry is None else entry.by_language()


def _classify(source: str, max_nesting: int) -> Classified:
    try:
        return classify(source, max_nesting)
    except MalformedQuery as error:
        raise DataError(error.detail, None, error.line, error.column) from None
    except QueryTooComplex as error:
        raise DataError(error.detail) from None


def _read_text(file: Path) -> str:
    """The text of a file with LF line ends and without a byte order mark. Raises DataError."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        start_of_line = before.rfind(b"\n") + 1
        raise DataError(
            "The file is not UTF-8; save it in that encoding.",
            None,
            before.count(b"\n") + 1,
            len(before[start_of_line:].decode("utf-8-sig")) + 1,
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
