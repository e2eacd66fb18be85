"""The query log and the slow-query history of a real server: kills, signals, changed settings."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from endpoint.telemetry.slow_queries import SlowQueries, SlowQuery
from tests.datasets.listed_values import make
from tests.live import Server, run, serving
from tests.process.test_metrics import ENDLESS
from tests.process.test_reload import hang_up
from tests.waiting import until


def lines(path: Path) -> list[dict[str, Any]]:
    # What stands behind the last end of a line is being written.
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


def ended_queries(path: Path) -> list[dict[str, Any]]:
    return [line for line in lines(path) if line["event"] == "end" and line["form"] == "SELECT"]


def history(data: Path) -> list[SlowQuery]:
    opened = SlowQueries(data, 1.0, 100)
    opened.close()
    return opened.worst(10)


def ask(server: Server, text: str) -> None:
    """Send a query without waiting for its answer."""

    def send() -> None:
        with suppress(OSError):
            server.post(text)

    threading.Thread(target=send, daemon=True).start()


def test_a_query_that_takes_the_server_down_is_in_the_log(tmp_path: Path) -> None:
    log, dataset = tmp_path / "queries.jsonl", make(tmp_path / "dataset")
    flags = ("--dataset", str(dataset), "--workers", "1", "--query-log", str(log), "--timeout", "60")
    with serving(tmp_path / "data", *flags) as server:
        ask(server, ENDLESS)
        until(lambda: any(line.get("text") == ENDLESS for line in lines(log)))
        server.process.kill()
        server.process.wait()
    begun = next(line for line in lines(log) if line.get("text") == ENDLESS)
    assert (begun["event"], begun["form"], begun["client"]) == ("begin", "SELECT", "127.0.0.1")
    assert not [line for line in lines(log) if line["event"] == "end" and line["id"] == begun["id"]]


def test_both_tell_of_a_slow_query_and_go_on_after_a_restart(tmp_path: Path) -> None:
    log, dataset = tmp_path / "queries.jsonl", make(tmp_path / "dataset")
    flags = ("--dataset", str(dataset), "--workers", "1", "--query-log", str(log), "--timeout", "1")
    for times in (1, 2):
        with serving(tmp_path / "data", *flags, "--slow-query", "0.5") as server:
            answer = server.query(ENDLESS)
            assert answer.status == 504
            if times == 1:
                until(lambda: history(tmp_path / "data") and ended_queries(log))
                server.process.kill()
            else:
                assert server.stop() == 0
        ended = ended_queries(log)
        assert ended[-1]["outcome"] == "deadline-exceeded"
        assert ended[-1]["request"] == answer.headers["x-request-id"]
        assert ended[-1]["evaluating_ms"] > 900
        (row,) = [row for row in history(tmp_path / "data") if row.text == ENDLESS[:100]]
        assert (row.count, row.outcome, row.client) == (times, "deadline-exceeded", "127.0.0.1")
        assert row.worst > 0.9
        assert row.digest == ended[-1]["digest"]


def test_hanging_up_follows_a_file_that_was_moved_and_changed_settings(tmp_path: Path) -> None:
    log, dataset, config = tmp_path / "log", make(tmp_path / "dataset"), tmp_path / "endpoint.toml"
    config.write_text("")
    flags = ("--dataset", str(dataset), "--workers", "1", "--config", str(config))
    with serving(tmp_path / "data", *flags) as server:
        server.query("ASK { 1 a 2 }")
        config.write_text(f'query_log = "{log}"\n')
        hang_up(server)
        server.query("ASK { 2 a 2 }")
        until(lambda: len(lines(log)) == 2)
        log.replace(tmp_path / "moved")
        hang_up(server)
        server.query("ASK { 3 a 2 }")
        until(lambda: len(lines(log)) == 2)
        config.write_text(f'query_log = "{log}"\nquery_text = 0\n')
        hang_up(server)
        server.query("ASK { 4 a 2 }")
        until(lambda: len(lines(log)) == 4)
        config.write_text(f'query_log = "{tmp_path}/nothing/log"\n')
        hang_up(server)
        assert "the settings stay as they were: query_log:" in server.log.read_text()
        server.query("ASK { 5 a 2 }")
        until(lambda: len(lines(log)) == 6)
    assert [line.get("text") for line in lines(tmp_path / "moved")] == ["ASK { 2 a 2 }", None]
    assert [line.get("text") for line in lines(log)] == ["ASK { 3 a 2 }"] + [None] * 5


def test_standard_output_takes_the_lines(tmp_path: Path) -> None:
    flags = ("--dataset", str(make(tmp_path / "dataset")), "--workers", "1", "--query-log", "-")
    with serving(tmp_path / "data", *flags) as server:
        server.query("ASK {}")
        assert server.process.stdout is not None
        assert json.loads(server.process.stdout.readline())["event"] == "begin"
        assert json.loads(server.process.stdout.readline())["event"] == "end"


def test_a_query_log_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    done = run(
        "serve", "--port", "0", "--data", str(tmp_path / "data"), "--query-log", str(tmp_path / "no" / "log")
    )
    assert done.returncode == 2
    assert "cannot be written (No such file or directory)" in done.stderr
