"""``endpoint token``: the file that it writes, which a server reads."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from endpoint.cli.token import command
from endpoint.errors import ConfigurationError
from endpoint.settings import Settings
from endpoint.tokens import Tokens


def token(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--data", str(data)])


def test_a_token_is_made_and_revoked(tmp_path: Path) -> None:
    made = token(tmp_path, "create", "ci", "--scope", "update", "--graph", "http://a/*", "--expires", "90d")
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    file = tmp_path / "tokens.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret not in file.read_text()
    found = Tokens.of(Settings(data=tmp_path)).find(secret)
    assert found is not None
    assert (found.name, found.scopes, found.graphs) == ("ci", frozenset({"update"}), ("http://a/*",))
    assert token(tmp_path, "revoke", "ci").exit_code == 0
    assert Tokens.of(Settings(data=tmp_path)).find(secret) is None


def test_comments_of_the_file_stay(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text('# of the night shift\n[watch]\nsha256 = "%s"\nscopes = ["admin"]\n' % ("0" * 64))
    assert token(tmp_path, "create", "ci", "--scope", "graph-store", "--budget", "600").exit_code == 0
    assert "# of the night shift" in file.read_text()
    members = json.loads(token(tmp_path, "list", "--json").stdout)
    assert [(one["name"], one["scopes"], one["budget"]) for one in members] == [
        ("watch", ["admin"], None),
        ("ci", ["graph-store"], 600.0),
    ]
    assert "000000000000" in token(tmp_path, "list").stdout


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("create", "a b", "--scope", "update"), click.exceptions.Exit),
        (("create", "a", "--scope", "update", "--graph", "news"), click.exceptions.Exit),
        (("create", "a", "--scope", "admin", "--graph", "http://a"), click.exceptions.Exit),
        (("create", "a", "--expires", "soon"), click.exceptions.Exit),
        (("create", "a", "--expires", "2020-01-01"), click.exceptions.Exit),
        (("revoke", "a"), ConfigurationError),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], error: type[Exception]
) -> None:
    refused = token(tmp_path, *arguments)
    assert refused.exit_code != 0
    assert isinstance(refused.exception, SystemExit if error is click.exceptions.Exit else error)
    assert not (tmp_path / "tokens.toml").exists()


def test_a_name_is_given_once(tmp_path: Path) -> None:
    first = token(tmp_path, "create", "ci").stdout.strip()
    again = token(tmp_path, "create", "ci")
    assert isinstance(again.exception, ConfigurationError)
    assert Tokens.of(Settings(data=tmp_path)).find(first) is not None


def test_commands_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    commands = [
        [sys.executable, "-m", "endpoint", "token", "create", f"t{n}", "--data", str(tmp_path)]
        for n in range(4)
    ]
    running = [subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for each in commands]
    secrets = [each.communicate()[0].decode().strip() for each in running]
    tokens = Tokens.of(Settings(data=tmp_path))
    assert [found.name for secret in secrets if (found := tokens.find(secret))] == ["t0", "t1", "t2", "t3"]


def test_the_server_can_read_the_file_as_before(tmp_path: Path) -> None:
    """Also where another user runs the command, a group may read the file, or it is a link."""
    real = tmp_path / "kept" / "tokens.toml"
    real.parent.mkdir()
    real.touch()
    real.chmod(0o640)
    (tmp_path / "tokens.toml").symlink_to(real)
    if os.geteuid() == 0:
        os.chown(real, 12345, 12345)
    owner = real.stat().st_uid
    assert token(tmp_path, "create", "ci").exit_code == 0
    assert (tmp_path / "tokens.toml").is_symlink()
    assert (stat.S_IMODE(real.stat().st_mode), real.stat().st_uid) == (0o640, owner)
    assert [path.name for path in real.parent.iterdir()] == ["tokens.toml"]
