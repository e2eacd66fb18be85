"""The dataset that a generation belongs to, and the files of that dataset that are in it.

The rules, the fields and the shapes of another dataset would derive from, index and validate what they were
not made for. So each generation has a record of its dataset, and whoever comes with another one is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from endpoint.dataset import Dataset, default_root
from endpoint.errors import ConfigurationError, StoreError
from endpoint.storage.generations import Generation

# Its name in the folder of a generation.
RECORD: Final = "dataset.json"
_NAMES_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """The dataset of a generation by its ``identifier``, and its ``files`` that are in it, with digests."""

    identifier: str
    files: Mapping[str, str]

    @classmethod
    def of(cls, generation: Generation) -> Origin | None:
        """Read the record of a generation; None where an older version, which knew none, has published it.

        :raises StoreError: the record is damaged.
        """
        path = generation.path / RECORD
        try:
            members = json.loads(path.read_bytes())
            identifier, files = members["identifier"], dict(members["files"])
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"The file {path} cannot be read: {error.strerror}.") from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise StoreError(f"The file {path} is damaged ({error}). Restore it from a backup.") from error
        if not isinstance(identifier, str):
            raise StoreError(f"The file {path} is damaged. Restore it from a backup.")
        return cls(identifier, files)

    def write(self, folder: Path) -> None:
        """Write the record into the folder of a generation."""
        members = {"identifier": self.identifier, "files": dict(self.files)}
        (folder / RECORD).write_text(json.dumps(members, ensure_ascii=False, indent=1) + "\n", "utf-8")


@dataclass(frozen=True, slots=True)
class FileChanges:
    """The names of files that are ``new``, ``changed`` or ``gone`` since they were brought in."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]

    @classmethod
    def since(cls, origin: Origin, dataset: Dataset) -> FileChanges:
        """Compare the files of the graphs of ``dataset`` with those that were brought in.

        :raises DataError: a file can no longer be read.
        """
        before, now = origin.files, dataset.file_digests()
        return cls(
            new=tuple(sorted(now.keys() - before.keys())),
            changed=tuple(sorted(name for name in now.keys() & before.keys() if now[name] != before[name])),
            gone=tuple(sorted(before.keys() - now.keys())),
        )

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)

    def __str__(self) -> str:
        """Tell the files, and how they are brought in."""
        kinds = {"changed": self.changed, "new": self.new, "gone": self.gone}
        listed = "; ".join(f"{kind}: {_listed(names)}" for kind, names in kinds.items() if names)
        return (
            f"files of the dataset are no longer as they were brought in ({listed}), and loaded data stands "
            "beside them: 'endpoint load --own-files' brings them in, with --dry-run it shows the effect"
        )


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def origin_in(
    data: Path, generation: Generation | None, dataset: Dataset, adopt: bool = False
) -> Origin | None:
    """Return the record of ``generation``, the current one of ``data``, for a command about ``dataset``.

    None where nothing is published, and where an older version, which wrote no record, has published it. To
    ``adopt`` is to go on although it belongs to another dataset.

    :raises ConfigurationError: it belongs to another dataset.
    :raises StoreError: the record is damaged.
    """
    origin = None if generation is None else Origin.of(generation)
    if origin is None or adopt or origin.identifier == dataset.identifier:
        return origin
    meant = f"The one in {dataset.root} is <{dataset.identifier}>."
    if dataset.root == default_root():
        meant = f"Without --dataset, the one that comes with the server is meant: <{dataset.identifier}>."
    raise ConfigurationError(
        f"The data in {data} belongs to the dataset <{origin.identifier}>. {meant} Name the folder of the "
        "right dataset with --dataset DIR, or another folder of data with --data DIR. Who means to give this "
        "data to another dataset adds --adopt, to endpoint serve, load or remove."
    )


def same_dataset(old: Generation, current: Generation | None, adopt: bool) -> None:
    """Refuse to put ``old`` in the place of ``current`` of another dataset, unless ``adopt``.

    :raises ConfigurationError: it does.
    :raises StoreError: a record is damaged.
    """
    before, now = Origin.of(old), None if current is None else Origin.of(current)
    if adopt or before is None or now is None or before.identifier == now.identifier:
        return
    raise ConfigurationError(
        f"Generation {old.number} belongs to the dataset <{before.identifier}>, and what is published now to "
        f"<{now.identifier}>. Who means to go to that dataset adds --adopt."
    )
