"""``endpoint serve``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from endpoint.app import create_application, create_metrics_application, create_site
from endpoint.cli import lasting
from endpoint.cli.options import setting_options
from endpoint.ingest.publish import ensure_store
from endpoint.server import Server, listen, listen_for_metrics
from endpoint.server.metrics_listener import MetricsListener
from endpoint.server.reloading import Reloader
from endpoint.server.service_manager import Manager
from endpoint.server.tls import Tls
from endpoint.settings import Settings
from endpoint.settings.sources import read_settings
from endpoint.telemetry import set_up_logging


@click.command()
@setting_options()
def command(config: Path | None, **flags: str | None) -> None:
    """Serve the dataset over HTTP; builds the store on first start."""

    def read() -> Settings:
        return read_settings(flags, config=config)

    settings = read()
    set_up_logging(settings.log_level)
    manager = Manager.read()
    tls = Tls(settings)
    with ExitStack() as closing:
        sockets = [closing.enter_context(sock) for sock in listen(settings, manager)]
        beside = [closing.enter_context(sock) for sock in listen_for_metrics(settings, manager)]
        with lasting():
            site = create_site(settings)
        ensure_store(settings, site.dataset)
        site.instruments.prepare(settings)()
        closing.callback(site.instruments.close)
        reloader = Reloader(site, read, (tls.prepare, site.instruments.prepare))
        metrics = MetricsListener(create_metrics_application(site), beside) if beside else None
        server = Server(create_application(site), site, reloader, tls, manager, metrics)
        if not server.serve_on(sockets):
            raise click.exceptions.Exit(1)
