"""Rule files, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from endpoint.errors import DataErrors
from endpoint.ingest.rules import read_rules
from tests.ingest.rule_files import RULES, written

# File name, text, what the error says, and the text that its line and column point to.
WRONG = [
    ("titles.rq", "CONSTRUCT { ?this e:p ?o } WHERE { ?this e:q ?o }", "number of its stage", None),
    ("10-a.rq", "SELECT ?this WHERE { ?this e:q ?o }", "no CONSTRUCT", None),
    ("10-a.rq", "INSERT DATA { e:a e:b e:c }", "update", "INSERT"),
    ("10-a.rq", "CONSTRUCT { ?this e:p ?o } WHERE { ?this e:q }", "not expected here", "}"),
    ("10-a.rq", "CONSTRUCT { ?this e:p ?o } WHERE { SERVICE e:x { ?this e:q ?o } }", "SERVICE", None),
    ("10-a.rq", "CONSTRUCT { ?this e:p ?o } FROM e:g WHERE { ?this e:q ?o }", "FROM", None),
    ("10-a.rq", "CONSTRUCT { ?this e:p ?o } WHERE { ?this e:q ?x BIND(NOW() AS ?o) }", "NOW", None),
    ("10-a.rq", "CONSTRUCT { ?this e:p ?o } WHERE { ?this e:q ?o } LIMIT 5", "LIMIT", "LIMIT"),
    ("10-a.rq", "CONSTRUCT WHERE { ?this e:q ?o }", "CONSTRUCT WHERE", "WHERE"),
    ("10-a.rq", "CONSTRUCT { ?o e:p ?this } WHERE { ?this e:q ?o }", r"subject \?o is not \?this", "?o e:p"),
    ("10-a.rq", "CONSTRUCT { ?this e:p 1 . e:a e:p ?o } WHERE { ?this e:q ?o }", "e:a is not", "e:a e:p"),
    ("10-a.rq", "CONSTRUCT { ?this e:p [] } WHERE { ?this e:q ?o }", "blank nodes", "[]"),
    ("10-a.rq", "CONSTRUCT { ?this e:p _:b } WHERE { ?this e:q ?o }", "blank nodes", "_:b"),
    (
        "10-a.rq",
        "CONSTRUCT { ?this e:p 1 } WHERE { ?x e:q ?o }",
        r"No pattern of the rule holds \?this",
        None,
    ),
    ("10-a.rq", "CONSTRUCT { ?this e:p 1 } WHERE { ?x e:q ?o BIND(?x AS ?this) }", "by AS", None),
    (
        "10-a.rq",
        "CONSTRUCT { ?this e:p 1 } WHERE { " + "{ " * 60 + "?this e:q ?o" + " }" * 61,
        "levels",
        None,
    ),
]


@pytest.mark.parametrize(("name", "text", "message", "place"), WRONG, ids=[row[1][:60] for row in WRONG])
def test_a_wrong_rule_is_refused(
    name: str, text: str, message: str, place: str | None, tmp_path: Path
) -> None:
    with pytest.raises(DataErrors, match=message) as caught:
        read_rules(written(tmp_path, {name: text}))
    (error,) = caught.value.errors
    assert error.file == tmp_path / name
    if place:
        assert (error.line, error.column) == (2, text.rindex(place) + 1)


def test_every_wrong_file_is_reported(tmp_path: Path) -> None:
    files = written(tmp_path, {"10-a.rq": "CONSTRUCT", "x.rq": "", **RULES})
    (tmp_path / "20-b.rq").write_bytes(b"# one line\n# \xff")
    with pytest.raises(DataErrors) as caught:
        read_rules([*files, tmp_path / "20-b.rq", tmp_path / "30-none.rq"])
    places = [(error.file.name, error.line) for error in caught.value.errors if error.file]
    assert places == [("10-a.rq", 2), ("x.rq", None), ("20-b.rq", 2), ("30-none.rq", None)]


def test_rules_come_in_the_order_of_their_stages(tmp_path: Path) -> None:
    text = "CONSTRUCT { ?this e:p 1 } WHERE { ?this e:q 1 }"
    paths = written(tmp_path, {f"{name}.rq": text for name in ("100-a", "20-b", "9-z", "20-a")})
    assert [rule.path.stem for rule in read_rules(paths)] == ["9-z", "20-a", "20-b", "100-a"]


def test_a_rule_is_restricted_in_each_group_about_its_focus(tmp_path: Path) -> None:
    text = (
        "CONSTRUCT { ?this e:p ?o } WHERE { { ?this e:a ?o } UNION { ?x e:b ?o } "
        "UNION { SELECT ?this ?o { $this e:c ?o } } FILTER NOT EXISTS { ?this e:d 1 } }"
    )
    (rule,) = read_rules(written(tmp_path, {"10-a.rq": text}))
    assert (
        rule.about([NamedNode("http://e/1"), NamedNode("http://e/2")]).count(
            "{ VALUES ?this { <http://e/1> <http://e/2> }"
        )
        == 3
    )
