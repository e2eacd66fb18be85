"""The code on the page of a saved query: it is taken from the page and run against the server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from lxml import html  # type: ignore[import-untyped]

from endpoint.formats import QueryForm
from endpoint.web.api.code_examples import ApiCall, batch_example, code_examples
from tests.datasets.query_forms import HOSTILE, make
from tests.live import Server, serving
from tests.waiting import PATIENCE

NODE, R = shutil.which("node"), shutil.which("Rscript")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("code")
    with serving(folder / "data", "--dataset", str(make(folder / "dataset")), "--workers", "2") as running:
        yield running


def code(server: Server, path: str, name: str) -> str:
    page = html.fromstring(server.get(path, "text/html").text)
    (found,) = page.xpath(f'//details[@id="code-{name}"]//code')
    return str(found.text_content())


def run(command: list[str], text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(text: str) -> str:
    return run([sys.executable, "-W", "error", "-"], text)


def run_node(text: str) -> str:
    assert NODE is not None, "node runs the code for JavaScript; it comes with npm"
    return run([NODE, "--input-type=module", "-"], text)


def run_shell(text: str) -> str:
    return run(["sh"], text)


# One value that would end a string, a word or a line in each of these languages.
VALUES = ["abc", "한글 & 값", "a\"b'c`d$(id)$HOME\\n%20+#?&=@", "${1}\n</script>", *HOSTILE]


def echo(value: str) -> str:
    return f"/api/echo?{urlencode({'text': value})}"


@pytest.mark.parametrize("value", VALUES)
def test_curl(forms: Server, value: str) -> None:
    assert json.loads(run_shell(code(forms, echo(value), "curl")))["rows"] == [{"echo": value}]


def test_python_with_requests(forms: Server) -> None:
    for value in VALUES:
        assert run_python(code(forms, echo(value), "requests")) == f"{ {'echo': value} }\n"


def test_python_with_sparqlwrapper(forms: Server) -> None:
    for value in VALUES:
        assert run_python(code(forms, echo(value), "sparqlwrapper")) == f"{ {'echo': value} }\n"


def test_javascript_with_fetch(forms: Server) -> None:
    for value in VALUES:
        printed = code(forms, echo(value), "fetch").replace("console.log(", "print(")
        told = run_node(f"const print = (rows) => console.log(JSON.stringify(rows));\n{printed}")
        assert json.loads(told) == [{"echo": value}]


@pytest.mark.skipif(R is None, reason="Rscript is not installed")
def test_r_is_well_formed(forms: Server) -> None:
    for value in VALUES:
        run([str(R), "-e", "invisible(parse(file('stdin')))"], code(forms, echo(value), "r"))


OTHERS = [
    ("/api/is-there?n=101", "curl", '"boolean": true'),
    ("/api/is-there?n=101", "requests", "True\n"),
    ("/api/is-there?n=101", "sparqlwrapper", "True\n"),
    ("/api/is-there?n=101", "fetch", "true\n"),
    ("/api/graph", "requests", "'predicate': 'http://example.org/ns/number'"),
    ("/api/graph", "sparqlwrapper", "ex:number 101"),
    ("/api/rows", "requests", "{'n': 336}\n"),
    ("/api/rows", "sparqlwrapper", "{'n': '336'}\n"),
    ("/api/only-csv", "curl", "336"),
    ("/api/only-csv", "requests", "336"),
    ("/api/only-csv", "fetch", "336"),
    ("/api/every-widget?name=ab&whole=10&many=x&many=y&kind=big", "requests", "{'name': 'n336', 'n': 336}"),
    ("/api/every-widget?name=ab&many=x&many=y", "curl", '{"name": "n336", "n": 336}'),
]
RUN = {"curl": run_shell, "requests": run_python, "sparqlwrapper": run_python, "fetch": run_node}


@pytest.mark.parametrize(("path", "name", "told"), OTHERS)
def test_other_forms_and_formats(forms: Server, path: str, name: str, told: str) -> None:
    assert told in RUN[name](code(forms, path, name))


def test_a_failure_is_a_failure(forms: Server) -> None:
    wrong = code(forms, "/api/echo?text=a", "curl").replace("text=a", "nobody=a")
    done = subprocess.run(["sh"], input=wrong, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 22
    assert "nobody" in done.stdout


def test_a_batch(server: Server) -> None:
    text = batch_example(f"{server.url}/api", "publications-by-author", {"author": 'O\'Neill "x"'})
    (answer,) = json.loads(run_shell(text))
    assert (answer["status"], answer["body"]["rows"]) == (200, [])


@pytest.mark.parametrize("name", ["requests", "sparqlwrapper"])
def test_our_own_examples_run(server: Server, name: str) -> None:
    rows = server.get("/api").json()["queries"]
    chosen = [row for row in rows if row["name"] in ("publications-by-author", "years", "publication-bibo")]
    for row in chosen:
        assert run_python(code(server, row["example"].removeprefix(server.url), name))
    assert len(chosen) == 3


@pytest.mark.parametrize(
    "text", ['ASK { ?s ?p """x""" }', "ASK { }\r\n", "ASK { ?s ?p 'a\\\\' }", "ASK {}\\"]
)
def test_any_query_text_is_a_string_of_python(text: str) -> None:
    asked = ApiCall("http://e/", [], "http://e/sparql", text, QueryForm.ASK)
    (wrapper,) = [row.code for row in code_examples(asked) if row.name == "sparqlwrapper"]
    told: list[str] = []
    literal = wrapper.partition("client.setQuery(")[2].rpartition(")\nprint")[0]
    exec(f"told.append({literal})", {"told": told})  # noqa: S102 - our own code is what is tested
    assert told[0].strip() == text.strip()
