"""The memory of a worker process, measured in a process of its own."""

from __future__ import annotations

from tests.engine.fence.test_fence import run


def test_the_limit() -> None:
    printed = run("""
        from endpoint.engine.memory import WorkerMemory
        WorkerMemory().limit(64 * 2**20)
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
        from endpoint.engine.memory import WorkerMemory
        # As a worker is: a program that was started remembers the peak of the one before it.
        if os.fork():
            os.wait()
            os._exit(0)
        memory = WorkerMemory()
        for megabytes in (256, 64, 0):
            memory.begin()
            data = b"x" * (megabytes * 2**20)
            del data
            print(round(memory.growth() / 2**20 / 32) * 32, flush=True)
    """)
    assert printed.split() == ["256", "64", "0"]


def test_a_child_has_the_memory_that_its_parent_has_not() -> None:
    printed = run("""
        import os, time
        from endpoint.engine.memory import memory_now
        shared = bytearray(os.urandom(64 * 2**20))
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            own = bytearray(os.urandom(32 * 2**20))
            os.write(writing, b"!")
            time.sleep(60)
        os.read(reading, 1)
        print(round(memory_now(child) / 2**20, -1))
        os.kill(child, 9)
        os.waitpid(child, 0)
        print(memory_now(child))
    """)
    assert printed.split() == ["30.0", "0"]
