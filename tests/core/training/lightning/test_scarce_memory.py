"""Where memory runs out, batches are computed in pieces, with the same steps and the same result."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lightning.pytorch.plugins.precision import Precision
from torch import nn

from core.checkpoints import store
from core.data.batches import Batch, ImageDataset, Pieces, class_weights
from core.data.cache import decode
from core.data.sources import catalogue
from core.errors import TrainingError
from core.models import registry
from core.training.lightning.agreement import Agreement
from core.training.lightning.classifier import Classifier
from core.training.lightning.feed import Feed
from core.training.lightning.memory import in_fitting_pieces
from core.training.lightning.train import resume, train
from core.training.material import material
from core.training.network import network
from tests.support.trainings.scarce_memory import room_for
from tests.support.trainings.short_trainings import FEW, SIGNS, history_of, job, short_recipe, weights_of

# Neither dropout nor batch norm, and plain steps: Adam divides a rounding error by its own size.
PLAIN = (*FEW, "optimiser.name=sgd", "optimiser.lr=0.1", "optimiser.momentum=0.9")


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Training passes of more than ``tried.most`` images run out of memory; all sizes that were tried."""
    step, sizes = Classifier.training_step, list[int]()

    def full(self: Classifier, batch: Batch, batch_idx: int) -> torch.Tensor:
        sizes.append(len(batch[1]))
        if len(batch[1]) > 8:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Classifier, "training_step", full)
    return sizes


def _agree(one: Path, other: Path) -> None:
    theirs = weights_of(other)
    for name, value in weights_of(one).items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-3, atol=2e-4, err_msg=name)
    for name in ("train_loss", "val_loss", "train_accuracy", "val_accuracy"):
        np.testing.assert_allclose(history_of(one)[name], history_of(other)[name], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("loss", [(), ("loss.class_weights=true", "loss.label_smoothing=0.1")])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_in_pieces_it_is_the_same_training(
    loss: Sequence[str], accumulate: int, request: pytest.FixtureRequest
) -> None:
    """80 images in batches of 31 and a last one of 18, in pieces of 7 or 8 and of 4 or 5."""
    recipe = short_recipe(*PLAIN, *loss, "batch_size=31", f"speed.accumulate={accumulate}")
    whole = train(recipe, job("whole"))
    tried = request.getfixturevalue("tried")
    lines: list[str] = []
    pieces = train(recipe, job("pieces", lines.append))
    assert tried[:3] == [31, 15, 7]
    assert max(tried[2:]) == 8
    assert [line for line in lines if "memory" in line] == [
        "memory ran out: each batch of 31 images is now computed in 2 pieces, with the same steps",
        "memory ran out: each batch of 31 images is now computed in 4 pieces, with the same steps",
    ]
    assert store.read_card(pieces).training["pieces"] == 4
    _agree(whole, pieces)


@pytest.mark.slow
def test_resumed_it_begins_with_the_pieces_that_fitted(tried: list[int]) -> None:
    def stop(line: str) -> None:
        if line.startswith("epoch   2"):
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        train(short_recipe(*PLAIN), job(say=stop))
    tried.clear()
    resume(None, job())
    assert max(tried) <= 8


def test_without_room_for_one_image_the_card_says_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(Classifier, "training_step", full)
    with pytest.raises(
        TrainingError, match="memory for even the smallest batches; set a smaller image"
    ) as caught:
        train(short_recipe(*PLAIN, "batch_size=4"), job())
    card = store.read_card(tmp_path / "run")
    assert (card.status, card.reason, card.training["pieces"]) == ("failed", str(caught.value), 4)


def test_batch_norm_gets_two_images_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def full(_self: Classifier, batch: Batch, _batch_idx: int) -> torch.Tensor:
        sizes.append(len(batch[1]))
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(Classifier, "training_step", full)
    with pytest.raises(TrainingError, match="memory for even the smallest batches"):
        train(short_recipe(*SIGNS, "batch_size=7"), job())
    assert sizes == [7, 3, 2]


def test_pieces_are_equal_but_for_one_image_and_short_batches_have_fewer() -> None:
    keys = [(0, index) for index in range(13)]
    pieces = Pieces([keys[:10], keys[10:]], 4, least=2)
    assert [len(piece) for piece in pieces] == [2, 3, 2, 3, 3]
    assert [key for piece in pieces for key in piece] == keys
    assert [len(batch) for batch in pieces.batch_of] == [10, 10, 10, 10, 3]


def test_all_processes_take_the_pieces_that_the_smallest_memory_needs() -> None:
    """This one has room for 5 of its 16 images, another for half as many; nothing is left of the trial."""
    recipe = short_recipe(*SIGNS, "batch_size=32")
    preprocess = registry.default_preprocess(recipe.model.architecture)
    data = material(decode(catalogue.load("digits"), preprocess), recipe.data, recipe.seed)
    feed = Feed(recipe, data, train=ImageDataset(data.decoded), val=ImageDataset(data.decoded), workers=0)
    net = network(recipe, 10)
    classifier = Classifier(net.model, recipe, num_classes=10, prepared=net.preprocess.normalised)
    before = {name: value.clone() for name, value in net.model.state_dict().items()}
    fitted, said = [], []

    def agreed(fits: bool, *, all: bool) -> bool:  # noqa: A002, FBT001 (Lightning's)
        fitted.append(fits)
        return fits and all and len(fitted) > 3

    feed.trainer = trainer = SimpleNamespace(
        current_epoch=0, global_rank=0, world_size=2, is_global_zero=True, accumulate_grad_batches=3,
        precision_plugin=Precision(),
        strategy=SimpleNamespace(
            broadcast=lambda value: value, batch_to_device=lambda batch: batch, reduce_boolean_decision=agreed
        ),
    )  # fmt: skip
    with room_for(5, net.model) as tried:
        Agreement(feed, 1, said.append).on_fit_start(trainer, classifier)
    assert tried == [16, 8, 4, 2]
    assert (fitted, said) == ([False, False, True, True], [2, 4, 8])
    assert trainer.accumulate_grad_batches == 3 * 8
    assert all(value.equal(before[name]) for name, value in net.model.state_dict().items())
    assert all(parameter.grad is None for parameter in net.model.parameters())
    trainer.strategy.reduce_boolean_decision = lambda _fits, **_all: False
    with pytest.raises(torch.OutOfMemoryError, match="no memory for the smallest batch"):
        Agreement(feed, 1, said.append).on_fit_start(trainer, classifier)


def test_only_a_lack_of_memory_is_tried_again() -> None:
    tried: list[int] = []

    def fit(pieces: int) -> str:
        tried.append(pieces)
        if pieces < 3:
            raise torch.OutOfMemoryError
        if pieces < 5:
            raise RuntimeError("a bug")
        return "done"

    with pytest.raises(RuntimeError, match="a bug"):
        in_fitting_pieces(fit, pieces=1, most=8, on_smaller=lambda _pieces: None)
    assert tried == [1, 2, 4]
    assert in_fitting_pieces(fit, pieces=5, most=8, on_smaller=lambda _pieces: None) == "done"


def test_pieces_sum_to_the_loss_of_their_batch_with_class_weights() -> None:
    """Of unequal classes: 12 batches of 119 images in 4 pieces each, and the last one of 10."""
    recipe = short_recipe("loss.class_weights=true", "loss.label_smoothing=0.1", "batch_size=119")
    preprocess = registry.default_preprocess(recipe.model.architecture)
    data = material(decode(catalogue.load("digits"), preprocess), recipe.data, recipe.seed)
    feed = Feed(recipe, data, train=ImageDataset(data.decoded), val=ImageDataset(data.decoded), workers=0)
    feed.trainer = SimpleNamespace(current_epoch=0, global_rank=0, world_size=1)
    feed.cut(4, least=3)
    weights = torch.from_numpy(class_weights(data.labels[data.train], 10))
    loss = nn.CrossEntropyLoss(weights, label_smoothing=0.1)
    logits = torch.randn(len(data.labels), 10, generator=torch.Generator().manual_seed(0))
    pieces = [(labels, indices) for _, labels, indices in feed.train_dataloader()]
    assert len(pieces) == 12 * 4 + 3
    parts = [
        feed.piece_weight(number) * loss(logits[indices], labels)
        for number, (labels, indices) in enumerate(pieces)
    ]
    for start in range(0, len(pieces), 4):
        labels, indices = (torch.cat(each) for each in zip(*pieces[start : start + 4], strict=True))
        expected = loss(logits[indices], labels)
        torch.testing.assert_close(sum(parts[start : start + 4]) / 4, expected)
