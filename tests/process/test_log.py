"""What a running server writes to its log: fields that clients cannot forge, and no secrets."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

from tests.datasets.listed_values import make
from tests.live import Server, serving
from tests.waiting import until

SECRET = "c2VjcmV0-7f3a"
PATHS = (
    "/sparql?query=ASK%20%7B%7D&token={}",
    "/sparql?query=ASK%20%7B&access_token={}",
    "/sparql?token={}",
    "/api/nothing?token={}",
    "/resource?iri={}",
    "/search?q={}&token={}",
    "/-/live?token={}",
    "/-/admin?token={}",
    "/-/admin/queries/q1?token={}",
    "/-/metrics?token={}",
    "/-/static/nothing.js?token={}",
    "/nothing?token={}",
)


def lines(server: Server, requests: int) -> list[str]:
    """The lines of the log, once there is one for each of so many requests."""
    until(lambda: server.log.read_text().count(" request=") >= requests)
    return server.log.read_text().splitlines()


@pytest.mark.parametrize("known", [True, False])
def test_secrets_stay_out(tmp_path: Path, known: bool) -> None:
    dataset = make(tmp_path / "dataset")
    digest = sha256((SECRET if known else "another").encode()).hexdigest()
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(f'[watch]\nsha256 = "{digest}"\nscopes = ["admin", "metrics"]\n')
    tokens.chmod(0o600)
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "Proxy-Authorization": f"Basic {SECRET}",
        "Cookie": f"session={SECRET}",
        "Referer": f"http://localhost/?token={SECRET}",
        "X-Api-Key": SECRET,
    }
    log = tmp_path / "queries.jsonl"
    flags = ("--dataset", str(dataset), "--workers", "1", "--log-level", "debug")
    files = ("--tokens", str(tokens), "--query-log", str(log))
    with serving(tmp_path / "data", *flags, *files) as server:
        for path in PATHS:
            for method in ("GET", "POST", "PUT"):
                server.request(method, path.replace("{}", SECRET), headers=headers)
        written = lines(server, 3 * len(PATHS))
    assert SECRET not in "\n".join(written)
    if known:
        # What a search looks for is the text of its query, and no secret.
        logged = [line for line in log.read_text().splitlines() if '"form":"search"' not in line]
        assert SECRET not in "\n".join(logged)
        assert "token:watch" in log.read_text()


def test_a_client_cannot_forge_fields(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    with serving(tmp_path / "data", "--dataset", str(dataset), "--workers", "1") as server:
        forged = "9.9.9.9 status=200 path=/forged\x85\x9b2J"
        server.get("/a%0Astatus%3D200%E2%80%AE%C2%85", X_Forwarded_For=forged)
        server.get("/-/live", X_Forwarded_For='"', X_Request_Id=forged)
        written = [line for line in lines(server, 2) if " request=" in line]
    assert len(written) == 2
    for line in written:
        assert line.isprintable()
        fields = line.partition("INFO ")[2].split(" ")
        assert all(re.fullmatch(r'[a-z_]+=[^\s="\\]+', field) for field in fields), line
        names = [field.partition("=")[0] for field in fields]
        assert len(names) == len(set(names)), line
