"""The folder of saved queries: which files hold some, what lies beside them about all of them.

Beside its queries grlc reads ``urls.yml`` or ``local-api-config.ini`` for the title and the licence of the
API, and ``endpoint.txt`` for the server to ask. Sub-folders are tags.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from endpoint.catalog.header import Entry, read_mapping
from endpoint.errors import DataError

SPARQL = (".rq", ".sparql")
TRANSFORMER = ".json"
TURTLE = ".ttl"
FRAGMENTS = ".tpf"
_KINDS = (*SPARQL, TRANSFORMER, TURTLE, FRAGMENTS)
_FRAME = ".frame.json"
_URLS, _CONFIGURATION, _ENDPOINT = "urls.yml", "local-api-config.ini", "endpoint.txt"


@dataclass(frozen=True, slots=True)
class About:
    """What a folder says of its queries together. ``title`` and ``description`` are by language tag."""

    title: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    contact_name: str | None = None
    contact_url: str | None = None
    licence: str | None = None


# Path, inode, size and time of change of each file.
Fingerprint = tuple[tuple[str, int, int, int], ...]


class QueryFile(NamedTuple):
    """One file that may hold queries, and the names of the sub-folders it lies in."""

    path: Path
    folders: tuple[str, ...]


class Folder(NamedTuple):
    """What was found, and what is odd about it. ``digest`` is that of all names and contents."""

    files: tuple[QueryFile, ...]
    about: About
    notices: tuple[DataError, ...]
    digest: bytes


def read_folder(folder: Path) -> Folder:
    """The files of ``folder`` and its sub-folders, hidden ones left out, in the order of their paths.

    Raises :class:`OSError` where the folder itself cannot be read.
    """
    next(folder.iterdir(), None)
    notices: list[DataError] = []
    files = []
    digest = blake2b(digest_size=16)
    for path in _visible(folder):
        parts = path.relative_to(folder).parts
        if path.suffix in _KINDS and not path.name.endswith(_FRAME):
            files.append(QueryFile(path, parts[:-1]))
        digest.update("/".join(parts).encode(errors="surrogateescape") + b"\0")
        try:
            digest.update(blake2b(path.read_bytes(), digest_size=16).digest())
        except OSError:
            digest.update(b"unreadable")
    if (folder / _ENDPOINT).is_file():
        told = "This server answers from its own data; the address in this file is not used."
        notices.append(DataError(told, folder / _ENDPOINT))
    try:
        about = _about(folder, notices)
    except DataError as error:
        notices.append(error)
        about = About()
    return Folder(tuple(files), about, tuple(notices), digest.digest())


def fingerprint(folder: Path) -> Fingerprint:
    """What changes when a file below ``folder`` does: names, inodes, sizes and times, without reading any.

    Empty where the folder cannot be read.
    """
    found = []
    for path in _visible(folder):
        try:
            state = path.stat()
        except OSError:
            continue  # it went away meanwhile, and is not there the next time
        found.append((str(path), state.st_ino, state.st_size, state.st_mtime_ns))
    return tuple(found)


def _visible(folder: Path) -> list[Path]:
    """The files below ``folder`` in order, hidden ones left out; what is named like a query counts as one."""
    found = []
    # Passes over a sub-folder that goes away meanwhile.
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        named = [*files, *(name for name in folders if Path(name).suffix in _KINDS)]
        found += [Path(place, name) for name in named if not name.startswith(".")]
    return sorted(found)


def read_content(file: Path) -> bytes:
    """The content of a file. Raises DataError."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.") from None


def read_text(file: Path) -> str:
    """The text of a file with LF line ends and without a byte order mark. Raises DataError."""
    return decode_text(read_content(file))


def decode_text(data: bytes) -> str:
    """The text of a file's content, as :func:`read_text` gives it. Raises DataError."""
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


def _about(folder: Path, notices: list[DataError]) -> About:
    if (folder / _URLS).is_file():
        return _read_urls(folder / _URLS, notices)
    if (folder / _CONFIGURATION).is_file():
        return _read_configuration(folder / _CONFIGURATION)
    return About()


def _read_urls(file: Path, notices: list[DataError]) -> About:
    try:
        entries, odd = read_mapping(read_text(file))
        told = [*odd, *_remote(entries.get("queries"), file.parent)]
        about = _about_of(entries)
    except DataError as error:
        raise DataError(error.detail, file, error.line, error.column) from None
    notices += [DataError(error.detail, file, error.line, error.column) for error in told]
    return about


def _about_of(entries: Mapping[str, Entry]) -> About:
    entries = {key: entry for key, entry in entries.items() if entry.content}
    contact = entries["contact"].content if "contact" in entries else {}
    named = contact if isinstance(contact, Mapping) else {"name": entries["contact"]}
    licence = entries.get("licence", entries.get("license"))
    return About(
        title=entries["title"].by_language() if "title" in entries else {},
        description=entries["description"].by_language() if "description" in entries else {},
        contact_name=named["name"].text() if "name" in named else None,
        contact_url=named["url"].text() if "url" in named else None,
        licence=None if licence is None else licence.text(),
    )


def _remote(queries: Entry | None, folder: Path) -> list[DataError]:
    """What the list of queries names that is not read from here."""
    odd: list[DataError] = []
    if queries is None:
        return odd
    for item in queries.content if isinstance(queries.content, tuple) else (queries,):
        place = item.content.get("url", item) if isinstance(item.content, Mapping) else item
        name = place.content.strip() if isinstance(place.content, str) else ""
        if "://" in name:
            told = f"{name} is not fetched: this server reads local files only. Put a copy into this folder."
            odd.append(place.error(told))
        elif not name or not (folder / name).is_file():
            odd.append(place.error(f'There is no file "{name}" here.'))
    return odd


def _read_configuration(file: Path) -> About:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(file))
    except (configparser.Error, DataError) as error:
        raise DataError(f"The file is not read: {error}".splitlines()[0], file) from None
    values = dict(parser["repo_info"]) if parser.has_section("repo_info") else {}
    return About(
        title={"": values["repo_title"]} if values.get("repo_title") else {},
        description={"": values["api_description"]} if values.get("api_description") else {},
        contact_name=values.get("contact_name"),
        contact_url=values.get("contact_url"),
        licence=values.get("licence_url"),
    )
