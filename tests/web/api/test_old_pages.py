"""Pages of a generation that was replaced, on the real server while data is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from endpoint.engine.supervisor import QUICK
from tests.datasets.paged_books import COUNT, make
from tests.live import Answer, Server, run, serving
from tests.storage import publishing
from tests.waiting import PATIENCE, until
from tests.web.api.test_paging import all_rows, follow, links

NUMBER = "<http://example.org/b/more{n}> <http://example.org/ns/number> {n} .\n"
# Generations on the disk, besides those that a process reads.
RETAIN = ("--retain", "2")


@contextmanager
def books(folder: Path, *flags: str) -> Iterator[Server]:
    """The server on the dataset of books, started anew on the data that is there."""
    dataset = folder / "dataset"
    if not dataset.exists():
        make(dataset)
    with serving(folder / "data", "--dataset", str(dataset), "--workers", "2", *flags) as server:
        yield server


def load(server: Server, count: int = 1) -> int:
    """Publish a generation with more books while the server runs, and wait until it is served."""
    number = current(server) + 1
    file = server.data.parent / f"more{number}.ttl"
    file.write_text("".join(NUMBER.format(n=1000 * number + n) for n in range(count)))
    made = publishing.load(file, "http://example.org/more", server.data.parent / "dataset", server.data)
    assert made.number == number
    until(lambda: current(server) == number)
    return number


def current(server: Server) -> int:
    return int(server.get("/api").json()["generation"])


def folders(server: Server) -> list[str]:
    return sorted(path.name for path in (server.data / "generations").iterdir())


def gone(answer: Answer) -> dict[str, Any]:
    """The problem of pages that are gone."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status, problem["code"]) == (410, "generation-gone")
    assert "is not kept" in problem["message"]
    assert "first page" in problem["message"]
    return problem


@dataclass
class Crawler:
    """Who follows "next" from the first page of a saved query, page by page."""

    server: Server
    path: str
    pages: list[dict[str, Any]] = field(default_factory=list)
    following: str | None = None

    def read(self) -> bool:
        """Read one page more. Return whether another one follows."""
        answer = follow(self.server, self.following) if self.following else self.server.get(self.path)
        assert answer.status == 200, answer.text
        self.pages.append(answer.json())
        self.following = links(answer).get("next")
        return self.following is not None


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose first generation was replaced by a second one."""
    with books(tmp_path_factory.mktemp("replaced")) as server:
        load(server)
        yield server


def test_crawlers_see_each_row_of_their_generation_once_while_others_are_published(
    tmp_path: Path,
) -> None:
    names = ("ordered", "descending", "ties", "unordered", "outer-limit")
    with books(tmp_path) as server:
        whole = {name: server.get(f"/api/{name}").json()["rows"] for name in names}
        crawlers = {name: Crawler(server, f"/api/{name}?pageSize=6") for name in names}
        for turn in range(4):
            assert all(crawler.read() for crawler in crawlers.values())
            if turn in (0, 2):
                load(server)
        for name, crawler in crawlers.items():
            while crawler.read():
                pass
            assert all_rows(crawler.pages) == whole[name]
            assert {page["generation"] for page in crawler.pages} == {1}
        # Whoever begins now begins on the newest.
        newest = server.get("/api/ordered?pageSize=500").json()
        assert (newest["generation"], len(newest["rows"])) == (3, COUNT + 2)


def test_a_large_generation_is_finished_from_disk(tmp_path: Path) -> None:
    """Its image leaves the memory for that of the next one."""
    make(tmp_path / "dataset")
    # No triple in two graphs, so the disk answers like the memory.
    (tmp_path / "dataset" / "seed" / "other.ttl").write_text("<urn:a> <urn:b> <urn:c> .\n")
    large = QUICK + 1000
    with books(tmp_path) as server:
        load(server, large)
        until(lambda: "serving generation 2 from memory" in server.log.read_text())
        crawler = Crawler(server, "/api/ordered?pageSize=5000")
        for _ in range(2):
            crawler.read()
            load(server)
        while crawler.read():
            pass
        assert [row["n"] for row in all_rows(crawler.pages)] == [*range(COUNT), *range(2000, 2000 + large)]
        assert {page["generation"] for page in crawler.pages} == {2}
        assert "kept generation 2 is queried again, from disk" in server.log.read_text()


def test_all_links_of_an_old_page_stay_on_its_generation(replaced: Server) -> None:
    page = replaced.get("/api/ordered?pageSize=50&page=2&count=true&generation=1")
    for _ in range(2):
        assert set(links(page)) == {"first", "prev", "next", "last"}
        for url in links(page).values():
            answer = follow(replaced, url)
            assert (answer.json()["generation"], answer.json()["total"]) == (1, COUNT)
        page = follow(replaced, links(page)["next"])
    assert replaced.get("/api/ordered?pageSize=50&page=1").json()["generation"] == 2


def test_the_entity_tag_is_that_of_the_old_generation(tmp_path: Path) -> None:
    path = "/api/ordered?pageSize=50&page=2&generation="
    with books(tmp_path) as server:
        tag = server.get(f"{path}1").headers["etag"]
        load(server)
        again = server.get(f"{path}1")
        assert (again.status, again.headers["etag"]) == (200, tag)
        assert server.get(f"{path}1", If_None_Match=tag).status == 304
        assert server.get(f"{path}2", If_None_Match=tag).status == 200
        assert server.get("/api/ordered?pageSize=50&page=2", If_None_Match=tag).status == 200


@pytest.mark.parametrize(
    ("path", "old"),
    [("/api/is-there.srj?n=2000", b"false"), ("/api/graph.nt", b""), ("/api/ordered.csv", b"")],
)
def test_what_has_no_pages_is_of_the_generation_asked_for_too(
    replaced: Server, path: str, old: bytes
) -> None:
    sign = "&" if "?" in path else "?"
    before = replaced.get(f"{path}{sign}generation=1")
    assert before.status == 200
    assert old in before.body
    assert b"2000" not in before.body
    assert replaced.get(path).body == replaced.get(f"{path}{sign}generation=2").body != before.body


def test_a_batch_may_ask_for_several_generations(replaced: Server) -> None:
    parameters = [{"generation": number, "pageSize": 500} for number in (1, 2, 3)]
    body = str(parameters).replace("'", '"').encode()
    answer = replaced.request("POST", "/api/ordered", body, {"Content-Type": "application/json"})
    statuses = [(call["status"], len(call["body"].get("rows", ()))) for call in answer.json()]
    assert statuses == [(200, COUNT), (200, COUNT + 1), (410, 0)]


def test_after_the_keeping_time_it_says_so(tmp_path: Path) -> None:
    with books(tmp_path, "--keep", "3") as server:
        children = len(server.children())
        first = server.get("/api/ordered?pageSize=50")
        load(server)
        # To ask would keep it for longer.
        until(lambda: "generation 1 is not kept any longer" in server.log.read_text())
        for relation in ("next", "first"):
            path = links(first)[relation].removeprefix(server.url)
            problem = gone(server.get(path, "application/json", If_None_Match=first.headers["etag"]))
            assert (problem["generation"], problem["current"]) == (1, 2)
        assert server.get("/api/ordered?generation=2").status == 200
        until(lambda: len(server.children()) == children)


def test_after_a_restart_it_says_so(tmp_path: Path) -> None:
    with books(tmp_path) as server:
        first = server.get("/api/ordered?pageSize=50")
        load(server)
        following = links(first)["next"].removeprefix(server.url)
        assert server.get(following).json()["generation"] == 1
    with books(tmp_path) as server:
        assert gone(server.get(following, "application/json"))["current"] == 2


@pytest.mark.parametrize("restarted", [True, False], ids=["restart", "load"])
def test_kill_minus_nine_leaves_no_process_and_no_generation_for_good(
    tmp_path: Path, restarted: bool
) -> None:
    with books(tmp_path, *RETAIN) as server:
        path = links(server.get("/api/ordered?pageSize=50"))["next"].removeprefix(server.url)
        for _ in range(2):
            load(server)
            assert server.get(path).json()["generation"] == 1
        assert folders(server) == ["000001", "000002", "000003"]
        below = server.children()
        server.process.kill()
        server.process.wait(PATIENCE)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))
    if restarted:
        with books(tmp_path, *RETAIN) as server:
            until(lambda: folders(server) == ["000002", "000003"])
    else:
        (tmp_path / "more.ttl").write_text("<urn:a> <urn:b> <urn:c> .\n")
        flags = ("--data", str(tmp_path / "data"), "--dataset", str(tmp_path / "dataset"), *RETAIN)
        assert run("load", str(tmp_path / "more.ttl"), "--graph", "urn:g", *flags).returncode == 0
        assert folders(server) == ["000003", "000004"]
