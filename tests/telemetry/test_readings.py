"""What is read off the processes of a server."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from endpoint.telemetry.readings import State, readings


def values(state: State) -> dict[tuple[str, ...], float]:
    """The samples by their name and the values of their labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in readings(state)
        for sample in family.samples
    }


def test_the_age_of_a_generation_is_counted_from_its_publication() -> None:
    found = values(State("1.0", published=time.time() - 100))
    assert 100 <= found["endpoint_generation_age_seconds",] < 160
    assert values(State("1.0"))["endpoint_generation_age_seconds",] == 0


def test_memory_and_descriptors_of_every_kind_of_process() -> None:
    command = [sys.executable, "-c", "print(); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()  # from here on it has the memory of a Python
        found = values(State("1.0", processes={"server": [os.getpid()], "worker": [other.pid] * 2}))
        other.kill()
    assert found["endpoint_processes", "worker"] == 2
    assert found["endpoint_process_memory_bytes", "server"] > 2**20
    assert found["endpoint_process_memory_bytes", "worker"] > 2**20
    assert found["endpoint_process_open_descriptors", "server"] > 3
    # It has ended: what is gone counts nothing.
    gone = values(State("1.0", processes={"worker": [other.pid]}))
    assert gone["endpoint_process_memory_bytes", "worker"] == 0
    assert gone["endpoint_process_open_descriptors", "worker"] == 0
