"""The memory of a worker process, measured in a process of its own."""

from __future__ import annotations

from tests.engine.test_fence import run


def test_the_limit() -> None:
    printed = run("""
        from endpoint.engine.memory import limit_memory
        limit_memory(64 * 2**20)
        bytearray(32 * 2**20)
        try:
            bytearray(128 * 2**20)
        except MemoryError:
            print("refused")
    """)
    assert printed == "refused"


def test_the_peak_is_that_of_the_present_query() -> None:
    printed = run("""
        import os
        from endpoint.engine.memory import PeakMemory
        # As a worker is: a program that was started remembers the peak of the one before it.
        if os.fork():
            os.wait()
            os._exit(0)
        memory = PeakMemory()
        for megabytes in (256, 64, 0):
            memory.begin()
            data = b"x" * (megabytes * 2**20)
            del data
            print(round(memory.growth() / 2**20 / 32) * 32, flush=True)
    """)
    assert printed.split() == ["256", "64", "0"]
