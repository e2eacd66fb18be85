"""The encodings in which text files are read, and refusals."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.errors import DataError
from endpoint.ingest.sources.text_encoding import detect_encoding, open_text
from tests.ingest.sources import encoded_texts

KOREAN = encoded_texts.KOREAN["list"]


@pytest.mark.parametrize("text", encoded_texts.KOREAN.values(), ids=encoded_texts.KOREAN)
@pytest.mark.parametrize(
    ("codec", "notice"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-16-le", "UTF-16 without a byte order mark"),
        ("utf-16-be", "UTF-16 without a byte order mark"),
        ("cp949", "CP949 (Korean Windows), which is a guess: "),
    ],
)
def test_text_comes_back_and_a_notice_says_in_what_encoding(
    text: str, codec: str, notice: str | None
) -> None:
    notices: list[str] = []
    assert open_text(io.BytesIO(text.encode(codec)), "표.csv", notices).read() == text
    assert [told.startswith(f"표.csv: read as {notice}") for told in notices] == [True] * (notice is not None)


def test_euc_kr_is_read_as_its_superset() -> None:
    assert detect_encoding(io.BytesIO(KOREAN.encode("euc-kr")), "a.csv")[0] == "cp949"


@pytest.mark.parametrize(("content", "codec"), encoded_texts.CASES.values(), ids=encoded_texts.CASES)
def test_an_encoding_is_guessed_with_its_reason_or_refused_with_its_place(content: bytes, codec: str) -> None:
    notices: list[str] = []
    if codec:
        assert open_text(io.BytesIO(content), "a.csv", notices).read() == content.decode(codec)
        assert len(notices) == 1 and "which is a guess: " in notices[0]
        return
    with pytest.raises(
        DataError, match=r"The text is (not UTF-8 \(first at|UTF-8, but damaged at) byte"
    ) as caught:
        open_text(io.BytesIO(content), "a.csv", notices)
    wrong = _first_wrong(content)
    assert f"byte {wrong}" in caught.value.detail
    assert caught.value.line == content[:wrong].count(b"\n") + 1


def _first_wrong(content: bytes) -> int:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return error.start
    raise AssertionError


@pytest.mark.parametrize(
    "name", [name for name in encoded_texts.CASES if name.startswith("UTF-8 with a broken byte")]
)
def test_utf_8_with_a_broken_byte_is_told_as_such(name: str) -> None:
    with pytest.raises(DataError, match=r"The text is UTF-8, but damaged at byte \d+; mend it there"):
        detect_encoding(io.BytesIO(encoded_texts.CASES[name][0]), "a.csv")


def test_a_text_that_may_be_two_is_refused_with_both() -> None:
    with pytest.raises(DataError, match=r"may be GB18030 .*: “1,人” and CP949 .*: “1,훙”.*--encoding"):
        detect_encoding(io.BytesIO("1,人\n".encode("gb18030")), "a.csv")


@pytest.mark.parametrize(
    ("text", "written", "named", "told"),
    [
        ("Müller", "utf-8", "latin-1", "read as UTF-8, which it is, and not as latin-1, which is named."),
        (KOREAN, "utf-8", "cp1252", "read as UTF-8, which it is, and not as cp1252, which is named."),
        (KOREAN, "cp949", "latin-1", "read as latin-1, which is named, although it looks like CP949"),
        ("Über Müller", "latin-1", "iso-8859-15", None),
        (KOREAN, "cp949", "euc-kr", None),
        (encoded_texts.JAPANESE["policy"], "shift_jis", "shift_jis", None),
        ("abc", "ascii", "latin-1", None),
        (encoded_texts.FOREIGN["Polish in CP1250"][0], "cp1250", "cp1250", None),
    ],
)
def test_a_named_encoding_is_compared_with_the_content(
    text: str, written: str, named: str, told: str | None
) -> None:
    notices: list[str] = []
    read = open_text(io.BytesIO(text.encode(written)), "a.csv", notices, named).read()
    assert (read == text) is ("although" not in (told or ""))
    assert [notice.startswith(f"a.csv: {told}") for notice in notices] == [True] * (told is not None)


@pytest.mark.parametrize("start", ["", "a,b\n" * 600_000], ids=["at once", "after two megabytes of ASCII"])
def test_korean_is_found_wherever_it_begins(start: str) -> None:
    text = start + KOREAN
    notices: list[str] = []
    assert open_text(io.BytesIO(text.encode("cp949")), "a.csv", notices).read() == text
    assert len(notices) == 1 and notices[0].startswith(
        "a.csv: read as CP949 (Korean Windows), which is a guess"
    )


@pytest.mark.parametrize("before", [0, 1, (1 << 20) - 2, (1 << 20) - 1, 1 << 20])
def test_the_byte_of_an_error_is_exact_across_chunks(before: int) -> None:
    content = b"a" * before + b"\x81\x8d" + b"\n\n"  # letters in none of the encodings
    with pytest.raises(DataError, match=rf"byte {before}\)") as caught:
        detect_encoding(io.BytesIO(content), "a.csv")
    assert caught.value.line == 1


@pytest.mark.parametrize("content", [b"\x00\x01\x02\xff" * 50, b"PK\x03\x04\x00\x00"])
def test_binary_files_are_reported(content: bytes) -> None:
    with pytest.raises(DataError, match="not a text file"):
        open_text(io.BytesIO(content), "a.csv", [])


def test_a_named_encoding_is_obeyed_or_its_failure_reported() -> None:
    notices: list[str] = []
    western = "Müller".encode("cp1252")
    assert open_text(io.BytesIO(western), "a.csv", notices, "cp1252").read() == "Müller"
    assert not notices
    with pytest.raises(DataError, match=r"The text is not UTF-8 from byte 5 on; .*mapping file") as caught:
        open_text(io.BytesIO(b"abc\n\xff\xff"[:4] + b"a\xff"), "a.csv", [], "utf-8")
    assert caught.value.line == 2


def test_a_byte_order_mark_outdoes_a_named_encoding() -> None:
    content = codecs.BOM_UTF8 + KOREAN.encode()
    assert open_text(io.BytesIO(content), "a.csv", [], "cp949").read() == KOREAN


class Pipe(io.RawIOBase):
    """Bytes that can be read once."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        return self._stream.readinto(cast(bytearray, buffer))


def test_a_stream_that_cannot_go_back_is_read_all_the_same() -> None:
    stream = cast(BinaryIO, io.BufferedReader(Pipe(KOREAN.encode("cp949"))))
    assert open_text(stream, "-", []).read() == KOREAN


def test_line_ends_stay_as_they_are() -> None:
    assert open_text(io.BytesIO(b"a\r\nb\rc\n"), "a.csv", []).read() == "a\r\nb\rc\n"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        open_text(io.BytesIO(content), "a.csv", []).read()
    except DataError as error:
        assert error.file is not None


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
def test_any_utf_8_text_comes_back(text: str) -> None:
    notices: list[str] = []
    assert open_text(io.BytesIO(text.encode()), "a.csv", notices).read() == text
    assert not notices
