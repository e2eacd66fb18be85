"""The server of ``endpoint serve``, with everything that it imports."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from endpoint.app import create_application, create_metrics_application, create_site
from endpoint.cli import lasting
from endpoint.engine.template_process import TemplateProcess
from endpoint.ingest.start import ensure_store, warn_of_changed_files
from endpoint.server import Server, listen, listen_for_metrics
from endpoint.server.metrics_listener import MetricsListener
from endpoint.server.reloading import Reloader
from endpoint.server.service_manager import Manager
from endpoint.server.tls import Tls
from endpoint.settings import Settings


def serve(
    settings: Settings, read: Callable[[], Settings], process: TemplateProcess, adopt: bool = False
) -> bool:
    """Serve until a signal ends it; ``read`` reads the settings again. Return whether it ever answered.

    ``adopt``: the data may belong to another dataset, and does not from then on.
    """
    manager = Manager.read()
    tls = Tls(settings)
    with ExitStack() as closing:
        sockets = [closing.enter_context(sock) for sock in listen(settings, manager)]
        beside = [closing.enter_context(sock) for sock in listen_for_metrics(settings, manager)]
        with lasting():
            site = create_site(settings)
        ensure_store(settings, site.dataset, adopt)
        warn_of_changed_files(settings.data, site.dataset)
        site.instruments.prepare(settings)()
        closing.callback(site.instruments.close)
        reloader = Reloader(site, read, (tls.prepare, site.instruments.prepare))
        metrics = MetricsListener(create_metrics_application(site), beside) if beside else None
        application = create_application(site, process=process)
        return Server(application, site, reloader, tls, manager, metrics).serve_on(sockets)
