"""Resources and their parts, known or not."""

from __future__ import annotations

import pytest

from endpoint.errors import DeadlineExceeded
from endpoint.web import Site
from endpoint.web.pages.resource import lookup
from endpoint.web.pages.resource.address import of_path
from endpoint.web.pages.resource.lookup import hash_iris, look_up
from tests.datasets.odd_resources import BASE
from tests.web.pages.resource.snapshots import read


@pytest.mark.parametrize("remembered", [5000, 1])
def test_parts_of_a_document_are_found_however_many_there_are(
    site: Site, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr(lookup, "_HASHES", remembered)
    document, other = f"{BASE}doc", f"{BASE}do"
    found = read(site, lambda snapshot: hash_iris(snapshot, [document, other, f"{document}#x"]))
    assert found == {document: (f"{document}#x", f"{document}#y")}


def test_a_failure_is_not_an_unknown_resource(site: Site) -> None:
    address = of_path("/thing/404", BASE)
    with pytest.raises(DeadlineExceeded):
        read(site, lambda snapshot: look_up(snapshot, address), DeadlineExceeded("Too long.", 1))
