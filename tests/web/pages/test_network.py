"""A network of names around a circle."""

from __future__ import annotations

import math

from endpoint.web.pages.network import MOST, RADIUS, SIZE, Pair, network_of


def test_every_pair_is_a_curve_between_two_names() -> None:
    found = network_of([("가", "나", 4), ("나", "다", 2)])
    assert sorted(node.name for node in found.nodes) == ["가", "나", "다"]
    assert [(curve.first, curve.second, curve.width) for curve in found.curves] == [
        ("가", "나", 7.0),
        ("나", "다", 3.5),
    ]
    places = {node.name: (node.x, node.y) for node in found.nodes}
    begin = found.curves[0].path.removeprefix("M").partition("Q")[0]
    assert begin == "{},{}".format(*places["가"])


def test_names_stand_on_the_circle_apart_from_each_other() -> None:
    found = network_of([(f"a{n}", f"b{n}", 1) for n in range(20)])
    away = [math.hypot(node.x - SIZE / 2, node.y - SIZE / 2) for node in found.nodes]
    assert all(abs(distance - RADIUS) < 0.2 for distance in away)
    assert len({(node.x, node.y) for node in found.nodes}) == 40


def test_partners_stand_side_by_side() -> None:
    pairs: list[Pair] = [("a", "x", 1), ("b", "y", 1), ("c", "z", 1)]
    order = [node.name for node in network_of(pairs).nodes]
    assert all(abs(order.index(first) - order.index(second)) == 1 for first, second, _ in pairs)


def test_names_on_the_left_are_read_from_left_to_right_too() -> None:
    for node in network_of([(f"a{n}", f"b{n}", 1) for n in range(8)]).nodes:
        assert node.anchor == ("end" if node.x < SIZE / 2 - 0.1 else "start")
        assert -90 <= node.turn <= 90 or 270 <= node.turn <= 450


def test_what_does_not_fit_is_counted() -> None:
    pairs: list[Pair] = [(f"a{n}", f"b{n}", 100 - n) for n in range(50)]
    found = network_of(pairs)
    assert len(found.nodes) == MOST
    assert found.left_out == len(pairs) - len(found.curves) == 50 - MOST // 2


def test_no_pairs_are_no_network() -> None:
    assert network_of([]).nodes == ()
