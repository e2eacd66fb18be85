"""Saved queries that change under a running server: SIGHUP, and watched files."""

from __future__ import annotations

import os
import signal
import threading
from hashlib import sha256
from pathlib import Path

from tests.datasets.listed_values import make
from tests.live import Server, serving
from tests.waiting import PATIENCE, until

FIRST = 'SELECT ("first" AS ?answer) {}\n'
SECOND = 'SELECT ("second" AS ?answer) {}\n'


def hang_up(server: Server) -> None:
    """Send SIGHUP and wait until the queries were read again."""
    before = server.log.read_text().count("saved queries: ")
    os.kill(server.process.pid, signal.SIGHUP)
    until(lambda: server.log.read_text().count("saved queries: ") > before)


def answer(server: Server, name: str) -> str:
    found: str = server.get(f"/api/{name}").json()["rows"][0]["answer"]
    return found


def test_sighup_reads_the_queries_again(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    file = dataset / "queries" / "new.rq"
    with serving(tmp_path / "data", "--dataset", str(dataset), "--workers", "1") as server:
        version = server.get("/api").json()["version"]
        tag = server.get("/api/star").headers["etag"]
        file.write_text(FIRST)
        assert server.get("/api/new").status == 404
        hang_up(server)
        assert answer(server, "new") == "first"
        assert server.get("/api").json()["version"] != version
        # What is made of all queries is made anew.
        assert server.get("/api/star", If_None_Match=tag).status == 200
        source = server.get("/api/new.rq").headers["etag"]
        file.write_text(SECOND)
        hang_up(server)
        assert answer(server, "new") == "second"
        assert server.get("/api/new.rq", If_None_Match=source).status == 200
        file.unlink()
        hang_up(server)
        assert server.get("/api/new").status == 404
        assert server.get("/api").json()["version"] == version
        assert server.get("/api/star", If_None_Match=tag).status == 304
        log = server.log.read_text()
        assert [word for word in ("+new", "~new", "-new") if word not in log] == []


def test_a_file_that_is_half_written_takes_nothing_away(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    file = dataset / "queries" / "new.rq"
    file.write_text(FIRST)
    with serving(tmp_path / "data", "--dataset", str(dataset), "--workers", "1") as server:
        file.write_text("SELECT (")
        (dataset / "queries" / "other.rq").write_text(SECOND)
        hang_up(server)
        assert (answer(server, "new"), answer(server, "other")) == ("first", "second")
        problems = {row["file"]: row for row in server.get("/api").json()["problems"]}
        assert problems["new.rq"]["line"] == 1
        assert "read before" in problems["new.rq"]["detail"]
        assert "read before" not in problems["broken.rq"]["detail"]
        file.write_text(SECOND)
        hang_up(server)
        assert answer(server, "new") == "second"
        assert [row["file"] for row in server.get("/api").json()["problems"]] == ["broken.rq"]


def test_files_are_watched_where_the_setting_says_so(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    flags = ("--dataset", str(dataset), "--workers", "1", "--reload", "on")
    with serving(tmp_path / "data", *flags) as server:
        (dataset / "queries" / "folder").mkdir()
        (dataset / "queries" / "folder" / "new.rq").write_text(FIRST)
        until(lambda: server.get("/api/new").status == 200)
        (dataset / "queries" / "folder" / "new.rq").write_text(SECOND)
        until(lambda: answer(server, "new") == "second")
        (dataset / "queries" / "folder" / "new.rq").unlink()
        until(lambda: server.get("/api/new").status == 404)
        assert server.stop() == 0


def test_a_reload_fails_no_request(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    file = dataset / "queries" / "new.rq"
    file.write_text(FIRST)
    statuses: set[int] = set()
    answers: set[str] = set()
    ended = threading.Event()
    with serving(tmp_path / "data", "--dataset", str(dataset), "--workers", "1") as server:

        def ask() -> None:
            while not ended.is_set():
                got = server.get("/api/new")
                statuses.add(got.status)
                answers.add(got.json()["rows"][0]["answer"] if got.status == 200 else got.text)

        asking = threading.Thread(target=ask)
        asking.start()
        for text in (SECOND, FIRST, "SELECT", SECOND):
            file.write_text(text)
            hang_up(server)
        ended.set()
        asking.join(PATIENCE)
    assert statuses == {200}
    assert answers <= {"first", "second"}


def test_many_signals_do_no_harm(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    with serving(tmp_path / "data", "--dataset", str(dataset), "--workers", "1") as server:
        for _ in range(20):
            os.kill(server.process.pid, signal.SIGHUP)
        hang_up(server)
        assert server.get("/api/star").status == 200
        assert server.stop() == 0


def test_sighup_changes_the_settings_that_it_may(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    config = tmp_path / "endpoint.toml"
    config.write_text('max_query = "1kB"\ncors_origins = ["https://a.example"]\nqueue = 5\n')
    text = f"ASK {{}} # {'x' * 2000}"
    with serving(tmp_path / "data", "--dataset", str(dataset), "--config", str(config)) as server:
        assert server.query(text).status == 413
        config.write_text('max_query = "10kB"\ncors_origins = ["https://b.example"]\nqueue = 6\n')
        hang_up(server)
        assert server.query(text).status == 200
        headers = server.get("/-/live", Origin="https://b.example").headers
        assert headers["access-control-allow-origin"] == "https://b.example"
        log = server.log.read_text()
        assert "read the settings: ~max_query ~cors_origins\n" in log
        assert "needs a restart: queue\n" in log


def test_settings_with_a_mistake_change_nothing(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    config = tmp_path / "endpoint.toml"
    config.write_text('max_query = "1kB"\n')
    text = f"ASK {{}} # {'x' * 2000}"
    with serving(tmp_path / "data", "--dataset", str(dataset), "--config", str(config)) as server:
        config.write_text('max_query = "10kB"\ntimeout = "soon"\n')
        hang_up(server)
        assert server.query(text).status == 413
        said = "the settings stay as they were: timeout in the settings file: expected"
        assert said in server.log.read_text()
        config.write_text('log_level = "error"\nmax_query = "10kB"\n')
        os.kill(server.process.pid, signal.SIGHUP)
        until(lambda: server.query(text).status == 200)


def test_a_flag_goes_before_a_changed_file(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    config = tmp_path / "endpoint.toml"
    config.write_text("")
    flags = ("--dataset", str(dataset), "--config", str(config), "--max-query", "1kB")
    with serving(tmp_path / "data", *flags) as server:
        config.write_text('max_query = "10kB"\n')
        hang_up(server)
        assert server.query(f"ASK {{}} # {'x' * 2000}").status == 413
        assert "read the settings: nothing changed\n" in server.log.read_text()


def test_tokens_are_read_again(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    tokens = tmp_path / "tokens.toml"
    row = '[{}]\nsha256 = "{}"\n'
    tokens.write_text(row.format("first", sha256(b"first").hexdigest()))
    with serving(tmp_path / "data", "--dataset", str(dataset), "--tokens", str(tokens)) as server:

        def status(secret: str) -> int:
            return server.get("/api/star", Authorization=f"Bearer {secret}").status

        assert (status("first"), status("second")) == (200, 401)
        tokens.write_text(row.format("second", sha256(b"second").hexdigest()))
        hang_up(server)
        assert (status("first"), status("second")) == (401, 200)
        tokens.write_text('[third]\nsha256 = "x"\n')
        hang_up(server)
        assert status("second") == 200
        assert f"the settings stay as they were: {tokens}" in server.log.read_text()
