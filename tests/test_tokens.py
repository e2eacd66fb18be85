"""The file of tokens, and the secrets that are found in it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from endpoint.errors import DataError
from endpoint.settings import Settings
from endpoint.tokens import Tokens

DIGEST = sha256(b"open sesame").hexdigest()


def read(folder: Path, text: str) -> Tokens:
    file = folder / "tokens.toml"
    file.write_text(text, encoding="utf-8")
    return Tokens.read(file)


def test_a_secret_finds_its_token(tmp_path: Path) -> None:
    tokens = read(
        tmp_path,
        f'[reader]\nsha256 = "{DIGEST.upper()}"\nbudget = 600\n'
        f'[watch]\nsha256 = "{"0" * 64}"\nscopes = ["metrics", "admin"]\n',
    )
    token = tokens.find("open sesame")
    assert token is not None
    assert (token.name, token.scopes, token.budget) == ("reader", frozenset(), 600.0)
    assert tokens.find("Open sesame") is None
    assert tokens.find("\ud800") is None
    assert tokens.grant("admin")
    assert not Tokens().grant("admin")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[a]\nscopes = ["admin"]\n', 1, "a.sha256 is missing."),
        ('[a]\nsha256 = "secret"\n', 2, "a.sha256 must be the SHA-256 of the secret, 64 hexadecimal digits."),
        (f'[a]\nsha256 = "{DIGEST}"\nscopes = ["admn"]\n', 3, "did you mean 'admin'?"),
        (f'[a]\nsha256 = "{DIGEST}"\nbudget = 0\n', 3, "a.budget must be a positive number of seconds."),
        (f'[a]\nsha256 = "{DIGEST}"\nbudget = true\n', 3, "a.budget must be a positive number of seconds."),
        (f'[a]\nsha256 = "{DIGEST}"\nends = 1\n', 3, "a.ends is not a key of this table"),
        (f'[a]\nsha256 = "{DIGEST}"\nexpires = 1\n', 3, "a.expires must be a date or a time"),
        (f'[a]\nsha256 = "{DIGEST}"\ngraphs = "news"\n', 3, "a.graphs has 'news', which is neither"),
        (f'["a b"]\nsha256 = "{DIGEST}"\n', 1, "must have a name of letters"),
        ('a = "x"\n', 1, "a must be a table, but is a string."),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(DataError, match=r".") as raised:
        read(tmp_path, text)
    assert said in raised.value.detail
    assert raised.value.line == line


def test_a_token_may_write_to_some_graphs_until_it_ends(tmp_path: Path) -> None:
    text = '[ci]\nsha256 = "%s"\nscopes = ["update"]\ngraphs = ["default", "http://a/*"]\nexpires = %s\n'
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    token = read(tmp_path, text % (DIGEST, ends.isoformat())).find("open sesame")
    assert token is not None
    assert (token.graphs, token.expires, token.expired) == (("default", "http://a/*"), ends, False)
    assert read(tmp_path, text % (DIGEST, "2020-01-01")).find("open sesame") is None
    assert read(tmp_path, text % (DIGEST, "2020-01-01T00:00:00")).find("open sesame") is None


def test_a_changed_file_is_in_force_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokens = Tokens.of(Settings(data=tmp_path))
    assert not tokens
    file = tmp_path / "tokens.toml"
    replace(file, f'[a]\nsha256 = "{DIGEST}"\nscopes = ["update"]\n')
    assert tokens.grant("graph-store", "update")
    with caplog.at_level(logging.ERROR):
        replace(file, "[a]\n")
        assert tokens.find("open sesame") is not None
    assert "the tokens stay as they were" in caplog.text
    file.unlink()
    assert tokens.find("open sesame") is None


def replace(file: Path, text: str) -> None:
    """Replace a file as ``endpoint token`` does: another file takes its name."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(file)
