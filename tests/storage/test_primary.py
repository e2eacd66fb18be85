"""The primary store that stays open between transactions, beside other writers."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from endpoint.storage import generations
from endpoint.storage.history import rollback
from endpoint.storage.primary import Primary
from endpoint.storage.writer import Writer

SUBJECT = NamedNode("http://example.org/s")


def add(data: Path, value: str, primary: Primary | None = None) -> Store:
    """Publish one more value; return the store in which that was done."""
    with Writer(data, primary=primary) as writer, writer.transaction() as transaction:
        transaction.store.add(Quad(SUBJECT, SUBJECT, Literal(value)))
    return transaction.store


def values(data: Path) -> set[str]:
    generation = generations.current(data)
    assert generation is not None
    store = Store.read_only(str(generation.path / "store"))
    return {quad.object.value for quad in store if isinstance(quad.object, Literal)}


def test_it_stays_open_from_one_writer_to_the_next(tmp_path: Path) -> None:
    primary = Primary(tmp_path)
    first = add(tmp_path, "a", primary)
    assert add(tmp_path, "b", primary) is first
    assert values(tmp_path) == {"a", "b"}
    # Another writer has one of its own, since this one is in use.
    assert add(tmp_path, "c") is not first
    assert add(tmp_path, "d", primary) is not first
    assert values(tmp_path) == {"a", "b", "c", "d"}


def test_what_a_rollback_or_a_failure_leaves_is_not_gone_on_with(tmp_path: Path) -> None:
    primary = Primary(tmp_path)
    first = add(tmp_path, "a", primary)
    add(tmp_path, "b", primary)
    rollback(tmp_path, 1)
    assert add(tmp_path, "c", primary) is not first
    assert values(tmp_path) == {"a", "c"}
    failing = pytest.raises(ZeroDivisionError)
    with Writer(tmp_path, primary=primary) as writer, failing, writer.transaction() as transaction:
        transaction.store.add(Quad(SUBJECT, SUBJECT, Literal("half")))
        raise ZeroDivisionError
    add(tmp_path, "d", primary)
    assert values(tmp_path) == {"a", "c", "d"}


def test_a_closed_one_leaves_its_store_to_others(tmp_path: Path) -> None:
    primary = Primary(tmp_path)
    add(tmp_path, "a", primary)
    (folder,) = (tmp_path / "primary").iterdir()
    primary.close()
    add(tmp_path, "b")
    assert [*(tmp_path / "primary").iterdir()] == [folder]
