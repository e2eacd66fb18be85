"""Columns of a generated catalogue: building them; counts, the image and dumps, with and without.

    python -m benchmarks.columns 4174 20000

Each size is loaded by ``endpoint load`` twice in one run, with columns and without, and the server's own
counting runs on both; their results are compared before anything is reported.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Final

from pyoxigraph import RdfFormat, Store, parse

from benchmarks.catalogue import Catalogue, write
from benchmarks.scale import Row as Measured
from benchmarks.scale import megabytes, size, table
from endpoint.app import create_site, open_engine
from endpoint.columns import FOLDER
from endpoint.columns.opening import open_columns
from endpoint.columns.writing import write_trig as image_from_columns
from endpoint.engine.image import write_trig as image_from_store
from endpoint.formats import N_QUADS, TRIG, TURTLE
from endpoint.ingest.columns import Feed, build_columns
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.dump import Dump, open_store
from endpoint.storage.dump_order import Selection
from endpoint.storage.generations import Generation
from endpoint.web.machine.partitions import Part
from endpoint.web.machine.statistics import Counting, Statistics
from endpoint.web.own_queries import OwnQueries

_MANY: Final = 10**9
# Lines that are fed at once.
_LINES: Final = 2**16
# Seconds that the counting by queries may take here, so that nothing is left out.
_PATIENCE: Final = 3600.0


def load(file: Path, data: Path, columns: int) -> str:
    """``endpoint load``; what it says."""
    command = [sys.executable, "-m", "endpoint", "load", str(file), "--data", str(data)]
    done = subprocess.run([*command, "--columns", str(columns)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"endpoint load of {file} failed: {done.stderr}")
    return done.stdout + done.stderr


async def count(data: Path) -> tuple[Statistics, float]:
    """The statistics of what is served from ``data``, and the seconds that they took."""
    site = create_site(Settings(data=data, timeout=_PATIENCE))
    site.running = engine = await open_engine(site.settings, site.dataset)
    try:
        snapshot = OwnQueries(site).snapshot(timeout=_PATIENCE)
        started = time.perf_counter()
        return await Counting(snapshot).run(), time.perf_counter() - started
    finally:
        await engine.aclose()


def numbers(part: Part | None) -> object:
    """What both ways of counting have to agree on; queries see classes and datatypes in a sample only."""
    if part is None:
        return None
    classes = [
        (row.iri, row.entities, {(of.iri, of.triples) for of in row.properties}) for row in part.classes
    ]
    return part.triples, part.subjects, part.objects, part.properties, classes


def measure(publications: int, folder: Path) -> Measured:
    """One size: both ways of counting, whose numbers have to be the same."""
    file, row = folder / "catalogue.nq", Measured(f"{publications:,}")
    with file.open("wb") as out:
        write(Catalogue(publications, 1), out, graphs=True)
    said = load(file, folder / "with", _MANY)
    load(file, folder / "without", 0)
    generation = generations.current(folder / "with")
    made = re.search(r"made columns in ([\d.]+) s", said, re.IGNORECASE)
    if generation is None or made is None:
        raise SystemExit(f"there are no columns: {said}")
    row.found["quads"] = f"{generation.quads:,}"
    row.found["building columns"] = f"{made[1]} s"
    row.found["columns on disk"] = megabytes(size(generation.path / FOLDER))
    row.found["store on disk"] = megabytes(size(generation.path / generations.STORE))
    fast, seconds = asyncio.run(count(folder / "with"))
    slow, longer = asyncio.run(count(folder / "without"))
    for name in ({*fast.graphs} | {*slow.graphs}) - {None}:
        if numbers(fast.graphs.get(name)) != numbers(slow.graphs.get(name)):
            raise SystemExit(f"the numbers of {name} differ")
    if slow.left_out or fast.left_out or numbers(fast.whole) != numbers(slow.whole):
        raise SystemExit(f"the numbers of all differ: {slow.left_out}")
    row.found["counting by queries"] = f"{longer:.2f} s"
    row.found["counting from columns"] = f"{seconds:.2f} s"
    building(row, generation, folder)
    image(row, generation)
    dumps(row, generation)
    return row


def processor() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def building(row: Measured, generation: Generation, folder: Path) -> None:
    """Building columns of the store, and of its statements as a load feeds them; the files are the same."""
    store = Store.read_only(str(generation.path / generations.STORE))
    lines = (store.dump(format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    started = processor()
    build_columns(store, folder / "read")
    row.found["building by reading the store"] = f"{processor() - started:.1f} s of a processor"
    started = processor()
    with Feed(folder / "fed", 0, _MANY) as feed:
        for begin in range(0, len(lines), _LINES):
            feed.add_lines(b"".join(lines[begin : begin + _LINES]), RdfFormat.N_QUADS, None)
        if not feed.finish(store, None):
            raise SystemExit("the columns that were fed are not those of the store")
    row.found["building while storing"] = f"{processor() - started:.1f} s of a processor"
    for path in (folder / "read").iterdir():
        if path.read_bytes() != (folder / "fed" / path.name).read_bytes():
            raise SystemExit(f"{path.name} differs")


def image(row: Measured, generation: Generation) -> None:
    """The stream for the image from the store and from columns; each makes the same number of quads."""
    store = Store.read_only(str(generation.path / generations.STORE))
    columns = open_columns(generation.path / FOLDER)
    ways: dict[str, Callable[[IO[bytes]], None]] = {
        "the store": partial(image_from_store, store),
        "columns": partial(image_from_columns, columns),
    }
    for name, write_to in ways.items():
        with tempfile.TemporaryFile() as stream:
            started = time.process_time()
            write_to(stream)
            row.found[f"reading for the image from {name}"] = f"{time.process_time() - started:.1f} s"
            stream.seek(0)
            made = Store()
            made.bulk_load(stream, RdfFormat.TRIG, lenient=True)
        if len(made) != generation.quads:
            raise SystemExit(f"the image from {name} has {len(made):,} quads")


def dumps(row: Measured, generation: Generation) -> None:
    """Dumps from the store and from columns, which have the same statements."""
    store, columns = open_store(generation), open_columns(generation.path / FOLDER)
    wanted = {
        "N-Quads": (N_QUADS, RdfFormat.N_QUADS, Selection()),
        "TriG": (TRIG, RdfFormat.TRIG, Selection()),
        "the union as Turtle": (TURTLE, RdfFormat.TURTLE, Selection(union=True)),
    }
    for name, (fmt, syntax, selection) in wanted.items():
        found = []
        for source, dump in (
            ("the store", Dump(generation, store)),
            ("columns", Dump(generation, store, columns)),
        ):
            out = _Written()
            started = time.process_time()
            dump.write(fmt, selection, {}, out, lambda _: None)
            row.found[f"{name} from {source}"] = f"{time.process_time() - started:.2f} s"
            found.append({*parse(out.getvalue(), syntax, lenient=True)})
        if found[0] != found[1]:
            raise SystemExit(f"the dumps of {name} differ")


class _Written(io.BytesIO):
    """Bytes that were written."""

    written = 0


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[4174], help="numbers of publications")
    rows = []
    for publications in parser.parse_args().sizes:
        with tempfile.TemporaryDirectory() as name:
            rows.append(measure(publications, Path(name)))
    print(table(rows))


if __name__ == "__main__":
    main()
