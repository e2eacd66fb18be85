"""Certificates and keys: those that fit, those that do not, and their renewal."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trustme

from endpoint.errors import ConfigurationError
from endpoint.server.tls import Tls
from endpoint.settings import Settings

ISSUER = trustme.CA()


def issue(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """Write a certificate and its key; return their paths."""
    issued = ISSUER.issue_cert(name)
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    key.chmod(0o600)
    return certificate, key


def test_without_the_settings_there_is_no_context() -> None:
    assert Tls(Settings()).context is None


def test_one_file_may_have_both(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    both.chmod(0o600)
    assert Tls(Settings(tls_certificate=both)).context is not None
    assert Tls(Settings(tls_certificate=certificate, tls_key=key)).context is not None


def encrypt(key: Path) -> None:
    # Only its heading makes OpenSSL ask for a passphrase, before it reads the rest.
    heading = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
    key.write_text(f"{heading}{'0' * 32}\n\nAAAA\n-----END RSA PRIVATE KEY-----\n")


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    _, other = issue(tmp_path, "other")
    none, garbage, locked = tmp_path / "none", tmp_path / "garbage", tmp_path / "locked"
    garbage.write_text("nothing")
    encrypt(locked)
    cases = [
        (None, key, "The setting tls_key needs tls_certificate"),
        (none, key, f"tls_certificate: {none} cannot be read (No such file or directory)."),
        (certificate, none, f"tls_key: {none} cannot be read"),
        (tmp_path, key, f"tls_certificate: {tmp_path} cannot be read (Is a directory)."),
        (garbage, key, f"{garbage} and {key} are no certificate and key in PEM"),
        (certificate, garbage, f"{certificate} and {garbage} are no certificate and key in PEM"),
        (certificate, None, f"{certificate} and {certificate} are no certificate and key in PEM"),
        (certificate, other, f"tls_key: {other} is not the key of the certificate in {certificate}."),
        (certificate, locked, f"tls_key: {locked} is encrypted."),
    ]
    for given, private, said in cases:
        with pytest.raises(ConfigurationError) as caught:
            Tls(Settings(tls_certificate=given, tls_key=private))
        assert said in caught.value.detail


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_key_that_everybody_may_read_is_warned_of(
    tmp_path: Path, mode: int, warned: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("endpoint"), "propagate", True)
    certificate, key = issue(tmp_path)
    key.chmod(mode)
    Tls(Settings(tls_certificate=certificate, tls_key=key))
    assert ("every user of this machine may read the key" in caplog.text) is warned


def test_a_renewed_certificate_that_does_not_fit_leaves_the_old_one(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    settings = Settings(tls_certificate=certificate, tls_key=key)
    tls = Tls(settings)
    tls.prepare(settings)()
    certificate.write_bytes(issue(tmp_path, "other")[0].read_bytes())
    with pytest.raises(ConfigurationError, match="is not the key of the certificate"):
        tls.prepare(settings)


def test_tls_is_not_switched_while_the_server_runs(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    with pytest.raises(ConfigurationError, match="by a restart only"):
        Tls(Settings()).prepare(Settings(tls_certificate=certificate, tls_key=key))
