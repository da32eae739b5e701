"""Parts of an evaluation: what is done is kept, goes on with another engine, and is made by one process."""

from pathlib import Path

import pytest
from filelock import FileLock

from core.checkpoints import store
from core.data.sources.folder.class_folders import SOURCE
from core.errors import EvaluationError
from core.passes.progress import PassProgress
from core.predictions import evaluations
from core.predictions.evaluating import workplace
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import Samples, samples_of
from core.predictions.evaluating.workplace import num_predicted, progress_of
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def pass_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Samples]:
    """A checkpoint, and eleven images in four parts."""
    monkeypatch.setattr(workplace, "_PART", 3)
    folder = random_checkpoint()
    images = SOURCE.load(noisy_pictures(tmp_path / "data"))
    return folder, samples_of(store.read_card(folder), images, "all")


def test_a_second_evaluation_at_the_same_time_is_refused(pass_in_parts: tuple[Path, Samples]) -> None:
    folder, samples = pass_in_parts
    evaluations.workplace(folder, "data-all").mkdir(parents=True)
    with (
        FileLock(evaluations.lock_of(folder, "data-all")),
        pytest.raises(EvaluationError, match="'random' is being evaluated as 'data-all' by another process"),
    ):
        evaluate(folder, samples)
    assert evaluate(folder, samples)["num_samples"] == 10


def test_other_processes_read_the_progress_and_what_is_kept(pass_in_parts: tuple[Path, Samples]) -> None:
    """Progress counts all images; what is kept are rows, without the damaged image."""
    folder, samples = pass_in_parts

    def stop(progress: PassProgress) -> None:
        if progress.done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    assert progress_of(folder, "data-all") == PassProgress(0, 11)  # At most one report a second.
    assert num_predicted(folder, "data-all") == 8
    done: list[int] = []
    evaluate(folder, samples, on_progress=lambda progress: done.append(progress.done))
    assert done == [9, 11]
    assert progress_of(folder, "data-all") is None


def test_what_an_earlier_version_has_left_is_continued(pass_in_parts: tuple[Path, Samples]) -> None:
    """It kept the same parts, and beside them the locks of its processes."""
    folder, samples = pass_in_parts

    def stop(progress: PassProgress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, on_progress=stop)
    (part,) = folder.glob("evaluations/.*/*/000000.parquet")
    (part.parent / ".process-1").touch()
    (part.parents[1] / "progress.json").unlink()
    assert evaluate(folder, samples)["num_samples"] == 10
    assert not part.parents[1].exists()
