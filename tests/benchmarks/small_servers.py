"""Servers of fixed answers, to see what the benchmark makes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What a server does with a path: status and body; ``None`` cuts the connection.
Behaviour = Callable[[str], tuple[int, bytes] | None]


@contextmanager
def answering(behaviour: Behaviour) -> Iterator[int]:
    """Serve until the block ends; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made = behaviour(self.path)
            if made is None:
                self.close_connection = True
                return
            self.send_response(made[0])
            self.send_header("Content-Length", str(len(made[1])))
            self.end_headers()
            self.wfile.write(made[1])

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
