"""XML from elsewhere: nothing is fetched or read beside it, and no entity becomes gigabytes."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

import pytest

from endpoint.errors import DataError, DataErrors
from tests.ingest.rdf.rdf_files import Write, load

SECRET = "root:x:0:0:not for anybody"
RDF = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [{declared}]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://example.org/">
<rdf:Description rdf:about="http://example.org/a"><p>{used}</p></rdf:Description></rdf:RDF>
"""
EXTERNAL = [
    ('<!ENTITY e SYSTEM "{uri}">', "&e;"),
    ('<!ENTITY e PUBLIC "p" "{uri}">', "&e;"),
    ('<!ENTITY % e SYSTEM "{uri}"> %e;', "text"),
    ('<!ENTITY % e SYSTEM "{uri}"> <!ENTITY f "%e;">', "&f;"),
    ("", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{uri}" parse="text"/>'),
]


def statements(path: Path) -> str:
    """What was loaded, and what was said where it was not."""
    try:
        return "\n".join(map(str, load(path)))
    except (DataError, DataErrors) as error:
        return str(error)


@pytest.mark.parametrize(("declared", "used"), EXTERNAL)
def test_an_entity_reads_no_file(declared: str, used: str, write: Write) -> None:
    secret = write("secret.txt", SECRET)
    for uri in (secret.as_uri(), "secret.txt", str(secret)):
        text = RDF.format(declared=declared.format(uri=uri), used=used.format(uri=uri))
        assert "not for anybody" not in statements(write("a.rdf", text))


def test_an_external_entity_is_refused_with_its_reason(write: Write) -> None:
    for declared, used in EXTERNAL[:2]:
        text = RDF.format(declared=declared.format(uri="other.txt"), used=used)
        assert "The entity is in another file" in statements(write("a.rdf", text))


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("<!ENTITY e 'text'>", "text"),
        ('<!ENTITY e \'said "so"\'> <!ENTITY f "it\'s">', 'said \\"so\\"'),
        ("<!-- no <!ENTITY e 'x'> --><!ENTITY\ne\n'two'>", "two"),
    ],
)
def test_the_value_of_an_entity_may_be_in_single_quotes(declared: str, value: str, write: Write) -> None:
    assert f'"{value}"' in statements(write("a.rdf", RDF.format(declared=declared, used="&e;")))


@pytest.mark.parametrize(("declared", "used"), EXTERNAL)
def test_an_entity_calls_nobody(declared: str, used: str, write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        uri = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        statements(write("a.rdf", RDF.format(declared=declared.format(uri=uri), used=used.format(uri=uri))))
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def laughs(levels: int) -> str:
    return '<!ENTITY l0 "lol">' + "".join(
        f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, levels)
    )


BOMBS = [
    (laughs(12), "&l11;"),
    (f'<!ENTITY e "{"x" * 100_000}">', "&e;" * 50_000),
    ('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"),
]


@pytest.mark.parametrize(("declared", "used"), BOMBS, ids=["nested", "repeated", "circular"])
def test_an_entity_bomb_is_a_mistake(declared: str, used: str, write: Write) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises((DataError, DataErrors)):
        load(write("a.rdf", RDF.format(declared=declared, used=used)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**19  # kilobytes
