"""Processes killed at random moments: ``python tests/campaigns/kills.py [--num N] [--seed S]``.

A training, an evaluation and an import are killed with SIGKILL, again and again, and then started once more.
What they leave must be what an undisturbed run leaves: the same weights and tables to the bit, and no draft
or half-written checkpoint. Each kill costs the start of a process, about five seconds.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import paths, store
from core.models import registry
from tests.campaigns.tally import ROOT, Tally, options

_TRAIN = ("train", "digits", "--out", "trained", "--set", "epochs=4", "--set", "data.per_class=20")
_ARCHITECTURE = "seewhy:two-conv-mnist"
_MOST_KILLS = 6  # Of one command, which is then left in peace.


@dataclass(frozen=True, slots=True)
class Subject:
    """A command to kill: how it is begun, how it is begun again, and a digest of what it leaves."""

    name: str
    first: tuple[str, ...]
    again: tuple[str, ...]
    left: Callable[[Path], str]


def main() -> int:
    """Kill each command in turn, and print the summary line."""
    asked = options(__doc__ or "", num=68)
    random, tally = np.random.default_rng(asked.seed), Tally("kills", asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        subjects = _subjects(Path(folder))
        whole = {each.name: _whole(each, Path(folder)) for each in subjects}
        kills = turn = 0
        while kills < asked.num:
            subject = subjects[turn % len(subjects)]
            digest, seconds = whole[subject.name]
            kills += _killed(subject, Path(folder) / f"turn-{turn}", digest, seconds, random, tally)
            turn += 1
    return tally.close()


def _subjects(folder: Path) -> list[Subject]:
    weights, classes = folder / "weights.pth", folder / "classes.txt"
    import torch

    torch.manual_seed(0)
    torch.save(registry.build(_ARCHITECTURE, 10).state_dict(), weights)
    classes.write_text("\n".join(map(str, range(10))))
    brought = (
        "import",
        str(weights),
        "--arch",
        _ARCHITECTURE,
        "--classes",
        str(classes),
        "--out",
        "imported",
    )
    evaluated = ("evaluate", "digits", "--split", "all", "--as", "killed")
    return [
        Subject("train", _TRAIN, (*_TRAIN, "--resume"), _of_training),
        Subject("evaluate", evaluated, evaluated, _of_evaluation),
        Subject("import", brought, brought, _of_import),
    ]


def _whole(subject: Subject, folder: Path) -> tuple[str, float]:
    """What the command leaves if nobody kills it, and how long it takes."""
    root, started = _checkpoints(folder / subject.name), time.monotonic()
    process = _start(subject.first, root)
    if process.wait():
        raise RuntimeError(f"{subject.name} fails without being killed: {process.stderr.read().decode()}")
    return subject.left(root), time.monotonic() - started


def _checkpoints(root: Path) -> Path:
    """A folder of checkpoints that has one to evaluate."""
    shutil.copytree(ROOT / "checkpoints" / "digits", root / "digits")
    return root


def _start(arguments: tuple[str, ...], root: Path) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"SEEWHY_CHECKPOINTS": str(root), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "core", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _killed(
    subject: Subject, root: Path, digest: str, seconds: float, random: np.random.Generator, tally: Tally
) -> int:
    """Kill the command up to `_MOST_KILLS` times, let it end once, and compare; gives the number of kills."""
    _checkpoints(root)
    kills = 0
    for attempt in range(_MOST_KILLS + 1):
        process = _start(subject.again if attempt else subject.first, root)
        try:
            # Later more often than early: half of the time is the loading of libraries.
            process.wait(None if attempt == _MOST_KILLS else seconds * random.uniform(0.3, 1.1))
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            tally.add(f"{subject.name} killed")
            _look(subject, root, tally)
    said = process.stderr.read().decode() if process.stderr else ""
    if process.returncode and "exists already" not in said:
        tally.fault(f"{subject.name} after {kills} kills ends with {process.returncode}: {said[-300:]}")
    elif subject.left(root) != digest:
        tally.fault(f"{subject.name} after {kills} kills leaves something else: {root.name}")
    else:
        tally.add(f"{subject.name} went on to the same end")
    shutil.rmtree(root)
    return kills


def _look(subject: Subject, root: Path, tally: Tally) -> None:
    """Right after a kill every checkpoint that is listed can be read, and loaded where it has weights."""
    for name in store.available(root):
        try:
            store.load(root / name)
        except Exception as error:
            tally.fault(f"{subject.name} was killed, and {name} cannot be loaded: {error}")


def _of_training(root: Path) -> str:
    """Of weights, history without times, and validation table."""
    folder = root / "trained"
    history = pd.read_csv(folder / "history.csv").drop(columns="seconds").to_csv()
    return _digest((folder / paths.WEIGHTS).read_bytes(), history.encode(), *_tables(folder))


def _of_evaluation(root: Path) -> str:
    return _digest(*_tables(root / "digits"))


def _of_import(root: Path) -> str:
    names = sorted(path.name for path in root.iterdir())
    return _digest(repr(names).encode(), (root / "imported" / paths.WEIGHTS).read_bytes())


def _tables(folder: Path) -> list[bytes]:
    paths = sorted(folder.rglob("predictions.parquet"))
    return [pd.read_parquet(path).to_csv().encode() for path in paths]


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
