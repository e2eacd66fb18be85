"""Asks the advisory services whether a pinned dependency has a known vulnerability.

Ends with 1 where one has. A service that is not reached is named loudly, and is no finding: what it would
have said is not known, so that it fails the run only with ``--strict``, which wants every service to answer.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PIP_AUDIT: Final = ("-m", "pip_audit", "--requirement", "constraints.txt", "--no-deps", "--disable-pip")
PIP_FLAGS: Final = ("--format", "json", "--progress-spinner", "off", "--timeout", "20")
NPM_AUDIT: Final = ("audit", "--json", "--package-lock-only", "--audit-level", "none")
# Seconds that a service has to answer about everything.
_PATIENCE: Final = 300


@dataclass(frozen=True)
class Audit:
    """What a service said: findings, one a line, the packages it knew, and why it said nothing of others."""

    service: str
    findings: tuple[str, ...] = ()
    known: int = 0
    silent: tuple[str, ...] = field(default=())

    @property
    def reached(self) -> bool:
        """Whether it answered about any package."""
        return self.known > 0


def of_python(report: str) -> Audit:
    """Read the report of pip-audit, which lists packages that it could not look up as skipped."""
    packages = _object(report).get("dependencies", [])
    findings = [
        f"{row['name']} {row['version']}: {found['id']}{_fix(found.get('fix_versions'))}"
        for row in packages
        for found in row.get("vulns", ())
    ]
    silent = tuple(str(row["skip_reason"]) for row in packages if "skip_reason" in row)
    return Audit("PyPI", tuple(findings), len(packages) - len(silent), silent)


def of_npm(report: str) -> Audit:
    """Read the report of ``npm audit``, which has numbers only where the registry answered."""
    told = _object(report)
    counted = told.get("metadata", {}).get("dependencies", {}).get("total", 0)
    rows = told.get("vulnerabilities", {}).items()
    findings = [f"{name}: {row['severity']} ({row['range']})" for name, row in rows]
    silent = () if counted else (str(told.get("message") or told.get("error") or "no report"),)
    return Audit("npm", tuple(findings), counted, silent)


def _object(report: str) -> dict[str, Any]:
    try:
        found = json.loads(report)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _fix(versions: Sequence[str] | None) -> str:
    return f", fixed in {', '.join(versions)}" if versions else ""


def told(audit: Audit) -> list[str]:
    """Return the lines that tell a person what the service said."""
    if not audit.reached:
        reason = audit.silent[0][:200] if audit.silent else "it gave no report"
        return [
            f"!! NOT AUDITED: the advisory service of {audit.service} was not reached ({reason}).",
            "!! This is no finding and no clean bill: run make audit where the network allows it.",
        ]
    lines = [
        f"{audit.service}: {audit.known} packages looked up, {len(audit.findings)} known vulnerabilities"
    ]
    if audit.silent:
        lines.append(
            f"!! {audit.service} said nothing of {len(audit.silent)} packages: {audit.silent[0][:200]}"
        )
    return [*lines, *(f"   VULNERABLE {finding}" for finding in audit.findings)]


def ended_with(audits: Sequence[Audit], strict: bool) -> int:
    """Return the exit code: 1 with findings, 2 with ``strict`` where a service said nothing, else 0."""
    if any(audit.findings for audit in audits):
        return 1
    return 2 if strict and not all(audit.reached and not audit.silent for audit in audits) else 0


def _output(command: Sequence[str]) -> str:
    try:
        # Standard error is left out: it says "no known vulnerabilities" where nothing could be looked up.
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_PATIENCE
        ).stdout
    except subprocess.TimeoutExpired:
        return ""


def main() -> int:
    """Ask both services, and tell what they said."""
    audits = [of_python(_output([sys.executable, *PIP_AUDIT, *PIP_FLAGS]))]
    npm = shutil.which("npm")
    missing = Audit("npm", silent=("npm is not installed",))
    audits.append(missing if npm is None else of_npm(_output([npm, *NPM_AUDIT])))
    print("\n".join(line for audit in audits for line in told(audit)))
    return ended_with(audits, "--strict" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
