"""Terms as SPARQL 1.1 Query Results JSON has them (section 3.2.2)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

from endpoint.columns.terms import unescaped

_LESS, _QUOTE = b'<"'
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def json_term(text: bytes) -> bytes:
    """Return a term in JSON, by its ``text`` in N-Triples."""
    if b"\\" in text:
        return _escaped(text)
    # Most terms of an answer; each further call would take a fifth of the time.
    first = text[0]
    if first == _LESS:
        return b'{"type":"uri","value":"%s"}' % text[1:-1]
    if first != _QUOTE:
        return b'{"type":"bnode","value":"%s"}' % text[2:]
    end = text.rindex(b'"')
    kind = text[end + 1 :]
    return b'{"type":"literal","value":%s%s}' % (text[: end + 1], _kind(kind) if kind else b"")


def _escaped(text: bytes) -> bytes:
    """Return a term whose text has a backslash."""
    if text.startswith(b"<"):
        return b'{"type":"uri","value":%s}' % _string(text[1:-1])
    if not text.startswith(b'"'):
        return b'{"type":"bnode","value":%s}' % _string(text[2:])
    end = text.rindex(b'"')
    return b'{"type":"literal","value":%s%s}' % (_string(text[1:end]), _kind(text[end + 1 :]))


@lru_cache(256)
def _kind(kind: bytes) -> bytes:
    """Return the member that tells the ``kind`` of a literal, which follows its quotes; empty for none."""
    if not kind:
        return b""
    if kind.startswith(b"^"):
        return b',"datatype":%s' % _string(kind[3:-1])
    return b',"xml:lang":%s' % _string(kind[1:])


def _string(text: bytes) -> bytes:
    """Return a string, which has the escapes of N-Triples but for a few of them."""
    if b"\\u" in text or b"\\U" in text or b"\\'" in text:
        return _encode(unescaped(text).decode()).encode()
    return b'"%s"' % text
