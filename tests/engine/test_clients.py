"""Budgets in seconds of evaluation: charged, refilled, exhausted, changed, forgotten."""

from __future__ import annotations

import math

import pytest

from endpoint.engine import CALLER, Caller, clients
from endpoint.engine.clients import HEAVY, REMEMBERED, STEP, STEPS, Client, Clients, Use
from endpoint.engine.running import OK, RunningQueries, RunningQuery
from endpoint.errors import BudgetExhausted, TooManyQueries


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clients, "time", made)
    return made


ANNA, BEN = Caller("192.0.2.1", "r1"), Caller("192.0.2.2", "r2")


def test_a_budget_is_used_up_and_comes_back(clock: Clock) -> None:
    known = Clients(60.0, 8)
    known.admit(ANNA).charge(59.0)
    known.admit(ANNA).charge(5.0)
    with pytest.raises(
        BudgetExhausted, match=r"192\.0\.2\.1 .* 60 seconds .* per minute.* in 5 seconds"
    ) as refused:
        known.admit(ANNA)
    assert (refused.value.retry_after, refused.value.budget) == (5, 60.0)
    assert known.admit(BEN).name == BEN.client
    clock.now += refused.value.retry_after
    assert known.admit(ANNA).name == ANNA.client
    clock.now += 3600
    assert known.find(ANNA).allowance() == clients.Allowance(60.0, 60.0, 0.0)


def test_many_small_queries_never_meet_a_budget_of_seconds(clock: Clock) -> None:
    known = Clients(60.0, 8)
    for _ in range(1000):
        known.admit(ANNA).charge(0.005)
        clock.now += 0.001
    assert known.find(ANNA).allowance().left > 50


def test_a_token_has_a_budget_of_its_own(clock: Clock) -> None:
    known = Clients(60.0, 8)
    large, free = Caller("token:night-watch", "r", 600.0), Caller("token:staff", "r", 0.0)
    known.admit(large).charge(599.0)
    known.admit(large).charge(20.0)
    with pytest.raises(BudgetExhausted, match=r'token "night-watch" .* 600 seconds .* in 2 seconds'):
        known.admit(large)
    known.admit(free).charge(10_000.0)
    assert known.admit(free).quota == math.inf


def test_the_server_itself_pays_nothing(clock: Clock) -> None:
    known = Clients(1.0, 1)
    own = known.admit(Caller())
    own.charge(100.0)
    own.places = 5
    assert known.admit(Caller()) is own
    assert not own.heavy


def test_without_a_budget_use_is_remembered_all_the_same(clock: Clock) -> None:
    client = Clients(0.0, 8).admit(ANNA)
    client.charge(1e6)
    assert not client.exhausted
    assert client.recent() > HEAVY


def test_who_asks_alone_is_not_heavy(clock: Clock) -> None:
    known = Clients(0.0, 8)
    for _ in range(3):
        known.admit(ANNA).charge(HEAVY)
    clock.now += clients.CROWDED + 1
    known.admit(ANNA).charge(HEAVY * 2)
    assert not known.find(ANNA).heavy
    known.admit(BEN)
    assert known.find(ANNA).heavy
    assert not known.find(BEN).heavy


def test_use_is_forgotten_after_a_while(clock: Clock) -> None:
    client = Client(ANNA.client, 60.0)
    client.charge(HEAVY * 2)
    assert client.heavy
    clock.now += clients.MEMORY
    assert not client.heavy
    assert 0 < client.recent() < HEAVY


def test_a_client_with_several_long_queries_is_heavy_whatever_they_have_used(clock: Clock) -> None:
    client = Client(ANNA.client, 60.0)
    client.places = 2
    assert client.heavy


def test_a_changed_budget_holds_at_once_and_leaves_the_debt(clock: Clock) -> None:
    known = Clients(60.0, 8)
    known.admit(ANNA).charge(70.0)
    known.budget = 600.0
    with pytest.raises(BudgetExhausted, match="600 seconds"):
        known.admit(ANNA)
    clock.now += 2
    assert known.admit(ANNA).quota == 600.0
    known.budget = 0.0
    assert known.admit(ANNA).quota == math.inf
    known.budget = 30.0
    assert known.admit(ANNA).allowance().left == 30.0


def test_only_so_many_queries_of_a_client_run_or_wait(clock: Clock) -> None:
    known, running = Clients(60.0, 2), RunningQueries()
    running.listeners.append(known)
    begun = [begin(running, request) for request in ("first", "second", "third")]
    with pytest.raises(TooManyQueries, match="2 of your queries"):
        known.admit(ANNA)
    assert not known.admit(BEN).queries
    running.end(begun[0], OK)
    running.end(begun[0], OK)
    assert [*known.admit(ANNA).queries] == ["second", "third"]


def test_the_queries_of_one_request_count_as_one(clock: Clock) -> None:
    known, running = Clients(60.0, 2), RunningQueries()
    running.listeners.append(known)
    begun = [begin(running, request) for request in ("page", "page", "page", "query")]
    assert len(known.admit(ANNA).queries) == 2
    for query in begun[:2]:
        running.end(query, OK)
    assert len(known.admit(ANNA).queries) == 2
    running.end(begun[2], OK)
    assert [*known.admit(ANNA).queries] == ["query"]


def begin(running: RunningQueries, request: str) -> RunningQuery:
    """A query that Anna asks with one of her requests."""
    token = CALLER.set(Caller(ANNA.client, request))
    query = running.begin("ASK {}", "ASK", "text/csv")
    CALLER.reset(token)
    return query


def test_clients_that_owe_nothing_are_forgotten(clock: Clock) -> None:
    known = Clients(60.0, 8)
    debtor = known.find(ANNA)
    debtor.charge(50.0)
    for number in range(3 * REMEMBERED):
        known.find(Caller(f"client {number}", "r"))
    assert len(known) <= REMEMBERED + 1
    assert known.find(ANNA) is debtor
    assert known.find(Caller()).name == ""


def asked(known: Clients, caller: Caller, outcome: str = OK, seconds: float = 0.0) -> None:
    """A query of a client that took so long to evaluate."""
    running = RunningQueries()
    running.listeners.append(known)
    token = CALLER.set(caller)
    query = running.begin("ASK {}", "ASK", "")
    CALLER.reset(token)
    known.find(caller).charge(seconds)
    running.end(query, outcome)


def test_what_each_client_used_is_counted(clock: Clock) -> None:
    known = Clients(60.0, 8)
    asked(known, ANNA, OK, 1.5)
    asked(known, ANNA, "deadline-exceeded", 2.0)
    asked(known, BEN, "overloaded")
    asked(known, Caller(), OK, 9.0)
    own, anna, ben = known.accounts([], {}, 8)
    assert (own.client, own.used, own.quota) == ("", Use(9.0, 1, 0), math.inf)
    assert (anna.client, anna.used, anna.left) == (ANNA.client, Use(3.5, 2, 0), 56.5)
    assert (ben.client, ben.used) == (BEN.client, Use(0.0, 1, 1))


def test_what_is_long_ago_is_no_longer_told(clock: Clock) -> None:
    known = Clients(60.0, 8)
    for caller in (ANNA, BEN):
        asked(known, caller, OK, 1.0)
        clock.now += STEP * STEPS / 2
    asked(known, BEN, OK, 1.0)
    assert [(each.client, each.used.seconds) for each in known.accounts([], {}, 8)] == [(BEN.client, 2.0)]
    clock.now += 10**6
    assert known.accounts([], {}, 8) == []


def test_the_costliest_clients_are_told_and_whoever_has_most_connections(clock: Clock) -> None:
    known = Clients(60.0, 8)
    for number in range(9):
        asked(known, Caller(f"192.0.2.{number}", "r"), OK, float(number))
    chosen = known.accounts([], {"192.0.2.1": 3, "198.51.100.1": 60}, 3)
    assert [(each.client, each.connections) for each in chosen] == [
        ("192.0.2.8", 0),
        ("192.0.2.7", 0),
        ("198.51.100.1", 60),
    ]
    assert chosen[-1].left == 60.0


def test_queries_that_run_and_that_wait_are_told_apart(clock: Clock) -> None:
    known, running = Clients(0.0, 8), RunningQueries()
    token = CALLER.set(ANNA)
    running.begin("ASK {}", "ASK", "").phase = "evaluating"
    running.begin("ASK {}", "ASK", "")
    running.begin("ASK {}", "ASK", "").phase = "sending"
    CALLER.reset(token)
    (anna,) = known.accounts(running, {}, 8)
    assert (anna.running, anna.waiting, anna.left) == (2, 1, math.inf)


def test_clients_that_used_much_lately_are_remembered_for_the_operator(clock: Clock) -> None:
    known = Clients(0.0, 8)
    asked(known, ANNA, OK, 5.0)
    clock.now += STEP * STEPS / 2
    for number in range(3 * REMEMBERED):
        known.find(Caller(f"client {number}", "r"))
    assert known.accounts([], {}, 8)[0].client == ANNA.client
