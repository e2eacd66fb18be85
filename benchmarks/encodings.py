"""How many short tables are read in their own encoding, by this server and by charset-normalizer.

The tables have the names of a few countries, as Babel has them in each language, in the encoding of that
language: ``python -m benchmarks.encodings --tables 200 --rows 5``. Those of the second kind are in encodings
that the server does not know; to refuse them is right.
"""

from __future__ import annotations

import argparse
import io
import random
from collections import Counter
from typing import Final

from babel import Locale
from charset_normalizer import from_bytes

from endpoint.errors import DataError
from endpoint.ingest.sources.text_encoding import detect_encoding

KNOWN: Final = {
    "ko": "cp949",
    "ja": "cp932",
    "zh": "gb18030",
    **dict.fromkeys(("de", "fr", "es", "pt", "da", "sv", "fi", "it", "is"), "cp1252"),
}
UNKNOWN: Final = {
    "zh_Hant": "big5",
    "ru": "cp1251",
    "uk": "koi8_u",
    "pl": "cp1250",
    "cs": "cp1250",
    "el": "cp1253",
    "tr": "cp1254",
    "he": "cp1255",
    "ar": "cp1256",
}


def table(language: str, codec: str, rows: int, draw: random.Random) -> bytes:
    """Return a table of countries, at least one of which has a letter beyond ASCII."""
    names = [
        name.encode(codec, "ignore").decode(codec) for name in Locale.parse(language).territories.values()
    ]
    while True:
        chosen = draw.sample(sorted(names), rows)
        text = "".join(f"{number},{name},Country\n" for number, name in enumerate(chosen, 1))
        if not text.isascii():
            return f"id,name,kind\n{text}".encode(codec)


def here(content: bytes) -> str:
    """Return the codec that this server finds; empty where it refuses."""
    try:
        return detect_encoding(io.BytesIO(content), "table.csv")[0]
    except DataError:
        return ""


def other(content: bytes) -> str:
    """Return the codec that charset-normalizer finds; empty where it has none."""
    best = from_bytes(content).best()
    return "" if best is None else best.encoding


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=200, help="of each language")
    parser.add_argument("--rows", type=int, default=5)
    options = parser.parse_args()
    for title, languages in (("known", KNOWN), ("unknown", UNKNOWN)):
        for language, codec in languages.items():
            draw, found = random.Random(1), Counter[str]()
            for _ in range(options.tables):
                content = table(language, codec, options.rows, draw)
                for name, detect in (("here", here), ("charset-normalizer", other)):
                    got = detect(content)
                    same = bool(got) and content.decode(got, "replace") == content.decode(codec)
                    found[f"{name} {'right' if same else 'wrong' if got else 'refused'}"] += 1
            print(f"{title:8} {language:8} {codec:8}", dict(sorted(found.items())))


if __name__ == "__main__":
    main()
