"""``/.well-known/security.txt`` is as RFC 9116 wants it, where there is a contact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from endpoint.app import create_application, create_site
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.machine.contact import PATH
from tests.web.exchanges import scope_of, sent_by


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    yield create_site(Settings(public_url="https://data.example.org/lod"))


def test_the_contacts_of_the_settings_are_told(site: Site) -> None:
    contacts = ("mailto:security@example.org", "https://example.org/security")
    site.settings = replace(site.settings, security_contact=contacts)
    sent = sent_by(create_application(site), scope_of("GET", PATH))
    assert (sent.status, sent.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    lines = [line.split(": ", 1) for line in sent.body.decode().splitlines()]
    assert [value for name, value in lines if name == "Contact"] == list(contacts)
    fields = dict(lines)
    assert fields["Canonical"] == f"https://data.example.org/lod{PATH}"
    expires = datetime.fromisoformat(re.sub("Z$", "+00:00", fields["Expires"]))
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=365)
    assert "etag" in sent.headers


def test_nothing_is_there_without_a_contact(site: Site) -> None:
    site.settings = replace(site.settings, security_contact=())
    assert sent_by(create_application(site), scope_of("GET", PATH)).status == 404
