"""Instruments that settings and the environment want, and what follows where they cannot be had."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from endpoint.errors import ConfigurationError
from endpoint.settings import Settings
from endpoint.settings.sources import traces_wanted
from endpoint.telemetry.instruments import Instruments
from tests.telemetry.test_metrics import query


@pytest.fixture(autouse=True)
def _no_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_SDK_DISABLED": "True"}, False),
    ],
)
def test_traces_are_wanted_where_a_collector_is_named(environ: dict[str, str], wanted: bool) -> None:
    assert traces_wanted(environ) is wanted


def test_without_the_extra_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "endpoint.telemetry.tracing", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    instruments = Instruments()
    instruments.prepare(Settings(data=tmp_path))()  # nobody asked for traces
    instruments.close()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match=r"pip install 'sparql-publishing-endpoint\[otel\]'"):
        Instruments().prepare(Settings(data=tmp_path))


def test_a_data_directory_that_cannot_be_written_costs_only_the_history(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    instruments = Instruments()
    instruments.prepare(Settings(data=tmp_path / "nothing"))()
    assert instruments.slow_queries is None
    assert "there is no slow-query history" in caplog.text
    instruments.ended(query(pid=9, duration=9.0, outcome="ok"))
    instruments.close()


def test_an_error_of_columns_is_logged_once_for_a_text(caplog: pytest.LogCaptureFixture) -> None:
    instruments = Instruments()
    for text in ("ASK {}", "ASK {}", "ASK { ?s ?p ?o }"):
        instruments.ended(query(text=text, pid=9, outcome="ok", fault="KeyError: 7"))
    instruments.ended(query(text="SELECT * {}", pid=9, outcome="ok"))
    assert [record.getMessage().endswith("answered: KeyError: 7") for record in caplog.records] == [True] * 2
    assert query(text="ASK {}").digest in caplog.records[0].getMessage()


def test_settings_are_put_in_force_together(tmp_path: Path) -> None:
    instruments = Instruments()
    instruments.prepare(Settings(data=tmp_path, query_log=tmp_path / "first"))()
    first = instruments.query_log
    instruments.prepare(Settings(data=tmp_path, query_log=tmp_path / "first", slow_query=9.0))()
    assert instruments.query_log is first
    assert instruments.slow_queries is not None
    assert instruments.slow_queries.least == 9.0
    put_in_force = instruments.prepare(Settings(data=tmp_path, query_log=tmp_path / "second"))
    instruments.begun(query())
    put_in_force()
    instruments.begun(query())
    instruments.close()
    assert instruments.dropped() == {"query_log": 0, "slow_queries": 0}
    assert len((tmp_path / "second").read_text().splitlines()) == 1
