"""The engine knows the functions that are said to be known, and no others near them."""

from __future__ import annotations

import pytest
from pyoxigraph import Store

from endpoint.engine.functions import EXTENSION_FUNCTIONS


@pytest.mark.parametrize("name", EXTENSION_FUNCTIONS)
def test_the_engine_knows_each_function(name: str) -> None:
    # It is an error of the expression only where the engine knows the function.
    assert [row["x"] for row in Store().query(f"SELECT (<{name}>('x') AS ?x) {{}}")] == [None]  # type: ignore[union-attr]
    with pytest.raises(RuntimeError, match="not supported"):
        Store().query(f"SELECT (<{name}s>(1) AS ?x) {{}}")
