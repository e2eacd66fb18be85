"""TLS of the server's own: answers, the renewal of the certificate, and what is said of wrong files."""

from __future__ import annotations

import http.client
import os
import signal
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from tests.live import Server, run, serving
from tests.waiting import PATIENCE, until

ISSUER = trustme.CA()
LARGE = "SELECT ?a ?b { { SELECT ?a { ?a ?p ?o } LIMIT 300 } { SELECT ?b { ?b ?q ?r } LIMIT 300 } }"


def issue(folder: Path) -> tuple[str, ...]:
    """Write a new certificate for this machine and its key; return the flags that name them."""
    issued = ISSUER.issue_cert("127.0.0.1")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    key.touch(0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    return "--tls-certificate", str(certificate), "--tls-key", str(key)


@contextmanager
def connected(server: Server, context: ssl.SSLContext | None = None) -> Iterator[http.client.HTTPSConnection]:
    if context is None:
        context = ssl.create_default_context()
        ISSUER.configure_trust(context)
    connection = http.client.HTTPSConnection(server.host, server.port, timeout=PATIENCE, context=context)
    with closing(connection):
        yield connection


def serial(server: Server) -> str:
    """The serial number of the certificate that a new connection sees."""
    with connected(server) as connection:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        found = connection.sock.getpeercert()
        assert found is not None
        number = found["serialNumber"]
        assert isinstance(number, str)
        return number


def get(connection: http.client.HTTPSConnection, path: str) -> bytes:
    connection.request("GET", path, headers={"Accept": "text/csv, */*;q=0.1"})
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read()


def test_it_answers_over_tls_and_links_to_it(tmp_path: Path, data: Path) -> None:
    with serving(data, *issue(tmp_path)) as server, connected(server) as connection:
        # On one connection: an answer in one write, a stream, and one more.
        assert get(connection, "/-/live") == b'{"status": "live"}\n'
        assert get(connection, f"/sparql?query={quote(LARGE)}").count(b"\r\n") == 300 * 300 + 1
        assert f"https://{server.host}:{server.port}".encode() in get(connection, "/void.ttl")
        with connected(server, old_clients()) as old, pytest.raises(ssl.SSLError):
            old.connect()
        assert server.stop() == 0


def old_clients() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ISSUER.configure_trust(context)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def test_plain_http_on_the_port_of_tls_harms_nobody(tmp_path: Path, data: Path) -> None:
    with serving(data, *issue(tmp_path)) as server:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            server.get("/-/live")
        with connected(server) as connection:
            assert get(connection, "/-/live")
        assert "Traceback" not in server.log.read_text()


def test_sighup_renews_the_certificate(tmp_path: Path, data: Path) -> None:
    with serving(data, *issue(tmp_path)) as server, connected(server) as open_before:
        get(open_before, "/-/live")
        first = serial(server)
        issue(tmp_path)
        os.kill(server.process.pid, signal.SIGHUP)
        until(lambda: serial(server) != first)
        second = serial(server)
        # A file that is being written leaves the certificate as it is, and connections stay.
        (tmp_path / "key.pem").write_text("-----BEGIN")
        os.kill(server.process.pid, signal.SIGHUP)
        until(lambda: "the settings stay as they were: tls_certificate" in server.log.read_text())
        assert serial(server) == second
        get(open_before, "/-/live")


def test_a_key_of_another_certificate_is_said_at_the_start(tmp_path: Path) -> None:
    flags = issue(tmp_path)
    (tmp_path / "key.pem").write_bytes(ISSUER.issue_cert("other").private_key_pem.bytes())
    ended = run("serve", "--port", "0", "--data", str(tmp_path / "data"), *flags)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"endpoint: tls_key: {flags[3]} is not the key of the certificate in")
    assert "Traceback" not in ended.stderr
