"""The cache in a real server: what it spares the workers and the budgets of clients."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tests.live import serving
from tests.process.test_fairness import COUNT, LOOPER, POLITE, ask, get
from tests.process.test_metrics import samples, scraped
from tests.waiting import PATIENCE, until

CACHED = ("--cache", "64MB")
ROWS = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 50"
QUERIES = "db_client_operation_duration_seconds_count"


def test_what_is_kept_asks_no_worker_and_is_counted(tmp_path: Path) -> None:
    path = f"/sparql?query={quote(ROWS)}"
    with scraped(tmp_path, *CACHED) as (server, metrics):
        first = server.get(path)
        assert first.headers["cache-status"] == "endpoint; fwd=miss; stored"
        before = samples(metrics)
        for coding in ("identity", "zstd", "br", "gzip", "gzip"):
            assert server.get(path, Accept_Encoding=coding).status == 200
        assert server.request("HEAD", path).status == 200
        assert server.get(path, If_None_Match=first.headers["etag"]).status == 304
        assert server.post(ROWS).body == first.body
        after = samples(metrics)
        answers = "endpoint_cache_answers_total"
        assert after[answers, "hit"] - before[answers, "hit"] == 8
        assert after[answers, "miss"] == before[answers, "miss"]
        assert after[QUERIES, "SELECT", "oxigraph", ""] == before[QUERIES, "SELECT", "oxigraph", ""]
        # Encoded bodies count too.
        assert after["endpoint_cache_bytes",] > before["endpoint_cache_bytes",] > len(first.body)
        assert after["endpoint_cache_limit_bytes",] == 64 * 2**20
        assert after["endpoint_cache_entries",] >= before["endpoint_cache_entries",] >= 1
        assert after["endpoint_cache_evictions_total",] == 0
        assert server.query(ROWS, cache="off").status == 200
        found = samples(metrics)
        assert found[answers, "bypass"] - after[answers, "bypass"] == 1
        assert found[QUERIES, "SELECT", "oxigraph", ""] == after[QUERIES, "SELECT", "oxigraph", ""] + 1
    lines = server.log.read_text()
    assert "cache=hit" in lines
    assert "cache=miss" in lines
    assert "cache=bypass" in lines


def test_what_is_kept_costs_no_budget(data: Path) -> None:
    with serving(data, *CACHED, "--budget", "1", "--timeout", "1") as server:
        path = f"/sparql?query={quote(ROWS)}"
        assert ask(server, POLITE, ROWS).status == 200
        while ask(server, LOOPER, COUNT).status == 504:
            pass
        assert ask(server, LOOPER, "ASK {}").status == 429
        # What another client has asked for is there for this one too, again and again.
        for _ in range(50):
            answer = ask(server, LOOPER, ROWS)
            assert (answer.status, answer.headers["cache-status"]) == (200, "endpoint; hit")
        assert get(server, LOOPER, path, PATIENCE, **{"Cache-Control": "no-cache"}).status == 429
        assert get(server, LOOPER, f"{path}&cache=off").status == 429


def test_without_memory_for_it_no_answer_is_kept(data: Path) -> None:
    with serving(data, "--cache", "0") as server:
        for _ in range(2):
            answer = server.query(ROWS)
            assert answer.status == 200
            assert "cache-status" not in answer.headers
            assert answer.headers["server-timing"].startswith("queue;dur=")
    until(lambda: "path=/sparql" in server.log.read_text())
    assert "cache=" not in server.log.read_text()


def test_a_smaller_bound_holds_at_once(tmp_path: Path) -> None:
    with scraped(tmp_path, "--cache", "1MB") as (server, metrics):
        for number in range(60):
            assert server.query(f"{ROWS} #{number} {'x' * 40_000}", format="csv").status == 200
        found = samples(metrics)
        assert found["endpoint_cache_evictions_total",] > 0
        assert found["endpoint_cache_bytes",] <= 2**20
