"""``endpoint doctor``."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Final

import click

from endpoint.cli.options import setting_options
from endpoint.cli.output import write
from endpoint.doctor import Finding, files, machine, proxy
from endpoint.errors import ConfigurationError
from endpoint.settings.sources import read_settings
from endpoint.telemetry import set_up_logging

_CHECKS: Final = (*machine.CHECKS, *files.CHECKS, *proxy.CHECKS)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON.")
@setting_options()
def command(as_json: bool, config: Path | None, **flags: str | None) -> None:
    """Examine this machine, the settings and the way through the proxy, and say what to do.

    Give it the settings that the server has. The exit code is 1 where something fails.
    """
    set_up_logging("error")
    findings = _findings(flags, config)
    failed = any(finding.level == "fail" for finding in findings)
    if as_json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        write(json.dumps({"ok": not failed, "findings": rows}, ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            write(f"{finding.level:<4}  {finding.check}: {finding.said}")
            if finding.advice and finding.level != "ok":
                write(f"      → {finding.advice}")
    if failed:
        raise click.exceptions.Exit(1)


def _findings(flags: dict[str, str | None], config: Path | None) -> list[Finding]:
    try:
        settings = read_settings(flags, config=config)
    except ConfigurationError as error:
        return [Finding("settings", "fail", str(error), "Correct it; docs/settings.md lists all settings.")]
    found = [Finding("settings", "ok", "Every setting can be read.")]
    return found + [finding for check in _CHECKS for finding in check(settings)]
