"""Each query evaluation test of the W3C has the same answer from columns as by the engine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.columns.conformance.cases import answers, cases
from tests.conformance.manifests import Case

CASES = list(cases(Path(os.environ["RDF_TESTS"]).absolute()))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_columns_answer_as_the_engine_does(case: Case, tmp_path: Path) -> None:
    found = answers(case, tmp_path / "columns")
    if not isinstance(found, str):
        assert found[0] == found[1]


def test_columns_answer_many() -> None:
    assert len(CASES) > 100
