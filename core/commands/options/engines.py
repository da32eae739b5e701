"""The options of commands that pass over a data set: the device, several of them, or a cluster."""

import argparse
import sys
from collections.abc import Callable

from core.commands.options.numbers import MOST_PROCESSES, named, whole
from core.data.workers import usual_workers
from core.device import keep_freed_memory, usable_device
from core.passes.cluster import Cluster
from core.passes.in_process import InProcess
from core.passes.progress import PassProgress, ProgressFile
from core.passes.ray_session import LOCAL
from core.passes.running import Engine


def add(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``, ``--devices`` and ``--cluster``."""
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (default: the fastest available)")
    parser.add_argument(
        "--devices",
        type=whole(1, MOST_PROCESSES),
        metavar="N",
        help="copies of the network, one per device (default: 1; with --cluster, as many as suit it)",
    )
    parser.add_argument(
        "--cluster",
        type=named,
        metavar="WHERE",
        help="share the work on Ray: 'local' (this machine), 'auto' (the cluster of this machine), or an "
        'address; needs: pip install "ray[data]"',
    )


def engine(options: argparse.Namespace) -> Engine:
    """The engine that the options ask for; a note on stderr where the device is missing."""
    keep_freed_memory()
    if options.cluster not in (None, LOCAL):
        return Cluster(options.cluster, options.devices or 0, options.device or "")
    device, note = usable_device(options.device)
    if note:
        print(note, file=sys.stderr)
    if options.cluster is None and (options.devices or 1) == 1:
        return InProcess(device, usual_workers())
    return Cluster(LOCAL, options.devices or 0, device)


def draw(progress: PassProgress) -> None:
    """Show the progress on one line of a terminal."""
    if sys.stderr.isatty():
        end = "\n" if progress.done == progress.total else ""
        print(f"\r{progress}\033[K", end=end, file=sys.stderr, flush=True)


def drawing(file: ProgressFile) -> Callable[[PassProgress], None]:
    """`draw`, and beside it a file of the progress, which a page reads."""

    def both(progress: PassProgress) -> None:
        file.write(progress)
        draw(progress)

    return both
