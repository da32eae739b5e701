"""Batches read ahead: in order, never more than one ahead of the network, and by whom."""

import threading
from pathlib import Path

import pytest
import torch

from core.errors import DataError
from core.passes import in_process, reading
from core.passes.in_process import InProcess
from core.passes.parts import Chunks, Parts
from core.passes.work import Input
from tests.support.effort.passes import Squares, plain

NUM = 250


@pytest.fixture
def chunks(tmp_path: Path) -> Chunks:
    """Eleven batches of 250 samples in parts of 100."""
    return Chunks(Parts(tmp_path, NUM, 100), [0, 1, 2])


def _is_as_decoded_alone(batch: object, positions: range) -> bool:
    expected = reading.together([(position, plain(position)) for position in positions])
    return all(
        torch.equal(getattr(batch, name), getattr(expected, name))
        for name in ("pixels", "positions", "sizes")
    )


@pytest.mark.parametrize("num_threads", [1, 3])
def test_threads_give_the_batches_that_one_by_one_gives(chunks: Chunks, num_threads: int) -> None:
    batches = list(reading.by_threads(plain, chunks, num_threads))
    assert [each.num_images for each in batches] == [32, 32, 32, 4] * 2 + [32, 18]
    for chunk, batch in zip(chunks, batches, strict=True):
        assert _is_as_decoded_alone(batch, chunk.positions)


@pytest.mark.filterwarnings("ignore:'pin_memory' argument is set")
def test_processes_give_the_same_batches(chunks: Chunks) -> None:
    for chunk, batch in zip(chunks, reading.by_processes(plain, chunks, 1), strict=True):
        assert _is_as_decoded_alone(batch, chunk.positions)


def test_no_more_than_one_batch_is_read_ahead(chunks: Chunks) -> None:
    seen: set[int] = set()

    def noted(position: int) -> Input | None:
        seen.add(position)
        return plain(position)

    batches = iter(reading.by_threads(noted, chunks, 2))
    next(batches)
    next(batches)
    assert set(range(64)) <= seen <= set(range(96))


def test_samples_that_wait_for_each_other_are_read_at_the_same_time(chunks: Chunks) -> None:
    barrier = threading.Barrier(2)

    def both(position: int) -> Input | None:
        if position < 2:
            barrier.wait()
        return plain(position)

    with_two = InProcess(workers=1)
    with with_two.started(Squares(both)) as running:
        assert [chunk.first for chunk, _ in running(chunks)][:2] == [0, 32]


def test_an_unreadable_sample_ends_the_pass_and_its_threads(chunks: Chunks) -> None:
    def away(position: int) -> Input | None:
        if position == 40:
            raise DataError("cannot read: the share does not answer")
        return plain(position)

    batches = iter(reading.by_threads(away, chunks, 2))
    next(batches)
    with pytest.raises(DataError, match="the share does not answer"):
        next(batches)
    assert not [each for each in threading.enumerate() if each.name.startswith("ThreadPoolExecutor")]


@pytest.mark.parametrize(("device", "expected"), [("cpu", "by_threads"), ("cuda:1", "by_processes")])
def test_threads_read_beside_a_cpu_and_processes_beside_a_gpu(
    chunks: Chunks, monkeypatch: pytest.MonkeyPatch, device: str, expected: str
) -> None:
    asked: list[tuple[str, int]] = []
    for name in ("by_threads", "by_processes"):
        monkeypatch.setattr(
            in_process.reading, name, lambda _reader, _chunks, num, name=name: asked.append((name, num)) or []
        )
    with InProcess(device, 3).started(Squares()) as running, pytest.raises(ValueError, match="shorter"):
        next(running(chunks))
    assert asked == [(expected, 3 if expected == "by_processes" else 4)]
