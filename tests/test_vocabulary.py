"""Namespaces stand once."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint import vocabulary
from endpoint.vocabulary import PREFIXES

PACKAGE = Path(vocabulary.__file__).parent
NAMESPACES = {
    name: value for name, value in vars(vocabulary).items() if isinstance(value, str) and name.isupper()
}


def test_prefixes_and_constants_agree() -> None:
    for prefix, namespace in PREFIXES.items():
        constant = NAMESPACES.get(prefix.upper().replace("-", "_"), namespace)
        assert constant == namespace, prefix


@pytest.mark.parametrize(
    "file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.relative_to(PACKAGE).as_posix()
)
def test_no_other_module_spells_a_namespace(file: Path) -> None:
    text = file.read_text()
    spelled = [name for name, value in NAMESPACES.items() if f'"{value}' in text or f"<{value}" in text]
    assert spelled == [] or file.name == "vocabulary.py"
