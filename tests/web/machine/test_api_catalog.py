"""``/.well-known/api-catalog`` leads programs to APIs that answer (RFC 9727)."""

from __future__ import annotations

from tests.live import Server


def test_the_apis_are_found_with_their_descriptions(server: Server) -> None:
    answer = server.get("/.well-known/api-catalog")
    assert answer.headers["content-type"].startswith(
        'application/linkset+json; profile="https://www.rfc-editor'
    )
    first, *apis = answer.json()["linkset"]
    assert [target["href"] for target in first["item"]] == [context["anchor"] for context in apis]
    for context in apis:
        for relation, targets in context.items():
            for target in targets if relation != "anchor" else ():
                found = server.get(target["href"].removeprefix(server.url), target["type"])
                assert (found.status, found.type) == (200, target["type"])


def test_the_first_page_and_head_lead_there(server: Server) -> None:
    named = f'<{server.url}/.well-known/api-catalog>; rel="api-catalog"'
    assert named in server.request("HEAD", "/.well-known/api-catalog").headers["link"]
    assert named in server.request("HEAD", "/").headers["link"]
