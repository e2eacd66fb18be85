"""The real process: start, signals, killed workers, killed templates, killed server, wrong flags."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import ROOT, Server, command, environment, run, serving
from tests.waiting import PATIENCE, until


def wait_until_gone(pids: list[int]) -> None:
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def generation_of(server: Server) -> int:
    return int(server.get("/-/ready").json()["generation"])


def test_it_says_where_it_is_and_answers(tmp_path: Path) -> None:
    with serving(tmp_path / "data", forked=False) as server:
        assert server.query("ASK { ?s ?p ?o }").json() == {"head": {}, "boolean": True}
        assert server.get("/-/live").json() == {"status": "live"}
        assert server.get("/-/ready").json()["generation"] == 1
        children = server.children()
        assert len(children) >= 3
        assert server.stop() == 0
        wait_until_gone(children)
    assert server.process.stdout is not None


def test_it_serves_where_nobody_reads_its_first_line(tmp_path: Path, data: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    # A service manager is told the address as well.
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified,
        os.fdopen(writer, "wb") as nobody,
        (tmp_path / "log").open("wb") as log,
    ):
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(PATIENCE)
        process = subprocess.Popen(
            command("serve", "--port", "0", "--data", str(data)),
            stdout=nobody,
            stderr=log,
            env={**environment(), "NOTIFY_SOCKET": str(tmp_path / "notify")},
        )
        try:
            said = notified.recv(4096).decode()
            address = said.partition("STATUS=Serving http://127.0.0.1:")[2]
            connection = http.client.HTTPConnection("127.0.0.1", int(address), timeout=PATIENCE)
            connection.request("GET", "/-/live")
            assert connection.getresponse().status == 200, said
            connection.close()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def lasting(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the tests after which it is as before."""
    data = shutil.copytree(published, tmp_path_factory.mktemp("lasting") / "data")
    with serving(data, "--workers", "2") as server:
        yield server


def test_workers_are_forked_from_a_process_without_threads(lasting: Server) -> None:
    until(lambda: len(lasting.children()) == 3)
    template = lasting.children()[0]
    assert len([*Path(f"/proc/{template}/task").iterdir()]) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_and_everything_below(data: Path, number: signal.Signals) -> None:
    with serving(data, forked=False) as server:
        children = server.children()
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE) == 0
        wait_until_gone(children)


def test_kill_minus_nine_leaves_no_process_and_a_whole_store(data: Path) -> None:
    with serving(data, forked=False) as server:
        children = server.children()
        server.process.kill()
        server.process.wait(PATIENCE)
        wait_until_gone(children)
    with serving(data) as server:
        assert generation_of(server) == 1
        assert server.query("ASK { ?s ?p ?o }").json()["boolean"] is True


def test_a_killed_worker_is_replaced(lasting: Server) -> None:
    until(lambda: len(lasting.children()) == 3)
    template, *workers = lasting.children()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    assert [lasting.query("ASK {}").status for _ in range(6)] == [200] * 6
    until(lambda: len(set(lasting.children()) - set(workers)) == 3)
    until(lambda: not set(workers) & set(lasting.children()))
    assert template in lasting.children()


def test_a_killed_template_is_replaced(lasting: Server) -> None:
    template = lasting.children()[0]
    os.kill(template, signal.SIGKILL)
    until(lambda: len(lasting.children()) >= 3 and template not in lasting.children())
    for _ in range(4):
        assert lasting.query("ASK { ?s ?p ?o }").json()["boolean"] is True


def test_a_generation_loaded_by_another_process_is_served(tmp_path: Path, data: Path) -> None:
    (tmp_path / "more.ttl").write_text("<urn:s> <urn:p> 1 .\n")
    with serving(data) as server:
        assert server.query("ASK { <urn:s> ?p ?o }").json()["boolean"] is False
        tag = server.query("ASK { <urn:s> ?p ?o }").headers["etag"]
        loaded = run("load", str(tmp_path / "more.ttl"), "--data", str(data), "--graph", "urn:g")
        assert loaded.returncode == 0, loaded.stderr
        assert loaded.stdout.startswith("Generation 2 holds ")
        until(lambda: generation_of(server) == 2)
        answer = server.query("ASK { <urn:s> ?p ?o }")
        assert answer.json()["boolean"] is True
        assert answer.headers["etag"] != tag


def test_wrong_data_changes_nothing(tmp_path: Path, data: Path) -> None:
    (tmp_path / "bad.ttl").write_text("<urn:s> <urn:p> 1 .\n<urn:s> nope:x 2 .\n")
    failed = run("load", str(tmp_path / "bad.ttl"), "--data", str(data))
    assert failed.returncode == 1
    assert "bad.ttl:2" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert (data / "current").read_text().strip() == "1"


WRONG = [
    (["serve", "--port", "x"], 2, "--port"),
    (["serve", "--prot", "1"], 2, "No such option"),
    (["serve", "--host", "256.1.1.1", "--port", "0"], 1, "Cannot listen on 256.1.1.1"),
    (["serve", "--dataset", "nowhere", "--port", "0"], 1, "nowhere"),
    (["serve", "--config", "nowhere.toml"], 2, "nowhere.toml: cannot be read"),
    (["nonsense"], 2, "No such command"),
    (["load"], 2, "Missing argument"),
    (["load", "x.ttl", "--replace"], 2, "--replace needs --graph"),
    (["load", "x.ttl", "--graph", "relative"], 2, "not an absolute IRI"),
    (["load", "nowhere.ttl"], 1, "nowhere.ttl"),
    (["query", "ASK {}", "--format", "nope"], 2, "--format"),
    (["query", "SELEC * {}"], 1, "SELECT"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_wrong_usage_is_one_sentence_and_an_honest_code(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    data = [] if "--prot" in arguments or arguments[0] == "nonsense" else ["--data", str(tmp_path / "data")]
    ended = run(*arguments, *data, cwd=tmp_path)
    assert ended.returncode == code
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("serve", "--port", str(port), "--data", str(tmp_path / "data"))
    assert ended.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use." in ended.stderr


@pytest.mark.parametrize("name", ["", "serve", "load", "query", "check"])
def test_help(name: str) -> None:
    ended = run(*filter(None, [name]), "--help")
    assert ended.returncode == 0
    assert "Usage:" in ended.stdout
    assert len(ended.stdout.splitlines()) > 5


def test_a_damaged_store_is_one_sentence(data: Path) -> None:
    for file in (data / "generations" / "000001" / "store").glob("MANIFEST*"):
        file.unlink()
        file.write_bytes(b"nonsense")
    ended = run("serve", "--port", "0", "--data", str(data))
    assert ended.returncode == 1
    assert "the server cannot start" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_entity_tag_does_not_outlive_another_reading_of_the_default_graph(data: Path) -> None:
    text = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    with serving(data) as server:
        tag = server.query(text).headers["etag"]
    with serving(data, "--default-graph", "strict") as server:
        assert server.query(text).headers["etag"] != tag


def test_a_stop_while_the_server_starts_is_not_lost(data: Path) -> None:
    for delay in (0.3, 0.6, 0.9, 1.2):
        process = subprocess.Popen(
            command("serve", "--port", "0", "--data", str(data)),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, 1, -signal.SIGTERM)
