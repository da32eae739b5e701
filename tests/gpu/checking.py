"""All checks in their order, as one table."""

import platform
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import lightning
import timm
import torch

from core.device import device_label, usable_device
from tests.gpu import pretend
from tests.gpu.bench import Bench
from tests.gpu.checks import ascent, evaluation, layers, maps, memory, training, trust
from tests.gpu.table import HEADING, Row, show

Check = Callable[[Bench], Iterator[Row]]
CHECKS: dict[str, Check] = {
    "maps": maps.rows,
    "layers": layers.rows,
    "trust": trust.rows,
    "ascent": ascent.rows,
    "evaluation": evaluation.rows,
    "training": training.rows,
    "memory": memory.rows,
}


def table(names: Iterable[str], folder: Path, *, device: str | None, is_small: bool) -> int:
    """Print the table of these checks on a device (None: the fastest); the exit status."""
    with pretend.device() if device == pretend.NAME else nullcontext():
        return _table(names, Bench(usable_device(device)[0], folder, is_small))


def _table(names: Iterable[str], bench: Bench) -> int:
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, timm {timm.__version__}"
    print(f"{device_label(bench.device)}, {versions}, lightning {lightning.__version__}\n\n{HEADING}")
    held = [show(_rows(name, bench)) for name in names]
    return int(not all(held))


def _rows(name: str, bench: Bench) -> Iterator[Row]:
    """The rows of a check and its peak memory; a row that fails if the check ends with an error."""
    bench.forget_peak()
    try:
        yield from CHECKS[name](bench)
    except Exception as error:  # The other checks run all the same.
        traceback.print_exc()
        yield Row(name, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}", "no error", ok=False)
    kind = "peak GPU memory" if bench.is_gpu else "peak memory of the process"
    of = f"{bench.total() / 1e9:.0f} GB" if bench.is_gpu else ""
    yield Row(f"{name}: {kind}", f"{bench.peak() / 1e9:.2f} GB", of)
