"""The command `explain`, and what it writes."""

from pathlib import Path

import pytest

from core.__main__ import main


def explain(photos: list[Path], out: Path, *options: str) -> int:
    return main(["explain", *map(str, photos), "--device", "cpu", "--out", str(out), *options])


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    """The only line on stderr."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]
