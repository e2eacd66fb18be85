"""A running server while the data changes: nothing fails, and the new data is there at once."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from endpoint.engine.supervisor import QUICK
from tests.live import Server, run, serving
from tests.waiting import PATIENCE, until

COUNT = "SELECT (COUNT(*) AS ?n) { ?s <urn:count> ?o }"
LARGE = QUICK + 1000


def triples(file: Path, count: int) -> Path:
    file.write_text("".join(f"<urn:s{n}> <urn:count> {n} .\n" for n in range(count)))
    return file


def load(data: Path, file: Path, *flags: str) -> int:
    """Load, whether a server runs or not; return the number of the new generation."""
    loaded = run("load", str(file), "--data", str(data), *flags)
    assert loaded.returncode == 0, loaded.stderr
    found = re.search(r"Generation (\d+) holds ", loaded.stdout)
    assert found is not None, loaded.stdout
    return int(found[1])


def places(server: Server) -> list[str]:
    """Return the generations that the server has served, with disk or memory, in the order of its log."""
    return re.findall(r"serving generation (\d+ from \w+),", server.log.read_text())


class Asking(threading.Thread):
    """Asks one query over and over on a connection that is kept, and remembers what came."""

    def __init__(self, server: Server, query: str) -> None:
        super().__init__()
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
        self._target = f"/sparql?query={quote(query)}"
        self._ending = threading.Event()
        self.answers: list[tuple[int, str, str]] = []  # status, entity tag, number counted

    def run(self) -> None:
        # A pause leaves processors to what is tested.
        while not self._ending.wait(0.1):
            self._connection.request("GET", self._target, headers={"Accept": "application/json"})
            response = self._connection.getresponse()
            body = response.read()
            counted = (
                json.loads(body)["results"]["bindings"][0]["n"]["value"] if response.status == 200 else ""
            )
            self.answers.append((response.status, response.getheader("ETag", ""), counted))
        self._connection.close()

    def end(self) -> None:
        self._ending.set()
        self.join(PATIENCE)


@contextmanager
def asked(server: Server, query: str = COUNT, clients: int = 3) -> Iterator[list[Asking]]:
    """Clients that ask all the time; afterwards none of their requests may have failed."""
    asking = [Asking(server, query) for _ in range(clients)]
    for client in asking:
        client.start()
    try:
        yield asking
    finally:
        for client in asking:
            client.end()
    for client in asking:
        assert {status for status, _, _ in client.answers} == {200}
        numbers = [int(counted) for _, _, counted in client.answers]
        assert numbers == sorted(numbers)
        # From disk and from memory, a version of the data gives one answer.
        versions = {(tag, counted) for _, tag, counted in client.answers}
        assert len(versions) == len({tag for tag, _ in versions})


def test_the_dataset_holds_no_triple_in_two_graphs(data: Path) -> None:
    """Were it otherwise, a new generation of it would wait for its image."""
    with serving(data) as server:
        (description,) = server.data.glob("generations/*/generation.json")
        assert json.loads(description.read_text())["overlap"] is False


def test_a_load_fails_no_request_and_is_served_from_disk_before_its_image_is_read(
    tmp_path: Path, data: Path
) -> None:
    with serving(data, "--workers", "2", "--cache", "64MB") as server:
        with asked(server) as clients:
            number = load(data, triples(tmp_path / "large.ttl", LARGE), "--graph", "urn:g")
            until(lambda: f"{number} from memory" in places(server))
            seen = {client: len(client.answers) for client in clients}
            until(lambda: all(len(client.answers) > seen[client] + 3 for client in clients))
        assert places(server) == ["1 from memory", f"{number} from disk", f"{number} from memory"]
        assert {counted for client in clients for _, _, counted in client.answers} == {"0", str(LARGE)}


def test_load_after_load_fails_no_request_and_ends_with_the_last(tmp_path: Path, data: Path) -> None:
    with serving(data, "--workers", "2", "--cache", "64MB") as server:
        with asked(server):
            for step in range(1, 4):
                file = triples(tmp_path / f"step{step}.ttl", LARGE + step)
                number = load(data, file, "--graph", "urn:g", "--replace", "--new-graph")
            until(lambda: places(server)[-1:] == [f"{number} from memory"])
        assert server.query(COUNT).rows() == [{"n": str(LARGE + 3)}]
        until(lambda: len(server.children()) == 3)


def test_a_triple_in_two_graphs_is_never_counted_twice(tmp_path: Path, data: Path) -> None:
    file = triples(tmp_path / "large.ttl", LARGE)
    with serving(data, "--workers", "2") as server:
        load(data, file, "--graph", "urn:g1")
        until(lambda: places(server)[-1:] == ["2 from memory"])
        with asked(server) as clients:
            load(data, file, "--graph", "urn:g2")
            until(lambda: "3 from memory" in places(server))
        assert {counted for client in clients for _, _, counted in client.answers} == {str(LARGE)}
        assert "3 from disk" not in places(server)
        assert "a triple is in more than one graph" in server.log.read_text()


@pytest.fixture(scope="module")
def large(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose second generation is large, which nobody changes."""
    folder = tmp_path_factory.mktemp("large")
    data = shutil.copytree(published, folder / "data")
    assert load(data, triples(folder / "large.ttl", LARGE), "--graph", "urn:g") == 2
    return data


@pytest.mark.parametrize("image", ["2GB", "1"], ids=["image", "disk only"])
def test_the_start_does_not_wait_for_the_image(tmp_path: Path, large: Path, image: str) -> None:
    data = shutil.copytree(large, tmp_path / "data")
    with serving(data, "--image", image) as server:
        assert server.query(COUNT).rows() == [{"n": str(LARGE)}]
        if image == "1":
            assert places(server) == ["2 from disk"]
        else:
            until(lambda: places(server) == ["2 from disk", "2 from memory"])
        assert server.query(COUNT).rows() == [{"n": str(LARGE)}]


def test_answers_from_disk_and_from_memory_are_the_same(tmp_path: Path, large: Path) -> None:
    data = shutil.copytree(large, tmp_path / "data")
    queries = (
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY ?p",
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
        "SELECT ?g { GRAPH ?g {} } ORDER BY ?g",
        "SELECT (COUNT(*) AS ?n) FROM <urn:g> { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) { ?a <http://www.w3.org/2000/01/rdf-schema#subClassOf>* ?b }",
        "SELECT ?s ?label { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?label } ORDER BY ?label ?s",
    )
    answers = []
    for image in ("1", "2GB"):
        with serving(data, "--image", image) as server:
            if image != "1":
                until(lambda server=server: "2 from memory" in places(server))  # type: ignore[misc]
            answers.append([server.query(text).rows() for text in queries])
    assert answers[0] == answers[1]
    assert all(len(rows) > 0 for rows in answers[0])
