"""Parts of an evaluation: whose they are, who is at work, and what the first process says of the others."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from core.checkpoints import store
from core.data.batches import Share
from core.data.sources.folder.class_folders import SOURCE
from core.errors import EvaluationError
from core.predictions import evaluations
from core.predictions.evaluating import parts as evaluation_parts
from core.predictions.evaluating.evaluate import Resources, evaluate
from core.predictions.evaluating.parts import Parts
from core.predictions.evaluating.samples import Samples, samples_of
from tests.support.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def parts(tmp_path: Path) -> Callable[[int, int], Parts]:
    """The parts of 5,000 samples for process ``rank`` of ``world``."""
    return lambda rank, world: Parts(tmp_path / "of", "name", "key", 5000, Share(rank, world))


@pytest.fixture
def pass_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Samples]:
    """A checkpoint, and eleven images in four parts."""
    monkeypatch.setattr(evaluation_parts, "_ROWS", 3)
    folder = random_checkpoint()
    images = SOURCE.load(noisy_pictures(tmp_path / "data"))
    return folder, samples_of(store.read_card(folder), images, "all")


def test_parts_are_dealt_out_in_turn_and_together_are_all(parts: Callable[[int, int], Parts]) -> None:
    found = parts(0, 3)
    assert [found.missing(rank) for rank in range(3)] == [[0, 3], [1, 4], [2]]
    assert [found.span(part) for part in (0, 1, 4)] == [(0, 1024), (1024, 2048), (4096, 5000)]
    with found.held():
        for part in (1, 4):
            found.path(part).touch()
    assert [found.missing(rank) for rank in range(3)] == [[0, 3], [], [2]]
    assert found.num_done() == 1024 + 904


def test_each_process_does_its_share_and_the_first_joins_them(pass_in_parts: tuple[Path, Samples]) -> None:
    folder, samples = pass_in_parts
    assert evaluate(folder, samples, Resources(share=Share(1, 2))) == {}
    assert sorted(path.name for path in folder.glob("evaluations/.*/*/0*.parquet")) == [
        "000001.parquet",
        "000003.parquet",
    ]
    assert not evaluations.every(folder)
    found = evaluate(folder, samples, Resources(share=Share(0, 2)))
    assert (found["num_samples"], found["num_broken"]) == (10, 1)
    assert not evaluations.workplace(folder, "data-all").exists()


def test_a_second_evaluation_at_the_same_time_is_told(pass_in_parts: tuple[Path, Samples]) -> None:
    folder, samples = pass_in_parts
    evaluations.workplace(folder, "data-all").mkdir(parents=True)
    with (
        FileLock(evaluations.lock_of(folder, "data-all")),
        pytest.raises(EvaluationError, match="'random' is being evaluated as 'data-all' by another process"),
    ):
        evaluate(folder, samples)
    assert evaluate(folder, samples)["num_samples"] == 10


def test_a_process_that_ends_too_early_is_named_and_what_is_done_is_kept(
    pass_in_parts: tuple[Path, Samples],
) -> None:
    folder, samples = pass_in_parts

    def end(done: int, _total: int) -> None:
        """The second process starts after the first, and ends before that has done a part."""
        if done == 0:
            (place,) = (each for each in evaluations.workplace(folder, "data-all").iterdir() if each.is_dir())
            with FileLock(place / ".process-1"):
                pass

    with pytest.raises(EvaluationError, match="process 1 of 0 to 1 ended before its part was done; run the"):
        evaluate(folder, samples, Resources(share=Share(0, 2)), on_progress=end)
    assert [path.name for path in folder.glob("evaluations/.*/*/0*.parquet")] == ["000000.parquet"]
    assert evaluate(folder, samples)["num_samples"] == 10


def test_a_process_that_never_starts_is_not_waited_for_for_ever(
    pass_in_parts: tuple[Path, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_parts, "_START_S", 0)
    with pytest.raises(EvaluationError, match="process 1 of 0 to 1 has not started"):
        evaluate(*pass_in_parts, Resources(share=Share(0, 2)))


def test_what_a_killed_process_has_left_is_not_taken_for_one_that_died_now(
    parts: Callable[[int, int], Parts],
) -> None:
    first, second = parts(0, 2), parts(1, 2)
    with second.held():
        pass
    with first.held():
        first.refuse_dead()
        with second.held():
            first.refuse_dead()
        with pytest.raises(EvaluationError, match="process 1 of 0 to 1 ended"):
            first.refuse_dead()


def test_parts_are_there_until_the_other_processes_have_ended(pass_in_parts: tuple[Path, Samples]) -> None:
    """One that starts late finds its parts done, and does not begin again."""
    folder, samples = pass_in_parts
    evaluate(folder, samples, Resources(share=Share(1, 2)))
    seen: list[int] = []

    def come_late() -> None:
        evaluate(folder, samples, Resources(share=Share(1, 2)), on_progress=lambda done, _: seen.append(done))

    evaluate(folder, samples, Resources(share=Share(0, 2), others_end=come_late))
    assert seen == [11]
    assert not evaluations.workplace(folder, "data-all").exists()


def test_a_look_whether_somebody_is_at_work_turns_nobody_away(parts: Callable[[int, int], Parts]) -> None:
    """It holds a process's lock for a moment, for which that process waits."""
    second = parts(1, 2)
    second.place.mkdir(parents=True)
    look = FileLock(second.place / ".process-1", thread_local=False)
    look.acquire()
    threading.Timer(0.2, look.release).start()
    with second.held():
        assert not look.is_locked
