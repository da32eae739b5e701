"""What a campaign has tried and what went wrong, and how it says so in one line."""

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Tally:
    """Counts of a campaign; ``faults`` are lines that name the input and what happened."""

    name: str
    seed: int
    tried: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def add(self, outcome: str) -> None:
        """One more input with this outcome."""
        self.tried[outcome] = self.tried.get(outcome, 0) + 1

    def fault(self, line: str) -> None:
        """One more input that did what must not happen; printed at once."""
        self.add("fault")
        self.faults.append(line)
        print(f"FAULT {line}", flush=True)

    def close(self) -> int:
        """Print the summary line; the exit status of the campaign."""
        counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.tried.items()))
        seconds = time.monotonic() - self.started
        total = sum(self.tried.values())
        print(f"{self.name} (seed {self.seed}): {total} tried in {seconds:.0f} s: {counts or 'nothing'}")
        return min(len(self.faults), 1)


def options(description: str, *, num: int) -> argparse.Namespace:
    """``--seed`` and ``--num`` of a campaign that tries ``num`` inputs unless told otherwise."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--num", type=int, default=num, help="inputs to try (default: %(default)s)")
    return parser.parse_args(sys.argv[1:])
