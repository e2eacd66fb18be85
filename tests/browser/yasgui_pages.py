"""Pages of another origin with the YASGUI builds that other sites use, on our endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.live import ROOT

# npm's packages, as package.json pins them.
BUILDS: Final = ("@zazuko/yasgui", "@triply/yasgui")
_FILES: Final = {"js": "text/javascript", "css": "text/css"}

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{build}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/{build}.css">
<div id="yasgui"></div>
<script src="/{build}.js"></script>
<script>
// Completion asks other hosts as they come; no test may.
Yasgui.Yasqe.defaults.autocompleters = [];
new Yasgui(document.getElementById("yasgui"), {configuration});
document.documentElement.dataset.editor = "ready";
</script>
"""


class _Pages(BaseHTTPRequestHandler):
    """``/?build=…&endpoint=…&method=…`` and the files of the builds."""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        build, _, extension = path[1:].rpartition(".")
        if path == "/":
            config = {"requestConfig": {"endpoint": query["endpoint"][0], "method": query["method"][0]}}
            page = _PAGE.format(build=query["build"][0], configuration=json.dumps(config))
            self._answer("text/html", page.encode())
        elif build in BUILDS and extension in _FILES:
            file = ROOT / "node_modules" / build / "build" / f"yasgui.min.{extension}"
            self._answer(_FILES[extension], file.read_bytes())
        else:
            self.send_error(404)

    def _answer(self, media_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def yasgui_pages() -> Iterator[str]:
    """Serve the pages; gives their address, an origin of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
