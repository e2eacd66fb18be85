"""Findings about files and folders."""

from __future__ import annotations

import datetime
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from endpoint.doctor import files
from endpoint.settings import Settings

TOKENS = f'[watch]\nsha256 = "{"0" * 64}"\n'


class Usage(NamedTuple):
    """What shutil says of a disk."""

    total: int
    used: int
    free: int


def found(check: object, settings: Settings) -> list[tuple[str, str]]:
    assert callable(check)
    return [(finding.check, finding.level) for finding in check(settings)]


@pytest.mark.parametrize(("mode", "level"), [(0o700, "ok"), (0o750, "ok"), (0o755, "warn"), (0o777, "fail")])
def test_whom_the_data_folder_is_open_to(tmp_path: Path, mode: int, level: str) -> None:
    data = tmp_path / "data"
    assert found(files.data_folder, Settings(data=data)) == [("data folder", "ok")]
    data.mkdir()
    data.chmod(mode)
    assert found(files.data_folder, Settings(data=data)) == [("data folder", level), ("data", "ok")]


def test_a_damaged_data_folder_fails(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "current").write_text("7\n")
    assert ("data", "fail") in found(files.data_folder, Settings(data=tmp_path))


def test_a_data_folder_of_another_user_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Nothing is closed to root, who may run the tests.
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert found(files.data_folder, Settings(data=tmp_path)) == [("data folder", "fail")]


@pytest.mark.parametrize(("free", "level"), [(2**20, "fail"), (2**29, "warn"), (2**40, "ok")])
def test_disk_space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**41, 0, free))
    settings = Settings(data=tmp_path / "not" / "there")
    expected = [("disk of the data", level), ("disk of temporary files", level)]
    assert found(files.disk_space, settings) == expected


@pytest.mark.parametrize(("mode", "level"), [(0o600, "ok"), (0o644, "warn"), (0o666, "fail")])
def test_whom_secrets_are_open_to(tmp_path: Path, mode: int, level: str) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(TOKENS)
    tokens.chmod(mode)
    assert found(files.private_files, Settings(tokens=tokens)) == [("tokens", level)]


def test_files_that_are_missing_or_wrong_fail(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    missing = found(files.private_files, Settings(tokens=tokens, tls_key=tmp_path / "key"))
    assert missing == [("tokens", "fail"), ("tls_key", "fail"), ("tokens", "fail")]
    tokens.write_text('[watch]\nsha256 = "x"\n')
    tokens.chmod(0o600)
    assert found(files.private_files, Settings(tokens=tokens)) == [("tokens", "ok"), ("tokens", "fail")]


@pytest.mark.parametrize(("days", "level"), [(90, "ok"), (3, "warn"), (-1, "fail")])
def test_how_long_a_certificate_is_valid(tmp_path: Path, days: int, level: str) -> None:
    issued = trustme.CA().issue_cert(
        "example.org", not_after=datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    )
    both = tmp_path / "both.pem"
    both.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    both.chmod(0o600)
    (finding,) = files.certificate(Settings(tls_certificate=both))
    assert finding.level == level, finding.said
    assert str(both) in finding.said


def test_a_key_of_another_certificate_fails(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(trustme.CA().issue_cert("a.example").cert_chain_pems[0].bytes())
    key.write_bytes(trustme.CA().issue_cert("b.example").private_key_pem.bytes())
    assert found(files.certificate, Settings(tls_certificate=certificate, tls_key=key)) == [
        ("certificate", "fail")
    ]
    assert found(files.certificate, Settings()) == []
