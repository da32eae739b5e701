"""A pass in this process: its batches, its parts, and what is left of it when it is interrupted."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.passes import progress
from core.passes.in_process import InProcess
from core.passes.parts import Chunks, Parts
from core.passes.progress import Meter, PassProgress, ProgressFile
from core.passes.running import run
from tests.support.effort.passes import Squares, squares_of

NUM = 250
SQUARES = [position**2 for position in range(NUM) if position % 10 != 7]


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    """250 samples in parts of 100."""
    return Parts(tmp_path, NUM, 100)


def _write(parts: Parts, part: int, tables: Sequence[pa.Table]) -> None:
    pq.write_table(pa.concat_tables(tables), parts.path(part))


def _passed(parts: Parts, work: Squares, workers: int = 0, last: int = NUM) -> list[int]:
    """The numbers of images done, until ``last`` are."""
    seen: list[int] = []
    with InProcess(workers=workers).started(work) as running:
        for each in run(running, parts, lambda part, tables: _write(parts, part, tables)):
            seen.append(each.done)
            if each.done >= last:
                break
    return seen


@pytest.mark.parametrize("workers", [0, 2])
def test_the_parts_hold_the_rows_of_all_readable_samples_in_order(parts: Parts, workers: int) -> None:
    assert _passed(parts, Squares(), workers) == [0, 32, 64, 96, 100, 132, 164, 196, 200, 232, 250]
    assert [pq.read_metadata(parts.path(part)).num_rows for part in range(3)] == [90, 90, 45]
    assert squares_of([pq.read_table(parts.path(part)) for part in range(3)]) == SQUARES


def test_no_batch_spans_two_parts(parts: Parts) -> None:
    work = Squares()
    _passed(parts, work)
    assert [(each[0], each[-1]) for each in work.asked][2:6] == [(64, 95), (96, 99), (100, 131), (132, 163)]
    assert [len(Chunks(parts, wanted)) for wanted in ([], [0], [2], [0, 1, 2])] == [0, 4, 2, 10]


def test_an_interrupted_pass_computes_only_what_is_missing(parts: Parts) -> None:
    _passed(parts, Squares(), last=132)
    assert (parts.missing(), parts.num_done()) == ([1, 2], 100)
    shutil.copy(parts.path(0), parts.path(1))
    work = Squares()
    assert _passed(parts, work) == [200, 232, 250]
    assert [each[0] for each in work.asked] == [200, 232]


def test_a_damaged_part_is_computed_again(parts: Parts) -> None:
    _passed(parts, Squares())
    parts.path(1).write_bytes(parts.path(1).read_bytes()[:-9])
    work = Squares()
    assert _passed(parts, work)[0] == 150
    assert [each[0] for each in work.asked] == [100, 132, 164, 196]
    assert squares_of([pq.read_table(parts.path(part)) for part in range(3)]) == SQUARES


def test_a_finished_pass_loads_nothing_more(parts: Parts) -> None:
    _passed(parts, Squares())
    work = Squares()
    assert _passed(parts, work, workers=2) == [250]
    assert work.asked == []


def test_the_rate_counts_from_the_first_batch_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 104.0, 108.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    meter = Meter(1000, 2000)
    assert meter.progress() == PassProgress(1000, 2000)
    assert meter.after(32).per_second is None
    assert meter.after(32) == PassProgress(1064, 2000, 32 / 4)
    assert meter.after(136).seconds_left == 800 / (168 / 8)


def test_images_that_are_done_at_once_count_as_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.01, 100.02, 102.0, 102.01])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    meter = Meter(0, 8)
    assert [meter.after(1).per_second for _ in range(5)] == [None, None, None, 1 / 2.0, 2 / (102.01 - 100)]


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (PassProgress(0, 2500), "0 of 2,500 images"),
        (PassProgress(1000, 2500, 50.0), "1,000 of 2,500 images, 50 a second, 30 s left"),
        (PassProgress(500, 2500, 2.5), "500 of 2,500 images, 2.5 a second, 13 min left"),
        (PassProgress(0, 1_000_000, 30.0), "0 of 1,000,000 images, 30 a second, 9 h left"),
        (PassProgress(9, 9, 3.0), "9 of 9 images, 3.0 a second"),
        (PassProgress(6, 24, 0.05), "6 of 24 images, 20 s each, 6 min left"),
    ],
)
def test_progress_reads_as_a_sentence(now: PassProgress, text: str) -> None:
    assert str(now) == text


def test_a_report_is_read_by_others_as_it_was_written(tmp_path: Path) -> None:
    path, now = tmp_path / "progress.json", PassProgress(32, 64, 1.5)
    assert progress.read(path) is None
    ProgressFile(path).write(now)
    assert progress.read(path) == now
    path.write_text('{"done": 1')
    assert progress.read(path) is None
