"""A pass on Ray, with actors of this machine: the rows of one process, whatever happens to an actor."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core.__main__ import main
from core.checkpoints import store
from core.commands.options import engines
from core.data.sources.folder.class_folders import SOURCE
from core.errors import CheckpointError, EvaluationError
from core.inside.examples.search import collect
from core.passes import cluster, ray_session
from core.passes.cluster import Cluster
from core.passes.parts import Chunks, Parts
from core.passes.progress import PassProgress
from core.passes.ray_session import Machines
from core.predictions import evaluations, properties, sample_features
from core.predictions.evaluating import evaluate as evaluating
from core.predictions.evaluating import workplace
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.predicting import Predicting
from core.predictions.evaluating.samples import Samples, samples_of
from tests.support.effort.passes import Faults, KilledOnce, NotLoadable
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint

ONE = Cluster(num_actors=1, device="cpu")


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    """Ray on this machine, for all tests: it takes seconds to start."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    with ray_session.local(2) as found:
        yield found


@pytest.fixture
def pass_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Samples]:
    """A checkpoint, and eleven images in four parts."""
    monkeypatch.setattr(workplace, "_PART", 3)
    folder = random_checkpoint()
    images = SOURCE.load(noisy_pictures(tmp_path / "data"))
    return folder, samples_of(store.read_card(folder), images, "all")


@pytest.fixture
def _on_ray(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let engines use the Ray that runs."""
    monkeypatch.setattr(ray_session, "local", lambda _num: nullcontext(machines))


def _table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(folder, name).table)


@pytest.mark.slow
@pytest.mark.usefixtures("_on_ray")
def test_begun_in_one_process_it_goes_on_with_two_actors_of_which_one_is_killed(
    pass_in_parts: tuple[Path, Samples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, samples = pass_in_parts
    evaluate(folder, samples, keep=Keep("whole"))

    def stop(progress: PassProgress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, samples, keep=Keep("shared"), on_progress=stop)
    (first,) = folder.glob("evaluations/.shared/*/0*.parquet")
    made, marker = first.stat().st_mtime_ns, tmp_path / "killed"
    monkeypatch.setattr(evaluating, "Predicting", lambda *given: KilledOnce(Predicting(*given), 7, marker))
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(
        engines, "draw", lambda progress: seen.append((progress.done, first.stat().st_mtime_ns))
    )
    options = ["--data", str(samples.images.root), "--split", "all", "--as", "shared", "--device", "cpu"]
    assert main(["evaluate", "random", *options, "--devices", "2"]) == 0
    assert marker.exists()
    assert seen[0] == (3, made)
    assert {modified for _, modified in seen} == {made}
    pd.testing.assert_frame_equal(_table(folder, "shared"), _table(folder, "whole"), rtol=0, atol=1e-6)
    both = [evaluations.find(folder, name) for name in ("shared", "whole")]
    pd.testing.assert_frame_equal(*(properties.read(each) for each in both))
    features = [np.asarray(sample_features.read(each)) for each in both]
    np.testing.assert_allclose(*features, rtol=1e-2, atol=1e-3)


@pytest.mark.slow
@pytest.mark.usefixtures("_on_ray")
def test_examples_are_those_of_one_process(pass_in_parts: tuple[Path, Samples]) -> None:
    loaded, images = store.load_for_speed(pass_in_parts[0]), pass_in_parts[1].images
    alone = collect(loaded, ["block1", "block2"], images)
    shared = collect(loaded, ["block1", "block2"], images, ONE)
    assert shared.table.drop_columns(["activation", "mean_activation"]).equals(
        alone.table.drop_columns(["activation", "mean_activation"])
    )
    for name in ("activation", "mean_activation"):
        np.testing.assert_allclose(shared.table[name], alone.table[name], rtol=1e-5)
    assert shared.about == alone.about


@pytest.mark.slow
@pytest.mark.usefixtures("_on_ray")
def test_an_error_of_an_actor_is_the_sentence_of_one_process(
    pass_in_parts: tuple[Path, Samples],
) -> None:
    folder, samples = pass_in_parts
    loaded = store.load(folder)
    tensors = {name: value.clone() for name, value in loaded.model.state_dict().items()}
    next(reversed(tensors.values()))[2] = torch.nan
    store.update(folder, loaded.card, tensors)
    with pytest.raises(CheckpointError, match=r"^the logits of 'random' for '.*' are not finite"):
        evaluate(folder, samples, ONE)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts pages as Linux does")
@pytest.mark.usefixtures("_on_ray")
def test_an_actor_keeps_the_memory_that_its_network_frees(tmp_path: Path) -> None:
    with ONE.started(Faults()) as running:
        faults = [table["faults"][0].as_py() for _, table in running(Chunks(Parts(tmp_path, 640, 640), [0]))]
    assert len(faults) == 20
    assert np.median(faults) < 100


@pytest.mark.slow
@pytest.mark.usefixtures("_on_ray")
def test_work_that_actors_cannot_load_ends_the_pass_with_a_sentence(tmp_path: Path) -> None:
    chunks = Chunks(Parts(tmp_path, 40, 40), [0])
    with (
        ONE.started(NotLoadable()) as running,
        pytest.raises(EvaluationError, match=r"cannot load this work \(.*No module named 'timm'\); every"),
    ):
        next(running(chunks))


def test_without_ray_a_sentence_says_what_to_install(
    pass_in_parts: tuple[Path, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(EvaluationError, match=r'Ray, which is not installed: pip install "ray\[data\]"$'):
        evaluate(*pass_in_parts, ONE)


@pytest.mark.parametrize(
    ("chosen", "machines", "expected"),
    [
        (Cluster(), Machines(8, 0, 10), (2, "cpu", 4, 1, 0.0)),
        (Cluster(num_actors=3), Machines(8, 0, 11), (3, "cpu", 2, 1, 0.0)),
        (Cluster("auto"), Machines(64, 0, 64), (16, "cpu", 3, 3, 0.0)),
        (Cluster("auto"), Machines(64, 4, 64), (4, "cuda", 1, 1, 1.0)),
        (Cluster(num_actors=3, device="cuda"), Machines(8, 2, 11), (3, "cuda", 1, 1, 2 / 3)),
        (Cluster("auto", device="cpu"), Machines(64, 4, 64), (16, "cpu", 3, 3, 0.0)),
    ],
)
def test_networks_divide_the_cores_and_the_gpus(
    chosen: Cluster, machines: Machines, expected: tuple[int, str, int, int, float]
) -> None:
    found = chosen._actors(machines)
    assert astuple(found) == expected


@pytest.mark.parametrize(
    ("num_batches", "num_actors", "sizes"),
    [
        (1, 2, [1]),
        (10, 2, [2, 2, 1, 1, 1, 1, 1, 1]),
        (40, 2, [8, 8, 6, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1]),
        (20, 1, [8, 6, 3, 1, 1, 1]),
    ],
)
def test_tasks_become_smaller_to_the_end(num_batches: int, num_actors: int, sizes: list[int]) -> None:
    tasks = list(cluster._tasks(num_batches, num_actors))
    assert [len(task) for task in tasks] == sizes
    assert [number for task in tasks for number in task] == list(range(num_batches))


def test_a_cluster_that_is_too_small_is_refused() -> None:
    with pytest.raises(
        EvaluationError, match="the cluster has 4 CPUs: 4 networks leave none for Ray's own tasks"
    ):
        Cluster("auto", 4)._actors(Machines(4, 0, 4))
    with pytest.raises(EvaluationError, match="the cluster has no GPU; choose --device cpu"):
        Cluster("auto", device="cuda")._actors(Machines(4, 0, 4))
