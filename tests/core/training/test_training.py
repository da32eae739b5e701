"""A training from its first second to its last: what it leaves, and what survives when it goes wrong."""

import json
import math
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn

from core.checkpoints import paths, store
from core.data.batches import Batch
from core.data.cache import decode
from core.data.sources import catalogue
from core.errors import CheckpointError, CoreError, DataError, FileError, RecipeError, TrainingError
from core.models import registry
from core.predictions import evaluations, prediction_table
from core.predictions.evaluating.training_data import division_of
from core.training import recipe as recipes
from core.training import run as runs
from core.training.lightning.classifier import Classifier
from core.training.lightning.train import Job, resume, train
from core.training.material import material
from core.training.recipe import Recipe
from core.training.run import Stopped

FEW = ("data.per_class=8", "data.val=0.05", "batch_size=20", "epochs=3")
TWO_CONVOLUTIONS = (*FEW, "model.architecture=seewhy:two-conv-mnist")
COLOUR = ("image.size=32", "image.mean=[0.5,0.5,0.5]", "image.std=[0.5,0.5,0.5]")
SIGNS = (*FEW, *COLOUR, "model.architecture=seewhy:road-signs-bn", "epochs=2")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(cache))


def _recipe(*changes: str) -> Recipe:
    return recipes.read("digits", changes)


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of checkpoints."""
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    return tmp_path


def _job(name: str = "run", say: Callable[[str], None] = lambda _line: None) -> Job:
    return Job(name, say=say)


def _history(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / paths.HISTORY)


def _weights(folder: Path) -> dict[str, Tensor]:
    return safetensors.torch.load_file(folder / paths.WEIGHTS)


def _assert_same_weights(one: Path, other: Path) -> None:
    first, second = _weights(one), _weights(other)
    assert list(first) == list(second)
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def _assert_same_history(one: Path, other: Path) -> None:
    pd.testing.assert_frame_equal(
        _history(one).drop(columns="seconds"), _history(other).drop(columns="seconds"), check_exact=True
    )


# What a training leaves.


def test_the_folder_says_everything_about_the_training() -> None:
    folder = train(_recipe(*TWO_CONVOLUTIONS), _job())
    card = store.read_card(folder)
    assert (card.status, card.reason) == ("finished", "")
    assert card.class_names == tuple("0123456789")
    assert recipes.parse(card.recipe) == _recipe(*TWO_CONVOLUTIONS)
    known = {key: card.data[key] for key in ("source", "images", "train", "val", "skipped", "seed")}
    assert known == {"source": "digits", "images": 1797, "train": 80, "val": 90, "skipped": 0, "seed": 0}
    assert card.data["fingerprint"] == catalogue.load("digits").fingerprint
    assert division_of(card) == _recipe(*TWO_CONVOLUTIONS).data.division(0)
    assert card.training["epochs"] == 3
    assert card.training["seconds"] > 0
    assert card.versions["lightning"]
    assert not (folder / paths.STATE).exists()


def test_the_weights_are_those_of_the_best_epoch() -> None:
    folder = train(_recipe(*TWO_CONVOLUTIONS, "optimiser.lr=0.01"), _job())
    card, history = store.read_card(folder), _history(folder)
    best = history.sort_values(["val_accuracy", "val_loss"], ascending=[False, True]).iloc[0]
    assert card.training["best_epoch"] == best["epoch"]
    assert card.metrics["val_accuracy"] == pytest.approx(best["val_accuracy"], abs=1e-6)
    assert card.metrics["val_loss"] == pytest.approx(best["val_loss"], rel=1e-5)


def test_the_predictions_table_is_what_the_checkpoint_says() -> None:
    """Of pixels that the training never touched: through `Preprocess.batch`, image by image."""
    folder = train(_recipe(*TWO_CONVOLUTIONS), _job())
    loaded, images = store.load(folder), catalogue.load("digits")
    own = evaluations.find(folder)
    assert (own.name, own.facts.split, own.facts.num_images) == ("digits-val", "val", 90)
    assert own.facts.weights_sha256 == loaded.card.weights_sha256
    assert own.facts.fingerprint == images.fingerprint
    table = pd.read_parquet(own.table)
    assert len(table) == 90
    scores = prediction_table.read(evaluations.find(folder).table)["scores"].to_numpy()
    for _, row in table.iloc[::10].iterrows():
        index = int(row["sample_id"].removeprefix("digits/"))
        logits = loaded.model(loaded.card.preprocess.batch([images.image(index)]))[0]
        assert row["label"] == images.labels[index]
        assert row["predicted"] == int(logits.argmax())
        assert row["p_label"] == pytest.approx(float(logits.softmax(0)[row["label"]]), abs=1e-6)
        odds = prediction_table.log_odds(logits[None].double())[0]
        assert scores[row.name] == pytest.approx(odds.detach().numpy(), rel=2e-3, abs=1e-4)
    assert (table["label"] == table["predicted"]).mean() == loaded.card.metrics["val_accuracy"]
    measured = json.loads((own.folder / paths.METRICS).read_text())
    assert (measured["num_samples"], measured["num_broken"]) == (90, 0)
    assert measured["accuracy"] == loaded.card.metrics["val_accuracy"]
    assert measured["fingerprint"] == images.fingerprint


def test_with_a_learning_rate_of_zero_the_training_loss_is_that_of_the_fresh_network() -> None:
    """By hand: the network without dropout, over the same training images, last batch included."""
    recipe = _recipe(*FEW, "optimiser.lr=0.0", "epochs=1", "batch_size=33")
    folder = train(recipe, _job())
    torch.manual_seed(recipe.seed)
    network = registry.build(recipe.model.architecture, 10)
    decoded = decode(catalogue.load("digits"), registry.default_preprocess(recipe.model.architecture))
    used = material(decoded, recipe.data, recipe.seed)
    with torch.no_grad():
        logits = network(decoded.preprocess.normalised(decoded.inputs(used.train)))
    labels = torch.from_numpy(used.labels[used.train])
    expected = nn.functional.cross_entropy(logits, labels)
    measured = _history(folder).iloc[0]
    assert measured["train_loss"] == pytest.approx(float(expected), rel=1e-5)
    assert measured["train_accuracy"] == pytest.approx(float((logits.argmax(1) == labels).float().mean()))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_one_others() -> None:
    recipe = _recipe(*TWO_CONVOLUTIONS, "augment.rotation=10", "speed.workers=0")
    one = train(recipe, _job("one"))
    other = train(recipe, _job("other"))
    _assert_same_weights(one, other)
    _assert_same_history(one, other)
    third = train(_recipe(*TWO_CONVOLUTIONS, "augment.rotation=10", "seed=1"), _job("third"))
    assert not np.allclose(_history(one)["train_loss"], _history(third)["train_loss"])


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing() -> None:
    changes = (*TWO_CONVOLUTIONS, "epochs=2", "augment.rotation=10", "augment.flip=true")
    none = train(_recipe(*changes, "speed.workers=0"), _job("none"))
    two = train(_recipe(*changes, "speed.workers=2"), _job("two"))
    _assert_same_weights(none, two)


def test_the_learning_rate_drops_after_its_epoch() -> None:
    folder = train(_recipe(*TWO_CONVOLUTIONS, "schedule.drop_after=[2]"), _job())
    assert _history(folder)["lr"].tolist() == pytest.approx([1e-3, 1e-3, 1e-4])


def test_the_learning_rate_falls_on_a_plateau() -> None:
    """With a learning rate of nothing, no epoch is better than the first."""
    changes = ("optimiser.lr=1e-6", "schedule.plateau=2", "schedule.factor=0.5", "epochs=6")
    folder = train(_recipe(*TWO_CONVOLUTIONS, *changes), _job())
    assert [round(lr * 1e6, 2) for lr in _history(folder)["lr"]] == [1, 1, 1, 0.5, 0.5, 0.25]


def test_training_stops_early_without_progress() -> None:
    folder = train(_recipe(*TWO_CONVOLUTIONS, "optimiser.lr=0.0", "keep.patience=2", "epochs=9"), _job())
    assert len(_history(folder)) == 3
    assert store.read_card(folder).status == "finished"


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.slow
def test_every_optimiser_learns(optimiser: str) -> None:
    lr = {"sgd": 0.05, "rmsprop": 0.002}.get(optimiser, 0.005)
    changes = (f"optimiser.name={optimiser}", f"optimiser.lr={lr}", "epochs=4", "data.per_class=20")
    history = _history(train(_recipe(*FEW, *changes), _job()))
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0] - 0.03


@pytest.mark.slow
def test_gradients_of_several_batches_are_those_of_one_large_one() -> None:
    """Batches of 20 added in fours equal one batch of 80: the mean of means of equal sizes."""
    changes = (*FEW, "optimiser.name=sgd", "optimiser.lr=0.1", "epochs=2")
    large = train(_recipe(*changes, "batch_size=80"), _job("large"))
    small = train(_recipe(*changes, "batch_size=20", "speed.accumulate=4"), _job("small"))
    for name, value in _weights(large).items():
        torch.testing.assert_close(_weights(small)[name], value, rtol=1e-4, atol=1e-5)


def test_class_weights_enter_the_loss(tmp_path: Path) -> None:
    for name, setting in (("plain", "false"), ("weighted", "true")):
        train(_recipe(*FEW, "epochs=1", f"loss.class_weights={setting}"), _job(name))
    losses = [_history(tmp_path / name)["train_loss"][0] for name in ("plain", "weighted")]
    # Eight images of each class: every weight is 1.
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@pytest.mark.slow
def test_half_precision_halves_the_file_and_is_what_the_card_measures() -> None:
    whole = train(_recipe(*FEW), _job("whole"))
    half = train(_recipe(*FEW, "keep.stored=float16"), _job("half"))
    sizes = [(folder / paths.WEIGHTS).stat().st_size for folder in (whole, half)]
    assert sizes[1] / sizes[0] == pytest.approx(0.5, abs=0.01)
    table = pd.read_parquet(evaluations.find(half).table)
    assert store.read_card(half).metrics["val_loss"] == pytest.approx(table["loss"].mean(), rel=1e-6)
    assert next(store.load(half).model.parameters()).dtype == torch.float32


# Frozen parts.


def test_training_the_head_on_features_is_training_it_in_the_network() -> None:
    """The history is measured on features, the table on pixels through the whole network: they agree."""
    folder = train(_recipe(*SIGNS, "model.train_from=head", "epochs=3"), _job())
    card = store.read_card(folder)
    best = _history(folder).set_index("epoch").loc[card.training["best_epoch"]]
    table = pd.read_parquet(evaluations.find(folder).table)
    assert table["loss"].mean() == pytest.approx(best["val_loss"], rel=1e-5)
    assert (table["label"] == table["predicted"]).mean() == pytest.approx(best["val_accuracy"], abs=1e-6)


@pytest.mark.parametrize("augmented", [(), ("augment.flip=true", "speed.workers=0")], ids=["cached", "live"])
def test_a_frozen_part_stays_as_it_was_to_the_bit(augmented: tuple[str, ...]) -> None:
    recipe = _recipe(*SIGNS, "model.train_from=head", *augmented)
    torch.manual_seed(recipe.seed)
    fresh = registry.build(recipe.model.architecture, 10).state_dict()
    trained = _weights(train(recipe, _job()))
    moved = {name for name, value in fresh.items() if not torch.equal(value, trained[name])}
    assert moved == {"head.weight", "head.bias"}


def test_what_is_unfrozen_from_a_layer_on_learns_with_its_statistics() -> None:
    recipe = _recipe(*SIGNS, "model.train_from=block4")
    torch.manual_seed(recipe.seed)
    fresh = registry.build(recipe.model.architecture, 10).state_dict()
    trained = _weights(train(recipe, _job()))
    moved = {name.split(".")[0] for name, value in fresh.items() if not torch.equal(value, trained[name])}
    assert moved == {"block4", "hidden", "head"}
    assert not torch.equal(fresh["block4.norm.running_mean"], trained["block4.norm.running_mean"])


@pytest.mark.slow
def test_a_training_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    train(_recipe(*SIGNS), _job("first"))
    start = _weights(tmp_path / "first")
    recipe = _recipe(*SIGNS, "model.weights=checkpoint:first", "optimiser.lr=0.0", "epochs=1")
    second = _weights(train(recipe, _job("second")))
    learned = [name for name in start if "running" not in name and "num_batches" not in name]
    assert all(torch.equal(start[name], second[name]) for name in learned)


@pytest.mark.slow
def test_only_what_differs_from_the_built_in_weights_is_saved() -> None:
    changes = ("model.architecture=timm:tf_efficientnet_lite0", "model.weights=imagenet")
    recipe = _recipe(*changes, "model.train_from=head", "data.per_class=1", "epochs=2", "data.val=0.01")
    folder = train(recipe, _job())
    assert set(_weights(folder)) == {"classifier.weight", "classifier.bias"}
    assert (folder / paths.WEIGHTS).stat().st_size < 60_000
    assert store.load(folder).card.base == "imagenet"


# When it goes wrong.


def test_an_error_of_the_recipe_comes_before_any_folder(tmp_path: Path) -> None:
    with pytest.raises(CoreError, match="no architecture 'seewhy:nothing'"):
        train(_recipe("model.architecture=seewhy:nothing"), _job())
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused_and_left_alone() -> None:
    folder = train(_recipe(*TWO_CONVOLUTIONS, "epochs=1"), _job())
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(CheckpointError, match="'run' exists already"):
        train(_recipe(*TWO_CONVOLUTIONS), _job())
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


class _Interruption:
    """Ends a training from inside, when a line about this epoch is said."""

    def __init__(self, epoch: int, error: BaseException) -> None:
        self.epoch, self.error = epoch, error

    def __call__(self, line: str) -> None:
        if line.startswith(f"epoch {self.epoch:3d}"):
            raise self.error


@pytest.fixture
def _always_save(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.lightning.keeper._STATE_EVERY_S", 0.0)


@pytest.mark.usefixtures("_always_save")
@pytest.mark.parametrize("epoch", [1, 4])
@pytest.mark.slow
def test_failed_and_resumed_is_never_failed(tmp_path: Path, epoch: int) -> None:
    """With dropout, batch norm, augmentation, both schedules, early stopping and momentum."""
    changes = (*SIGNS, "epochs=5", "augment.rotation=10", "speed.workers=0", "keep.patience=5")
    schedule = ("schedule.drop_after=[3]", "schedule.plateau=1", "schedule.factor=0.7")
    recipe = _recipe(*changes, *schedule, "optimiser.name=sgd", "optimiser.momentum=0.9", "optimiser.lr=0.02")
    whole = train(recipe, _job("whole"))
    with pytest.raises(RuntimeError, match="the power went"):
        train(recipe, _job("cut", _Interruption(epoch, RuntimeError("the power went"))))
    assert store.read_card(tmp_path / "cut").status == "failed"
    cut = resume(recipe, _job("cut"))
    _assert_same_weights(whole, cut)
    _assert_same_history(whole, cut)
    assert store.read_card(cut).status == "finished"


@pytest.mark.usefixtures("_always_save")
@pytest.mark.slow
def test_the_state_is_read_without_executing_anything(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the power went"):
        train(_recipe(*TWO_CONVOLUTIONS), _job(say=_Interruption(3, RuntimeError("the power went"))))
    state = tmp_path / "run" / paths.STATE
    content = torch.load(state, weights_only=True)
    assert content["epoch"] == 2
    torch.save(content | {"callbacks": _Malice(tmp_path / "executed")}, state)
    with pytest.raises(
        TrainingError, match=r"resume.ckpt is damaged: the training cannot continue; start a new one"
    ):
        resume(None, _job())
    assert not (tmp_path / "executed").exists()
    weights = {name: value[:1] for name, value in content["state_dict"].items()}
    for damaged in (
        content | {"state_dict": weights},
        {"epoch": 2},
        content | {"callbacks": {"Keeper": 3}},
        7,
    ):
        torch.save(damaged, state)
        with pytest.raises(TrainingError, match=r"resume.ckpt is damaged"):
            resume(None, _job())
    for rubbish in (b"", b"PK\3\4", b"no state"):
        state.write_bytes(rubbish)
        with pytest.raises(TrainingError, match=r"resume.ckpt is damaged"):
            resume(None, _job())
    assert "resume.ckpt is damaged" in store.read_card(tmp_path / "run").reason
    state.unlink()
    assert store.read_card(resume(None, _job())).status == "finished"


class _Malice:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_stopped_it_keeps_the_best_so_far_and_goes_on_later(tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("epoch   2"):
            runs.request_stop(tmp_path / "run")

    with pytest.raises(Stopped):
        train(_recipe(*TWO_CONVOLUTIONS), _job(say=stop))
    assert store.read_card(tmp_path / "run").status == "stopped"
    assert store.load(tmp_path / "run").card.metrics["val_accuracy"] > 0
    resume(None, _job())
    whole = train(_recipe(*TWO_CONVOLUTIONS), _job("whole"))
    _assert_same_weights(whole, tmp_path / "run")


def test_a_loss_that_is_no_number_ends_it_with_a_reason_and_keeps_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Classifier.training_step

    def poisoned(self: Classifier, batch: Batch, batch_idx: int) -> Tensor:
        return step(self, batch, batch_idx) * (math.nan if self.current_epoch == 1 else 1)

    monkeypatch.setattr(Classifier, "training_step", poisoned)
    with pytest.raises(TrainingError, match=r"became NaN or infinite in epoch 2; lower optimiser\.lr"):
        train(_recipe(*TWO_CONVOLUTIONS), _job())
    card = store.read_card(tmp_path / "run")
    assert card.status == "failed"
    assert "became NaN or infinite in epoch 2" in card.reason
    assert card.training["best_epoch"] == 1
    assert all(value.isfinite().all() for value in _weights(tmp_path / "run").values())


@pytest.mark.slow
def test_a_full_disk_ends_it_with_a_reason_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = safetensors.torch.save_file, []

    def limited(tensors: dict[str, Tensor], path: Path) -> None:
        written.append(path)
        if len(written) > 1:
            raise SafetensorError("I/O error: No space left on device (os error 28)")
        write(tensors, path)

    monkeypatch.setattr(safetensors.torch, "save_file", limited)
    with pytest.raises(FileError, match="the disk is full; make room and try again") as caught:
        train(_recipe(*FEW, "data.per_class=30"), _job())
    card = store.read_card(tmp_path / "run")
    assert (card.status, card.reason) == ("failed", str(caught.value))
    assert not list((tmp_path / "run").glob(".*.draft"))
    assert store.load(tmp_path / "run").card.training["best_epoch"] == 1


@pytest.fixture
def photos_of_two_classes(tmp_path: Path) -> Path:
    """Forty small images, one of them cut short and one of them a text."""
    random = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 120)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(low, low + 120, (40, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    cut = tmp_path / "photos" / "dark" / "3.png"
    cut.write_bytes(cut.read_bytes()[:300])
    (tmp_path / "photos" / "light" / "4.png").write_text("no picture")
    return tmp_path / "photos"


def test_a_folder_of_ones_own_trains_and_broken_images_are_skipped(
    tmp_path: Path, photos_of_two_classes: Path
) -> None:
    job = Job("own", data=photos_of_two_classes)
    recipe = _recipe(*SIGNS, "data.per_class=0", "data.val=0.25", "epochs=1")
    card = store.read_card(train(recipe, job))
    assert card.class_names == ("dark", "light")
    assert card.data["skipped"] == 2
    assert card.data["train"] + card.data["val"] == 38
    assert str(tmp_path) not in (paths.folder("own") / paths.CARD).read_text()


def test_more_than_a_few_damaged_images_stop_a_training(photos_of_two_classes: Path) -> None:
    for name in ("5.png", "6.png", "7.png", "8.png"):
        (photos_of_two_classes / "light" / name).write_text("no picture")
    job = Job("own", data=photos_of_two_classes)
    with pytest.raises(
        DataError, match=r"^6 of 40 images of '.*' cannot be read, more than 2%; 'python -m core data"
    ):
        train(_recipe(*SIGNS, "data.per_class=0", "data.val=0.25", "epochs=1"), job)
    card = store.read_card(paths.folder("own"))
    assert (card.status, card.reason[:17]) == ("failed", "6 of 40 images of")


@pytest.mark.parametrize("size", [1, 2])
def test_images_too_small_for_the_network_are_refused_before_anything_is_read(size: int) -> None:
    recipe = _recipe(*TWO_CONVOLUTIONS, f"image.size={size}")
    with pytest.raises(
        RecipeError, match=rf"images of {size} x {size} pixels do not fit seewhy:two-conv-mnist; set"
    ):
        train(recipe, _job())


@pytest.mark.parametrize(("devices", "nodes"), [(0, 1), (-1, 1), (1, 0)])
def test_a_training_on_no_device_is_refused(tmp_path: Path, devices: int, nodes: int) -> None:
    with pytest.raises(TrainingError, match=rf"^got {devices} devices on {nodes} machines; "):
        train(_recipe(*TWO_CONVOLUTIONS), Job("run", devices=devices, nodes=nodes))
    assert list(tmp_path.iterdir()) == []


def test_data_that_changed_are_not_trained_on_any_further(photos_of_two_classes: Path) -> None:
    job = Job("own", data=photos_of_two_classes)
    recipe = _recipe(*SIGNS, "data.per_class=0", "data.val=0.25")
    stop = Job("own", data=photos_of_two_classes, say=_Interruption(1, RuntimeError("stop")))
    with pytest.raises(RuntimeError, match="stop"):
        train(recipe, stop)
    (photos_of_two_classes / "light" / "7.png").unlink()
    with pytest.raises(TrainingError, match="the data of 'own' has changed"):
        resume(recipe, job)


def test_another_recipe_is_not_resumed() -> None:
    with pytest.raises(RuntimeError, match="stop"):
        train(_recipe(*TWO_CONVOLUTIONS), _job(say=_Interruption(1, RuntimeError("stop"))))
    with pytest.raises(RecipeError, match=r"'run' was started with another optimiser\.lr"):
        resume(_recipe(*TWO_CONVOLUTIONS, "optimiser.lr=0.5"), _job())


def test_what_is_finished_is_not_resumed() -> None:
    train(_recipe(*TWO_CONVOLUTIONS, "epochs=1"), _job())
    with pytest.raises(TrainingError, match="'run' is finished"):
        resume(None, _job())


# Networks that are not like the others.


class _TwoOutputs(nn.Module):
    """As torchvision's GoogLeNet in training: logits, and those of heads that help it learn."""

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        return namedtuple("Outputs", ["logits", "aux"])(batch * 2, batch * 3)


def test_auxiliary_logits_are_left_out() -> None:
    classifier = Classifier(_TwoOutputs(), _recipe(), num_classes=2, prepared=lambda batch: batch + 1)
    torch.testing.assert_close(classifier(torch.ones(1, 2)), torch.full((1, 2), 4.0))


@pytest.mark.slow
def test_a_network_whose_head_is_a_convolution_trains_without_a_feature_cache() -> None:
    changes = ("model.architecture=torchvision:squeezenet1_1", "image.size=64", "model.train_from=head")
    folder = train(_recipe(*FEW, *changes, "epochs=1", "data.per_class=2"), _job())
    assert {name.split(".")[0] for name in _weights(folder)} == {"features", "classifier"}
    assert store.read_card(folder).status == "finished"
