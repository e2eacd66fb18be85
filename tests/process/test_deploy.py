"""The files of deploy/: nginx before a server for real, units and containers as far as tools check them."""

from __future__ import annotations

import configparser
import http.client
import json
import os
import random
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
import yaml

from tests.live import ROOT, Server, command, environment, serving
from tests.waiting import PATIENCE, until

DEPLOY = ROOT / "deploy"
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
NGINX = shutil.which("nginx", path=PATH)
ANALYZE = shutil.which("systemd-analyze", path=PATH)
ISSUER = trustme.CA()
# Some 80 MB as CSV, more than all buffers between server, proxy and client hold.
LARGE = "SELECT ?a ?b { { SELECT ?a { ?a ?p ?o } LIMIT 1000 } { SELECT ?b { ?b ?q ?r } LIMIT 1000 } }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
MAIN = """\
daemon off;
user {user};
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/endpoint.conf;
}}
"""


@dataclass(frozen=True)
class Proxied:
    """A server behind nginx, which answers over TLS on ``port``."""

    server: Server
    port: int
    plain: int

    def connection(self, source: str = "127.0.0.1") -> http.client.HTTPSConnection:
        """A connection from the address ``source`` of this machine."""
        context = ssl.create_default_context()
        ISSUER.configure_trust(context)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=PATIENCE, context=context, source_address=(source, 0)
        )

    def get(self, path: str, source: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, str], str]:
        with closing(self.connection(source)) as connection:
            connection.request(
                "GET", path, headers={name.replace("_", "-"): headers[name] for name in headers}
            )
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read().decode()


def free_port() -> int:
    """A port that nobody has, nor gets who asks for any, as the servers of other tests do meanwhile."""
    given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, max(given, 20_000))
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def example(server: Server, folder: Path, tls: int, plain: int) -> str:
    """The example with the addresses, ports and files of this test in place of its own."""
    issued = ISSUER.issue_cert("127.0.0.1")
    (folder / "fullchain.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    (folder / "privkey.pem").write_bytes(issued.private_key_pem.bytes())
    text = (DEPLOY / "nginx.conf").read_text()
    for before, after in (
        ("/etc/letsencrypt/live/example.org", str(folder)),
        ("server 127.0.0.1:8080;", f"server {server.host}:{server.port};"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen [::]:80;", ""),
        ("listen 443 ", f"listen 127.0.0.1:{tls} "),
        ("listen [::]:443 ssl http2;", ""),
        ("server_name example.org;", "server_name 127.0.0.1;"),
    ):
        assert before in text, before
        text = text.replace(before, after)
    return text


@pytest.fixture(scope="module")
def proxied(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """A server with short limits behind nginx with the example of deploy/."""
    if NGINX is None:
        pytest.skip("nginx is not installed, so the example for it is not tried: apt-get install nginx")
    folder = tmp_path_factory.mktemp("nginx")
    flags = ("--timeout", "2", "--client-timeout", "2")
    with serving(shutil.copytree(published, folder / "data"), *flags) as server:
        tls, plain = free_port(), free_port()
        with nginx(folder, example(server, folder, tls, plain), tls):
            yield Proxied(server, tls, plain)


@contextmanager
def nginx(folder: Path, site: str, port: int) -> Iterator[None]:
    """An nginx with this site, which listens on ``port``."""
    assert NGINX is not None
    user = "root" if os.getuid() == 0 else "nobody"
    (folder / "endpoint.conf").write_text(site)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"])
    try:
        await_port(port, process, folder)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def await_port(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            assert process.poll() is None, (folder / "error.log").read_text()
            return False
        return True

    until(listens)


def logged(server: Server, words: str) -> str:
    """The line of the log that contains the words, as soon as it is there."""
    until(lambda: words in server.log.read_text())
    return next(line for line in server.log.read_text().splitlines() if words in line)


def test_the_server_sees_the_client_and_not_what_it_claims(proxied: Proxied) -> None:
    status, _, text = proxied.get("/robots.txt", source="127.0.0.2", X_Forwarded_For="9.9.9.9")
    assert status == 200
    assert "https://127.0.0.1/" in text
    assert "client=127.0.0.2 " in logged(proxied.server, "path=/robots.txt")


def test_plain_http_leads_to_tls(proxied: Proxied) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", proxied.plain, timeout=PATIENCE)) as connection:
        connection.request("GET", "/sparql?query=ASK+%7B%7D")
        answer = connection.getresponse()
        assert answer.status == 301
        assert answer.headers["location"] == "https://example.org/sparql?query=ASK+%7B%7D"
        answer.read()


def test_an_answer_streams_and_a_cut_one_does_not_look_whole(proxied: Proxied) -> None:
    with closing(proxied.connection()) as connection:
        connection.request("GET", f"/sparql?query={quote(LARGE)}", headers={"Accept": "text/csv"})
        answer = connection.getresponse()
        assert answer.read(3) == b"a,b"
        # A proxy that buffers would have taken the whole answer from the server by the time it gives up.
        identifier = answer.headers["x-request-id"]
        assert "aborted=yes" in logged(proxied.server, f"request={identifier} ")
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError, ssl.SSLError)):
            answer.read()


def test_long_queries_pass_and_limits_are_explained_by_the_server(proxied: Proxied) -> None:
    assert proxied.get(f"/sparql?query={quote('ASK {} #' + 'x' * 50_000)}")[0] == 200
    with closing(proxied.connection()) as connection:
        body = b"ASK {} #" + b"x" * 2**21
        connection.request("POST", "/sparql", body, {"Content-Type": "application/sparql-query"})
        answer = connection.getresponse()
        assert answer.status == 413
        assert "limit of 2,097,152 bytes" in answer.read().decode()
    status, headers, text = proxied.get(f"/sparql?query={quote(ENDLESS)}")
    assert status == 504
    assert "ran longer than 2 s" in text
    assert headers["x-request-id"]


def test_the_metrics_are_not_for_the_world(proxied: Proxied) -> None:
    assert proxied.get("/-/metrics")[0] == 403
    assert proxied.get("/-/live")[0] == 200


def examined(server: Server, url: str, folder: Path) -> dict[str, str]:
    """The levels of what ``endpoint doctor`` finds of this address."""
    authority = folder / "authority.pem"
    authority.write_bytes(ISSUER.cert_pem.bytes())
    ended = subprocess.run(
        command("doctor", "--json", "--data", str(server.data), "--public-url", url),
        env={**environment(), "SSL_CERT_FILE": str(authority)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    findings = json.loads(ended.stdout)["findings"]
    assert ended.returncode == any(row["level"] == "fail" for row in findings)
    return {row["check"]: row["level"] for row in findings}


def test_the_doctor_finds_nothing_wrong_with_the_example(proxied: Proxied, tmp_path: Path) -> None:
    found = examined(proxied.server, f"https://127.0.0.1:{proxied.port}", tmp_path)
    assert (found["X-Forwarded-For"], found["Host"], found["buffering"]) == ("ok", "ok", "ok")


def test_the_doctor_says_what_a_careless_proxy_does(proxied: Proxied, tmp_path: Path) -> None:
    port, server = free_port(), proxied.server
    site = f"""
        server {{
            listen 127.0.0.1:{port};
            location / {{ proxy_pass http://{server.host}:{server.port}; proxy_set_header Host elsewhere; }}
        }}
    """
    with nginx(tmp_path, site, port):
        found = examined(server, f"http://127.0.0.1:{port}", tmp_path)
    assert (found["X-Forwarded-For"], found["Host"], found["buffering"]) == ("fail", "warn", "warn")


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed, so the units are not verified")
def test_systemd_knows_every_line_of_the_units(tmp_path: Path) -> None:
    assert ANALYZE is not None
    for name in ("endpoint.service", "endpoint.socket"):
        # The program is not installed at that place here.
        text = (DEPLOY / name).read_text().replace("/opt/endpoint/bin/endpoint", "/bin/true")
        (tmp_path / name).write_text(text)
    units = [tmp_path / "endpoint.service", tmp_path / "endpoint.socket"]
    verified = subprocess.run([ANALYZE, "verify", *units], capture_output=True, text=True, check=False)
    said = [line for line in verified.stderr.splitlines() if str(tmp_path) in line]
    assert said == []


def units(name: str) -> configparser.RawConfigParser:
    found = configparser.RawConfigParser(strict=False)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string((DEPLOY / name).read_text())
    return found


def test_the_socket_unit_names_its_descriptor_as_the_server_knows_it() -> None:
    assert units("endpoint.socket")["Socket"]["FileDescriptorName"] == "http"
    service = units("endpoint.service")["Service"]
    assert (service["Type"], service["KillMode"], service["OOMPolicy"]) == ("notify", "mixed", "continue")


def test_the_compose_file_builds_and_stops_the_server_as_documented() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    service = composed["services"]["endpoint"]
    built = (DEPLOY / service["build"]["context"]).resolve() / service["build"]["dockerfile"]
    assert built == DEPLOY / "Containerfile"
    assert service["stop_grace_period"] == "30s"
    assert set(composed["volumes"]) == {"data", "caddy"}
    (network,) = composed["networks"]["default"]["ipam"]["config"]
    assert service["environment"]["ENDPOINT_TRUSTED_PROXIES"] == f"127.0.0.0/8 {network['subnet']}"


def test_the_image_has_the_pinned_versions() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    assert (
        re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["docker.io/library/python:3.13-slim-bookworm"] * 2
    )
    assert "--constraint constraints.txt" in text
    assert (ROOT / "constraints.txt").is_file()
