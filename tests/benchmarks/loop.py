"""The whole loop on the embedded data: train, evaluate, find groups, fix, compare; seconds of each step.

Run: ``python tests/benchmarks/loop.py [--seed 0]``; each step is the command that a user types.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.evaluation.comparing.significance import mcnemar
from core.processes import PROJECT, command

_NAME, _FIXED = "loop", "loop-fixed"


def main() -> None:
    """Print a table of the steps, then accuracy before and after, in all and in the worst part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.perf_counter()
    print("| step | s | processor s |")
    print("| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _run(root, "train", "shortcut", "--set", f"seed={options.seed}", "--out", _NAME)
        _run(root, "evaluate", _NAME, "--split", "test", "--as", "test")
        _run(root, "groups", _NAME, "--out", str(root / "groups"))
        found = json.loads((root / "groups" / "groups.json").read_text())["groups"]
        if not found:
            sys.exit("no group was found")
        _run(root, "fix", _NAME, "--group", found[0]["name"], "--by", "head", "--out", _FIXED)
        _run(root, "evaluate", _FIXED, "--split", "test", "--as", "test")
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"| in all | {time.perf_counter() - start:.0f} | {used.ru_utime + used.ru_stime:.0f} |")
        _compare(_rows(root / _NAME), _rows(root / _FIXED))


def _run(root: Path, *arguments: str) -> None:
    """Run a command with checkpoints in ``root``, and print its row."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    kept = os.environ | {"SEEWHY_CHECKPOINTS": str(root), "SEEWHY_CACHE": str(root / ".cache")}
    subprocess.run(command(*arguments), cwd=PROJECT, env=kept, check=True, capture_output=True)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"| {arguments[0]} | {time.perf_counter() - start:.1f} | {used:.1f} |", flush=True)


def _rows(checkpoint: Path) -> pd.DataFrame:
    """The test images: which are right, and which part each is in, by digit and background."""
    folder = checkpoint / "evaluations" / "test"
    known = pd.read_parquet(folder / "properties.parquet")[["sample_id", "background"]]
    rows = pd.read_parquet(folder / "predictions.parquet").merge(known, on="sample_id")
    return rows.assign(right=rows["label"] == rows["predicted"], low=rows["label"] < 5)


def _compare(before: pd.DataFrame, after: pd.DataFrame) -> None:
    worst = [each.groupby(["low", "background"])["right"].mean().min() for each in (before, after)]
    fixed, broken = (
        int(np.sum(one & ~other))
        for one, other in ((after["right"], before["right"]), (before["right"], after["right"]))
    )
    shares = [each["right"].mean() for each in (before, after)]
    p_value = mcnemar(fixed, broken).p_value
    print(f"\nall {shares[0]:.3f} -> {shares[1]:.3f}, worst part {worst[0]:.3f} -> {worst[1]:.3f}")
    print(f"{fixed} fixed, {broken} broken, p = {p_value:.1g}")


if __name__ == "__main__":
    main()
