"""A training replaces card and weights; cut short anywhere, the folder holds the old state or the new one."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.checkpoints import paths, store
from core.checkpoints.paths import CARD, WEIGHTS
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError
from core.files import atomic
from core.models import registry
from tests.support.stored.numbered_checkpoints import TINY, numbered, random_batch


class PowerCut(BaseException):
    """The process is gone; nothing of ours may tidy up after it."""


def _number(folder: Path) -> int:
    """Of a folder whose card and weights have the same, read as `load` does."""
    card, tensors = store._read(folder)
    assert card.metrics["number"] == tensors["number"].item()
    return int(card.metrics["number"])


@contextlib.contextmanager
def _power_cut(folder: Path, step: int) -> Iterator[None]:
    """The power goes at the ``step``-th write or rename; a write is cut in the middle."""
    done = iter(range(100))
    sync, replace_ = atomic._sync, Path.replace

    def half(path: Path) -> None:
        if next(done) == step:
            path.write_bytes(path.read_bytes()[:100])
            raise PowerCut(step)
        sync(path)

    def rename(path: Path, target: Path) -> Path:
        if next(done) == step:
            raise PowerCut(step)
        return replace_(path, target)

    try:
        with pytest.MonkeyPatch.context() as cut:
            cut.setattr(atomic, "_sync", half)
            cut.setattr(Path, "replace", rename)
            cut.setattr(Path, "unlink", lambda _path, **_how: None)
            yield
    finally:
        for number, draft in enumerate(folder.glob(".*.draft")):  # Of a process that is no more.
            draft.rename(draft.with_name(f".{atomic._HOST}-99999999-{number}.draft"))


# Weights and their rename, card and its rename, and the weights' last one.
STEPS = {0: 1, 1: 1, 2: 1, 3: 1, 4: 2}


@pytest.mark.parametrize(("step", "expected"), STEPS.items())
def test_cut_short_at_any_step_an_update_leaves_the_old_state_or_the_new_one(
    step: int, expected: int
) -> None:
    folder = store.save("x", *numbered(1))
    with pytest.raises(PowerCut, match=str(step)), _power_cut(folder, step):
        store.update(folder, *numbered(2))
    assert _number(folder) == expected
    # What comes next is not disturbed by what was left behind.
    store.update(folder, *numbered(3))
    assert _number(folder) == 3
    assert {path.name for path in folder.iterdir()} <= {CARD, WEIGHTS}


@pytest.mark.parametrize("second", range(6))
@pytest.mark.parametrize("first", STEPS)
def test_cut_short_twice_there_is_still_a_whole_state(first: int, second: int) -> None:
    """After the first, the only copy of the weights may be those that wait: they must not be written over."""
    folder = store.save("x", *numbered(1))
    for number, step in ((2, first), (3, second)):
        with contextlib.suppress(PowerCut), _power_cut(folder, step):
            store.update(folder, *numbered(number))
    assert _number(folder) in {STEPS[first], 3}


@pytest.mark.parametrize("step", STEPS)
def test_loaded_after_a_cut_the_logits_are_the_old_or_the_new_ones_bit_for_bit(step: int) -> None:
    card, _ = numbered(0)
    batch = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    models = [registry.build(TINY, 2) for _ in range(2)]
    folder = store.save("x", card, models[0].state_dict())
    with pytest.raises(PowerCut, match=str(step)), _power_cut(folder, step):
        store.update(folder, card, models[1].state_dict())
    expected = models[STEPS[step] - 1](batch)
    assert torch.equal(store.load(folder).model(batch), expected)
    assert not torch.equal(models[0](batch), models[1](batch))


def test_a_first_update_cut_short_leaves_a_folder_without_weights(
    small: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    folder = store.create("x", replace(small.card, weights_sha256=None))
    with pytest.raises(PowerCut, match="3"), _power_cut(folder, 3):
        store.update(folder, *numbered(1))
    assert store.available() == []
    with pytest.raises(CheckpointError, match="'x' has no weights yet"):
        store.load(folder)


def test_a_reader_never_meets_a_torn_state_while_a_training_writes() -> None:
    folder = store.save("x", *numbered(0))
    looks, seen = threading.Semaphore(0), []

    def write() -> None:
        for number in range(1, 51):
            looks.acquire()  # So that no update is over before there was a look.
            store.update(folder, *numbered(number))

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            while not writing.done():
                looks.release()
                seen.append(_number(folder))
        finally:
            looks.release(50)  # The writer ends however the reader does.
        writing.result()
    assert _number(folder) == 50
    assert seen == sorted(seen)
    assert len(set(seen)) > 5  # It did look in between.


def test_weights_that_move_to_their_place_between_two_looks_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reader looks at the waiting ones or the old ones just before they change places."""
    folder = store.save("x", *numbered(1))
    with pytest.raises(PowerCut, match="4"), _power_cut(folder, 4):
        store.update(folder, *numbered(2))
    look = store._verified

    def look_then_move(path: Path, checksum: str) -> dict[str, Tensor] | None:
        found = look(path, checksum)
        if (folder / paths.NEXT_WEIGHTS).exists():
            (folder / paths.NEXT_WEIGHTS).rename(folder / WEIGHTS)
        return found

    monkeypatch.setattr(store, "_verified", look_then_move)
    assert _number(folder) == 2


def test_a_card_alone_is_updated_and_the_weights_stay(folder: Path, small: Checkpoint) -> None:
    before = (folder / WEIGHTS).read_bytes()
    changed = replace(store.read_card(folder), status="failed", reason="disk full")
    written = store.update(folder, changed)
    assert written == store.read_card(folder) == changed
    assert (folder / WEIGHTS).read_bytes() == before
    batch = random_batch(small)
    assert torch.equal(store.load(folder).model(batch), small.model(batch))
