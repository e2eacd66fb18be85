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

KOREAN = "번호,제목,저자\n1,한 해를 넘긴 우크라이나 전쟁의 향방 전망,서동만\n"
HEADER = "번호,제목,저자,분류\n1,Assessment of the Ninth Summit,SONG,IFANS Focus\n"
ONE_NAME = "idx_no,title,author\n1,Trilateral Summit,서동만\n"
MIXED_SCRIPT = "번호,제목\n1,日本의 對北 政策과 韓半島의 平和\n2,北韓의 核開發 問題에 대한 大韓民國의 立場\n"
IDEOGRAPHS = "no,title\n1,國際情勢展望\n2,外交安保政策\n"
SYLLABLES_BEYOND_EUC_KR = "번호,제목\n1,똠방각하가 펲시콜라를 마신다\n"
SYMBOLS = "no,title\n1,Korea·Japan·China\n2,‘like’ and “unlike” states\n"


@pytest.mark.parametrize(
    "text", [KOREAN, HEADER, ONE_NAME, MIXED_SCRIPT, IDEOGRAPHS, SYLLABLES_BEYOND_EUC_KR, SYMBOLS]
)
@pytest.mark.parametrize(
    ("codec", "notice"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-16-le", "UTF-16 without a byte order mark"),
        ("utf-16-be", "UTF-16 without a byte order mark"),
        ("cp949", "CP949 (Korean Windows)"),
    ],
)
def test_text_comes_back_and_a_notice_says_in_what_encoding(
    text: str, codec: str, notice: str | None
) -> None:
    notices: list[str] = []
    assert open_text(io.BytesIO(text.encode(codec)), "표.csv", notices).read() == text
    assert notices == ([] if notice is None else [f"표.csv: read as {notice}."])


def test_euc_kr_is_read_as_its_superset() -> None:
    assert detect_encoding(io.BytesIO(KOREAN.encode("euc-kr")), "a.csv") == "cp949"


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "numéro,titre\n1,L’été à la Réunion\n"),
        ("cp1252", "no,title\n1,South Korea’s Arms Exports and Japan’s reaction\n"),
        ("cp1251", "номер,название\n1,Внешняя политика Кореи\n"),
        ("gbk", "编号,标题\n1,关于朝鲜半岛和平问题的报告\n2,中国外交政策与国际关系的发展\n"),
        ("big5", "編號,標題\n1,關於朝鮮半島和平問題的研究報告\n"),
        ("euc-jp", "番号,題名\n1,日本の外交政策について\n2,朝鮮半島の平和に関する研究\n"),
        ("shift_jis", "番号,題名\n1,日本の外交政策について\n"),
    ],
)
def test_other_encodings_are_refused_with_their_place(codec: str, text: str) -> None:
    with pytest.raises(DataError, match=r"neither UTF-8 nor Korean in CP949 \(first at byte \d+\)") as caught:
        open_text(io.BytesIO(text.encode(codec)), "a.csv", [])
    wrong = next(index for index, byte in enumerate(text.encode(codec)) if byte > 127)
    assert f"byte {wrong})" in caught.value.detail
    assert caught.value.line == text.encode(codec)[:wrong].count(b"\n") + 1


@pytest.mark.parametrize("start", ["", "a,b\n" * 600_000], ids=["at once", "after two megabytes of ASCII"])
def test_korean_is_found_wherever_it_begins(start: str) -> None:
    text = start + KOREAN
    notices: list[str] = []
    assert open_text(io.BytesIO(text.encode("cp949")), "a.csv", notices).read() == text
    assert notices == ["a.csv: read as CP949 (Korean Windows)."]


@pytest.mark.parametrize("before", [0, 1, (1 << 20) - 2, (1 << 20) - 1, 1 << 20])
def test_the_byte_of_an_error_is_exact_across_chunks(before: int) -> None:
    content = b"a" * before + b"\xed\x95" + b"\n\n"  # the first two of three bytes of a syllable
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
