"""Puts the browser files of others into the package: pinned by ``package-lock.json``, fetched by npm.

The build of a wheel or of an editable installation runs this, and so does ``python hatch_build.py``. A
source distribution holds the files, so building from one needs no npm. Without npm the package is made
without them; its pages then offer a plain form in place of the query editor. Where npm fails the build does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "endpoint" / "web" / "static" / "vendor"
# Tells for which lock file the folder was made.
STAMP = VENDOR / "made-for"

FILES = {
    "@observablehq/plot/dist/plot.umd.min.js": "plot.umd.min.js",
    "@observablehq/plot/LICENSE": "plot-LICENSE.txt",
    "@zazuko/yasgui/build/yasgui.min.css": "yasgui.min.css",
    "@zazuko/yasgui/build/yasgui.min.js": "yasgui.min.js",
    "d3/LICENSE": "d3-LICENSE.txt",
    "d3/dist/d3.min.js": "d3.min.js",
    "swagger-ui-dist/LICENSE": "swagger-ui-LICENSE.txt",
    "swagger-ui-dist/NOTICE": "swagger-ui-NOTICE.txt",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "topojson-client/LICENSE": "topojson-client-LICENSE.txt",
    "topojson-client/dist/topojson-client.min.js": "topojson-client.min.js",
    "world-atlas/LICENSE": "world-atlas-LICENSE.txt",
    "world-atlas/land-110m.json": "land-110m.json",
}


def fetch() -> bool:
    """Fill the folder where it is not what the lock file says. Returns whether the files are there.

    Raises :class:`subprocess.CalledProcessError` where npm fails.
    """
    wanted = blake2b((ROOT / "package-lock.json").read_bytes() + repr(FILES).encode()).hexdigest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return True
    npm = shutil.which("npm")
    if npm is None:
        return False
    subprocess.run([npm, "ci", "--omit=dev", "--ignore-scripts"], cwd=ROOT, check=True, stdout=sys.stderr)
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copyfile(MODULES / source, VENDOR / name)
    STAMP.write_text(wanted)
    return True


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fetches the files before anything is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling; ``version`` is the kind of build."""
        try:
            fetched = fetch()
        except subprocess.CalledProcessError as error:
            sys.exit(f"npm failed: {error}")
        if not fetched:
            self.app.display_warning("The browser files are missing; pages do without. They need npm.")


if __name__ == "__main__":
    sys.exit(0 if fetch() else "npm is needed to fetch the browser files; install Node.js with npm.")
