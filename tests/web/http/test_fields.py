"""Header fields that are refused."""

from __future__ import annotations

import pytest

from endpoint.errors import MalformedRequest, UnsupportedMediaType
from endpoint.web.http.fields import Fields


def test_one_authorization_header_counts_and_two_do_not() -> None:
    one, other = (b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")
    assert Fields(raw=[]).authorization is None
    assert Fields(raw=[one]).authorization == "Bearer a"
    with pytest.raises(MalformedRequest, match="several Authorization headers"):
        assert Fields(raw=[one, other]).authorization


def test_a_body_that_is_compressed_is_refused() -> None:
    for taken in ([], [(b"content-encoding", b"")], [(b"content-encoding", b" Identity")]):
        Fields(raw=taken).refuse_coding()
    with pytest.raises(UnsupportedMediaType, match="gzip"):
        Fields(raw=[(b"content-encoding", b"gzip")]).refuse_coding()
