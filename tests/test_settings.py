"""Settings: sources and their order, parsers, and what is said of wrong values."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint.errors import ConfigurationError
from endpoint.settings import Settings, reloaded, setting_fields, shown_default
from endpoint.settings.sources import environment_name, read_settings
from endpoint.settings.values import address, seconds, size

SIZES = [("4096", 4096), ("1k", 1024), ("512MB", 512 * 2**20), ("1 GiB", 2**30), ("1.5g", 1536 * 2**20)]


@pytest.mark.parametrize(("text", "expected"), SIZES)
def test_sizes(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize("text", ["", "x", "-1", "1 PB", "0", "0.1", "9" * 40])
def test_wrong_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="such as 512MB"):
        size(text)


@pytest.mark.parametrize(("text", "expected"), [("30", 30.0), ("2.5", 2.5), ("10s", 10.0), (" 1 ", 1.0)])
def test_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon", "", "1e9"])
def test_wrong_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="positive number of seconds"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        (" localhost:0 ", ("localhost", 0)),
        ("[::1]:9464", ("::1", 9464)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert address(text) == expected


@pytest.mark.parametrize("text", ["", "9464", ":9464", "127.0.0.1", "::1:9464", "a b:1", "a:65536", "a:٣"])
def test_wrong_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="an address and a port"):
        address(text)


def test_defaults_need_no_source() -> None:
    assert read_settings({}, environ={}) == Settings()


def test_flags_go_before_environment_before_file_before_default(tmp_path: Path) -> None:
    file = tmp_path / "endpoint.toml"
    file.write_text('port = 1\ntimeout = 1\nqueue = 1\ncors_origins = ["https://a", "https://b"]\n')
    environ = {"ENDPOINT_PORT": "2", "ENDPOINT_TIMEOUT": "2"}
    settings = read_settings({"port": "3", "timeout": None}, environ, file)
    assert (settings.port, settings.timeout, settings.queue) == (3, 2.0, 1)
    assert settings.cors_origins == ("https://a", "https://b")
    assert settings.workers == 0


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('memory = "1GB"')
    assert read_settings({}, {"ENDPOINT_CONFIG": str(file)}).memory == 2**30


WRONG_FLAGS = [
    ("port", "80a", "--port: expected a whole number from 0 to 65535, got '80a'."),
    ("port", "65536", "--port: expected a whole number from 0 to 65535, got '65536'."),
    ("port", "٣", "--port: expected a whole number from 0 to 65535, got '٣'."),
    ("timeout", "0", "--timeout: expected a positive number of seconds, such as 30 or 2.5, got '0'."),
    ("memory", "lots", "--memory: expected a size such as 512MB or 1GiB, got 'lots'."),
    ("default_graph", "all", "--default-graph: expected one of union, strict, got 'all'."),
    ("public_url", "example.org", "--public-url: expected an absolute http or https URL"),
    ("public_url", "http://[", "--public-url: expected an absolute http or https URL"),
    ("host", " ", "--host: expected a text that is not empty"),
    ("data", "", "--data: expected a path"),
    ("security_contact", "me@example.org", "--security-contact: expected addresses such as mailto:"),
    ("derive", "maybe", "--derive: expected on or off, got 'maybe'."),
]


@pytest.mark.parametrize(("name", "text", "said"), WRONG_FLAGS)
def test_a_wrong_flag_is_named(name: str, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings({name: text}, {})
    assert said in caught.value.detail


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"^ENDPOINT_QUEUE: expected a whole number"):
        read_settings({}, {"ENDPOINT_QUEUE": "many"})


WRONG_FILES = [
    ("prot = 1", "there is no setting 'prot'. Did you mean 'port'?"),
    ("port = ", "is not a TOML file"),
    ("port = " + "[" * 5000, "is nested too deeply"),
    ('port = "x"', "port in the settings file: expected a whole number"),
]


@pytest.mark.parametrize(("content", "said"), WRONG_FILES)
def test_a_wrong_file_is_explained(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "endpoint.toml"
    file.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        read_settings({}, {}, file)
    assert said in caught.value.detail


@pytest.mark.parametrize(("content", "expected"), [("true", True), ("false", False), ('"off"', False)])
def test_a_switch_is_a_word_or_a_boolean(tmp_path: Path, content: str, expected: bool) -> None:
    file = tmp_path / "endpoint.toml"
    file.write_text(f"derive = {content}")
    assert read_settings({}, {}, file).derive is expected


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_settings({}, {}, tmp_path / "none.toml")


def test_every_setting_has_help_and_reads_its_own_default() -> None:
    for row in setting_fields():
        assert row.metadata["help"].endswith(".")
        assert row.metadata["metavar"].isupper()
        if row.default not in (None, ("*",)):
            assert row.metadata["parse"](shown_default(row)) == row.default
    assert environment_name("max_query") == "ENDPOINT_MAX_QUERY"


def test_there_are_at_least_two_workers() -> None:
    assert Settings().pool_size >= 2
    assert Settings(workers=1).pool_size == 1


def test_a_running_server_takes_over_what_needs_no_restart() -> None:
    running = Settings(timeout=30, workers=2, cors_origins=("https://a",))
    wanted = Settings(timeout=10, workers=3, cors_origins=("https://a",))
    after, changed, waiting = reloaded(running, wanted)
    assert (after.timeout, after.workers) == (10, 2)
    assert (changed, waiting) == (["timeout"], ["workers"])
    assert reloaded(running, running) == (running, [], [])
