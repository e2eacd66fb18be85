"""The one deadline of a request, in each phase that could run for longer."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from tests.live import Answer, Server

DIRECT = {"Content-Type": "application/sparql-query"}
EVALUATED = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
PHASES = {
    # Longer texts than 10,000 characters are classified in a worker, this one in half a second.
    "classification": ("SELECT * " + "FROM<a>" * 70_000 + "{}", "0.1"),
    # The engine takes a second for the plan of half as many.
    "planning": ("ASK { FILTER(" + "||".join(f"?a={number}" for number in range(1600)) + ") }", "0.3"),
    "evaluation": (EVALUATED, "0.3"),
}


@pytest.mark.parametrize("phase", [*PHASES])
def test_each_phase_ends_at_the_deadline_of_the_request(server: Server, phase: str) -> None:
    text, timeout = PHASES[phase]
    answer = server.post(text, path=f"/sparql?timeout={timeout}")
    assert answer.status == 504
    assert f"{timeout} s " in answer.text


def test_classification_and_evaluation_have_one_deadline(server: Server) -> None:
    long = EVALUATED + " " * 11_000
    answer = server.post(long, path="/sparql?timeout=0.5")
    assert answer.status == 504
    assert "ran longer than 0.5 s and was stopped" in answer.text


def test_a_request_that_comes_slowly_has_less_time_left(server: Server) -> None:
    text = b"ASK {}"
    with closing(server.connection()) as connection:
        connection.putrequest("POST", "/sparql?timeout=0.1")
        for name, value in (*DIRECT.items(), ("Content-Length", str(len(text)))):
            connection.putheader(name, value)
        connection.endheaders(text[:-1])
        time.sleep(0.2)
        connection.send(text[-1:])
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
    assert answer.status == 504
    assert "The 0.1 s that the query has were over before it could be evaluated" in answer.text
