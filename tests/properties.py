"""The examples for a property: the same each time; with ``--thorough`` ten times as many, and others."""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings

# Other processes run beside the tests: no example has a deadline, and slow ones are no failure.
_PATIENT: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# A change is not to fail for what others left in; to find that is what thorough runs are for.
DEFAULT: Final = settings(_PATIENT, max_examples=100, derandomize=True)
THOROUGH: Final = settings(_PATIENT, max_examples=1000)


def load(thorough: bool) -> None:
    """Make one of both the profile of this run. Called before a module with properties is imported."""
    settings.register_profile("endpoint", THOROUGH if thorough else DEFAULT)
    settings.load_profile("endpoint")


def examples(count: int) -> int:
    """Return the examples to try in this run for a property that takes ``count`` by default."""
    return count * settings().max_examples // DEFAULT.max_examples
