"""The dashboard and the alerts in ``deploy/``, against the metrics of a real server after some traffic."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.live import ROOT
from tests.process.test_metrics import ENDLESS, scraped

DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "endpoint.json").read_text())
ALERTS = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

# Prometheus adds these labels when it scrapes, and this metric.
SCRAPED = {"job", "instance"}
OWN = {"up": SCRAPED}

PAGE = (ROOT / "docs" / "monitoring.md").read_text()

Known = dict[str, set[str]]


def expressions() -> Iterator[tuple[str, str, set[str]]]:
    """Every expression with its name, and the labels that are shown of its result."""
    for rule in RULES:
        told = " ".join(rule["annotations"].values())
        yield f"alert {rule['alert']}", rule["expr"], set(re.findall(r"\$labels\.(\w+)", told))
    for panel in PANELS:
        for target in panel["targets"]:
            shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            yield f"panel {panel['title']} {target['refId']}", target["expr"], shown
    for annotation in DASHBOARD["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"], set()
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
            assert found is not None
            yield f"variable {variable['name']}", found[1], {found[2]}


CASES = [pytest.param(expression, shown, id=name) for name, expression, shown in expressions()]


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The metrics of a server that has answered, failed and killed."""
    with scraped(tmp_path_factory.mktemp("monitored"), "--workers", "1", "--timeout", "1") as (
        server,
        metrics,
    ):
        for text in ("ASK {}", "SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }", "ASK {", ENDLESS):
            server.query(text)
        server.get("/nothing")
        return metrics.get("/-/metrics").text


@pytest.fixture(scope="module")
def known(scrape: str) -> Known:
    """The labels of each sample."""
    found: Known = {}
    for family in text_string_to_metric_families(scrape):
        for sample in family.samples:
            found.setdefault(sample.name, set(SCRAPED)).update(sample.labels)
    return found


def parsed(expression: str) -> Any:
    """The expression as Grafana sends it, read by the grammar of Prometheus."""
    for variable, value in (
        ("$__rate_interval", "5m"),
        ("$__interval", "1m"),
        ("$job", ".+"),
        ("$instance", ".+"),
    ):
        expression = expression.replace(variable, value)
    assert "$" not in expression
    return promql.parse(expression)


def labels_of(node: Any, known: Known) -> set[str]:
    """The labels that the result of an expression has. Fails for a metric or a label that is not there."""
    match node:
        case promql.VectorSelector():
            assert node.name in known or node.name in OWN, f"there is no metric {node.name}"
            labels = known.get(node.name, OWN.get(node.name, set()))
            matched = {matcher.name for matcher in node.matchers.matchers}
            assert matched <= labels, f"{node.name} has no label {matched - labels}"
            return labels
        case promql.MatrixSelector():
            return labels_of(node.vector_selector, known)
        case promql.ParenExpr():
            return labels_of(node.expr, known)
        case promql.AggregateExpr():
            return _aggregated(node, labels_of(node.expr, known))
        case promql.Call():
            labels = set[str]().union(*(labels_of(argument, known) for argument in node.args))
            if node.func.name == "histogram_quantile":
                assert "le" in labels
                return labels - {"le"}
            return labels
        case promql.BinaryExpr():
            return labels_of(node.lhs, known) | labels_of(node.rhs, known)
        case promql.NumberLiteral():
            return set()
    raise AssertionError(f"{type(node).__name__} is not looked into")


def _aggregated(node: Any, labels: set[str]) -> set[str]:
    if node.modifier is None:
        return labels if str(node.op).endswith(("topk", "Topk")) else set()
    assert node.modifier.type == promql.AggModifierType.By
    kept = set(node.modifier.labels)
    assert kept <= labels, f"there is no label {kept - labels}"
    return kept


@pytest.mark.parametrize(("expression", "shown"), CASES)
def test_every_expression_is_about_what_a_server_has(known: Known, expression: str, shown: set[str]) -> None:
    assert shown <= labels_of(parsed(expression), known)


def test_what_is_not_there_is_found() -> None:
    known = {"a_total": {"job", "code"}}
    for wrong in ("b_total", 'a_total{cause="x"}', "sum by (cause) (a_total)", "rate(b_total[5m]) > 1"):
        with pytest.raises(AssertionError):
            labels_of(parsed(wrong), known)
    with pytest.raises(ValueError, match="invalid promql"):
        parsed("sum by code (a_total)")


def test_every_own_metric_is_on_the_dashboard(known: Known) -> None:
    shown = json.dumps(PANELS)
    missing = [
        name
        for name in known
        if name.startswith(("endpoint_", "http_", "db_"))
        and not name.endswith(("_sum", "_count", "_bucket"))
        and name not in shown
    ]
    # These are for alerts, variables and for whoever writes a panel of their own.
    assert sorted(missing) == [
        "endpoint_build_info",
        "endpoint_column_faults_total",
        "endpoint_generation_published_timestamp_seconds",
        "endpoint_process_open_descriptors",
        "endpoint_query_rows_total",
    ]


def table(section: str) -> list[list[str]]:
    """The cells of the rows of the table in a section of the page, without its head."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\|.*\|$", text, re.MULTILINE)
    ]
    return rows[2:]


def test_the_page_lists_every_metric_with_its_labels(scrape: str) -> None:
    families = {
        (
            f"{family.name}_total" if family.type == "counter" else family.name,
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels if label != "le"),
        )
        for family in text_string_to_metric_families(scrape)
    }
    listed = [
        (name.strip("`"), kind, frozenset(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels, _ in table("Metrics")
    ]
    assert set(listed) == families
    assert len(listed) == len(families)


def test_the_page_says_what_to_do_about_every_alert() -> None:
    named = [name for row in table("Dashboard and alerts") for name in re.findall(r"`(Endpoint\w+)`", row[0])]
    assert named == [rule["alert"] for rule in RULES]


def test_panels_do_not_overlap_and_have_titles_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert all(panel["description"].endswith(".") for panel in PANELS)


def test_every_alert_says_what_is_wrong_and_how_bad_it_is() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES) > 10
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert "$labels.instance" in rule["annotations"]["summary"]
