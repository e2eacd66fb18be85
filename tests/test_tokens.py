"""The file of tokens, and the secrets that are found in it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from endpoint.errors import DataError
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
        (f'[a]\nsha256 = "{DIGEST}"\nexpires = 1\n', 3, "a.expires is not a key of this table"),
        (f'["a b"]\nsha256 = "{DIGEST}"\n', 1, "must have a name of letters"),
        ('a = "x"\n', 1, "a must be a table, but is a string."),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(DataError, match=r".") as raised:
        read(tmp_path, text)
    assert said in raised.value.detail
    assert raised.value.line == line
