"""What a cluster costs on one machine, and whether memory stays flat: passes in process and on Ray.

``python tests/benchmarks/passes.py speed FOLDER`` evaluates EfficientNet-Lite0 on the photos in a folder,
``SYNSET_name.JPEG``, linked as often as it takes for ``--images``, and compares the tables row by row.
``python tests/benchmarks/passes.py memory`` passes over synthetic rows, 100,000 and a million. Each run is a
process of its own; CPU seconds and memory are of all its processes, read from /proc (Linux).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch

sys.path.insert(0, str(ROOT := Path(__file__).parents[2]))

from core.checkpoints import paths
from core.passes.cluster import Cluster
from core.passes.in_process import InProcess
from core.passes.parts import Parts
from core.passes.running import Engine, run
from core.passes.work import Compute, Input, InputBatch, Reader
from core.predictions import evaluations

_MARK = "SEEWHY_BENCHMARK"
_KINDS = ("this process", "actor", "Ray")
_TICKS = os.sysconf("SC_CLK_TCK")
ENGINES: dict[str, list[str]] = {
    "in process": [],
    "1 actor": ["--cluster", "local", "--devices", "1"],
    "2 actors": ["--cluster", "local", "--devices", "2"],
    "4 actors": ["--cluster", "local", "--devices", "4"],
}


@dataclass
class Cost:
    """What a run took: wall seconds; by kind of process CPU seconds, and the largest memory of one in MB."""

    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    largest: dict[str, float] = field(default_factory=dict)


def cost_of(command: Sequence[str], places: dict[str, str]) -> Cost:
    """Run a program to its end; CPU seconds and memory count all processes that it has started."""
    mark = f"{_MARK}={time.time_ns()}"
    environment = os.environ | places | dict([mark.split("=")])
    started, used, cost = time.perf_counter(), dict[str, tuple[str, float]](), Cost()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 (ours)
    while process.poll() is None:
        for name in _marked(mark):
            seconds, kind, memory = _seen(name)
            if kind == "ended":
                continue
            if kind == "zombie":  # Its command line is gone.
                kind = used.get(name, ("this process", 0.0))[0]
            used[name] = kind, seconds
            cost.largest[kind] = max(cost.largest.get(kind, 0), memory)
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(process.returncode)
    cost.wall = time.perf_counter() - started
    for kind, seconds in used.values():
        cost.cpu[kind] = cost.cpu.get(kind, 0) + seconds
    return cost


_KNOWN: dict[str, bool] = {}


def _marked(mark: str) -> Iterator[str]:
    for name in (path.name for path in Path("/proc").iterdir() if path.name.isdecimal()):
        key = f"{name} {mark}"
        if not _KNOWN.get(key):
            try:
                _KNOWN[key] = mark.encode() in Path("/proc", name, "environ").read_bytes()
            except OSError:
                continue
        if _KNOWN[key]:
            yield name


def _seen(name: str) -> tuple[float, str, float]:
    """CPU seconds, kind and resident memory (MB) of a process."""
    try:
        text = Path("/proc", name, "stat").read_text()
        command = Path("/proc", name, "cmdline").read_bytes()
        memory = int(Path("/proc", name, "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0, "ended", 0.0
    fields = text.rpartition(")")[2].split()
    if fields[0] == "Z":
        return (int(fields[11]) + int(fields[12])) / _TICKS, "zombie", 0.0
    kinds = {b"MapWorker": "actor", b"ray::": "Ray", b"raylet": "Ray", b"gcs": "Ray", b"/ray/": "Ray"}
    kind = next((kind for start, kind in kinds.items() if start in command), "this process")
    return (int(fields[11]) + int(fields[12])) / _TICKS, kind, memory


def speed(folder: Path, num_images: int, engines: Sequence[str]) -> None:
    """Print what an evaluation costs on each engine."""
    with tempfile.TemporaryDirectory() as place:
        _link(folder, Path(place, "photos"), num_images)
        shutil.copytree(paths.root() / paths.BUILT_IN, Path(place, "checkpoints", paths.BUILT_IN))
        print(f"{num_images} photos, EfficientNet-Lite0, {os.cpu_count()} cores\n")
        print("| | s | photos/s | CPU s: this process | actors | Ray | of in process | rows differ |")
        print("|" + " --- |" * 8)
        costs = {name: _evaluated(Path(place), name) for name in engines}
        for name, cost in costs.items():
            share = sum(cost.cpu.values()) / sum(costs[engines[0]].cpu.values())
            used = " | ".join(f"{cost.cpu.get(kind, 0):.0f}" for kind in _KINDS)
            rows = _difference(Path(place), engines[0], name)
            measured = f"{cost.wall:.0f} | {num_images / cost.wall:.1f} | {used} | {share:.2f}"
            print(f"| {name} | {measured} | {rows} |", flush=True)


def _link(folder: Path, target: Path, num_images: int) -> None:
    photos = sorted(folder.glob("n*.JPEG"))
    for number, photo in enumerate(islice(cycle(photos), num_images)):
        place = target / photo.name.split("_")[0]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.jpg").symlink_to(photo.resolve())


def _evaluated(place: Path, name: str) -> Cost:
    places = {"SEEWHY_CHECKPOINTS": str(place / "checkpoints"), "SEEWHY_CACHE": str(place / "cache")}
    command = [sys.executable, "-m", "core", "evaluate", paths.BUILT_IN, "--data", str(place / "photos")]
    return cost_of([*command, "--as", name.replace(" ", "-"), *ENGINES[name]], places)


def _difference(place: Path, name: str, other: str) -> str:
    folder = place / "checkpoints" / paths.BUILT_IN
    tables = [
        pd.read_parquet(evaluations.place(folder, each.replace(" ", "-")) / paths.PREDICTIONS)
        for each in (name, other)
    ]
    exact = ["sample_id", "label", "predicted"]
    pd.testing.assert_frame_equal(tables[0][exact], tables[1][exact])
    return f"p by {(tables[0]['p_predicted'] - tables[1]['p_predicted']).abs().max():.0e}"


def _tiny(position: int) -> Input:
    return Input(torch.full((3, 8, 8), position % 256, dtype=torch.uint8), (8, 8))


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Rows as of a thousand classes' top five, of images that cost nothing."""

    reader: Reader = _tiny

    def opened(self, device: str) -> Compute:
        """The function of a batch."""
        del device
        return _rows


def _rows(batch: InputBatch) -> pa.Table:
    values = batch.pixels.float().mean((1, 2, 3)).numpy()
    return pa.table(
        {"position": batch.positions.numpy(), **{f"value{number}": values for number in range(10)}}
    )


def one(engine: str, num_rows: int) -> None:
    """Pass over synthetic rows."""
    chosen: Engine = InProcess() if engine == "in process" else Cluster(num_actors=1, device="cpu")
    with tempfile.TemporaryDirectory() as place, chosen.started(Synthetic()) as running:
        parts = Parts(Path(place), num_rows, 1024)

        def write(part: int, tables: Sequence[pa.Table]) -> None:
            pq.write_table(pa.concat_tables(tables), parts.path(part))

        for _ in run(running, parts, write):
            pass
        assert parts.num_done() == num_rows


def memory(sizes: Sequence[int], engines: Sequence[str]) -> None:
    """Print the peak memory of passes over synthetic rows."""
    print("| | rows | seconds | MB: this process | actor | another of Ray's |\n|" + " --- |" * 6)
    for engine in engines:
        for num_rows in sizes:
            cost = cost_of([sys.executable, __file__, "one", engine, str(num_rows)], {})
            memories = " | ".join(f"{cost.largest.get(kind, 0):.0f}" for kind in _KINDS)
            print(f"| {engine} | {num_rows:,} | {cost.wall:.0f} | {memories} |", flush=True)


def main() -> None:
    """Compare, or run one contestant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "memory", "one"))
    parser.add_argument("given", nargs="*")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=[*ENGINES])
    options = parser.parse_args()
    if options.what == "speed":
        speed(Path(options.given[0]), options.images, options.engines)
    elif options.what == "memory":
        memory(options.rows, [name for name in options.engines if name in ("in process", "1 actor")])
    else:
        one(options.given[0], int(options.given[1]))


if __name__ == "__main__":
    main()
