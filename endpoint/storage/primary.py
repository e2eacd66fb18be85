"""The primary store of a data directory, in which its writer works.

It is the only store that changes. ``primary.generation`` names the generation that it equals, and is not
there while it may equal none; then, and where it is damaged or in use, it is made again from the current
generation.
"""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress
from pathlib import Path

from pyoxigraph import Store

from endpoint.storage import durability, generations
from endpoint.storage.generations import Generation


class Primary:
    """The primary store of the data directory ``data``, which is opened when a transaction needs it.

    It may stay open while its owner does not have the lock of the directory. A writer that comes meanwhile
    finds it in use and makes another one, which is noticed with the next transaction.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._store: Store | None = None
        self._name = ""  # of its folder
        self._equals: int | None = None  # the generation that the open store equals

    def begin(self, base: Generation | None) -> Store:
        """Return the store, equal to ``base``, empty without it; from now on it counts as equal to none.

        :raises OSError, RuntimeError: it cannot be opened or made.
        """
        if base is None or self._store is None or not self._is_still(base.number):
            self.close()
            self._store = self._open(base)
        self._equals = None
        (self._data / "primary.generation").unlink(missing_ok=True)
        durability.sync(self._data)
        return self._store

    def _is_still(self, number: int) -> bool:
        """Return whether the open store equals a generation, and no other writer has made another one."""
        return self._equals == number and self._recorded() == (number, self._name)

    def _open(self, base: Generation | None) -> Store:
        folder = self._data / "primary"
        if base is not None:
            number, self._name = self._recorded()
            # Opening a folder that does not exist would create an empty store.
            if number == base.number and (folder / self._name / "CURRENT").is_file():
                with suppress(OSError, RuntimeError):  # damaged, or in use
                    return Store(str(folder / self._name))
        shutil.rmtree(folder, ignore_errors=True)
        # A new name: the caller of a failed transaction, or another process, may still have the store open,
        # and what that store writes late must not meet the files linked here to a generation; nor must
        # it matter that it wrote while the folder was being removed.
        folder.mkdir(exist_ok=True)
        self._name = uuid.uuid4().hex
        path = str(folder / self._name)
        if base is not None:
            Store.read_only(str(base.path / generations.STORE)).backup(path)
        return Store(path)

    def _recorded(self) -> tuple[int, str]:
        """Return the generation that the primary on disk equals, 0 for none, and the name of its folder."""
        try:
            number, name = (self._data / "primary.generation").read_text().split()
            return int(number), name
        except (OSError, ValueError):
            return 0, ""

    def settle(self, number: int) -> None:
        """Record that it equals generation ``number``. Raises OSError."""
        self._equals = number
        durability.replace(self._data / "primary.generation", f"{number} {self._name}\n")

    def discard(self) -> None:
        """Remove the store, which has the changes of a transaction that failed."""
        self.close()
        shutil.rmtree(self._data / "primary", ignore_errors=True)

    def close(self) -> None:
        """Close the store; the next transaction opens it again."""
        self._store = None
        self._equals = None
