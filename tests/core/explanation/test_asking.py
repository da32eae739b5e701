"""One question about photos, answered whole: class, maps, evidence, device, notes."""

import numpy as np
import pytest
import torch
from torch import Tensor

from core import images
from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.maps.cam import CAM_METHODS
from core.explanation.answer import Map
from core.explanation.asking import methods_of
from core.explanation.question import METHODS, Question, Score
from core.images.sample_photos import SAMPLES, sample
from tests.support.networks.tiny_models import assert_unchanged, snapshot
from tests.support.results.questions import OF_CONVOLUTIONS, assert_same, explained, take_few_samples

IN_LOGITS = {"cam", "grad_cam", "hires_cam", "xgrad_cam"}


def _question(
    method: str = "grad_cam",
    target_layers: tuple[str, ...] = (),
    class_idx: int | None = None,
    against: int | None = None,
) -> Question:
    """A question with one score."""
    return Question(method, target_layers, (Score(class_idx, against),))


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than hundreds for each map."""
    take_few_samples(monkeypatch)


def test_unasked_the_predicted_class_is_explained_at_the_last_layer(small: Checkpoint, batch: Tensor) -> None:
    answers = explained(small, batch, Question())
    with torch.inference_mode():
        logits = small.model(batch)
    for answer, expected in zip(answers, logits, strict=True):
        torch.testing.assert_close(answer.logits, expected)
        assert answer.class_idx == int(expected.argmax())
        assert answer.against is None
        assert list(answer.maps) == ["bn2"]
        assert answer.maps["bn2"].raw.shape == (5, 5)
        assert (answer.device, answer.notes) == ("CPU", ())
        assert answer.seconds > 0


def test_against_the_predicted_class_the_second_best_is_explained(small: Checkpoint, batch: Tensor) -> None:
    first = explained(small, batch[:1], Question())[0]
    ranked = first.logits.argsort(descending=True).tolist()
    answer = explained(small, batch[:1], _question(against=ranked[0]))[0]
    assert (answer.class_idx, answer.against) == (ranked[1], ranked[0])
    assert explained(small, batch[:1], _question(against=ranked[3]))[0].class_idx == ranked[0]


def test_a_class_against_another_is_the_difference_of_the_two(small: Checkpoint, batch: Tensor) -> None:
    both, one, other = (
        explained(small, batch[:1], _question(class_idx=idx, against=against))[0].maps["bn2"]
        for idx, against in ((1, 3), (1, None), (3, None))
    )
    assert both.raw == pytest.approx(one.raw - other.raw, abs=1e-6)
    assert both.score == pytest.approx(one.score - other.score, abs=1e-5)


@pytest.mark.usefixtures("together")
@pytest.mark.parametrize("method", OF_CONVOLUTIONS)
@pytest.mark.slow
def test_a_batch_is_answered_as_its_images_one_by_one(small: Checkpoint, batch: Tensor, method: str) -> None:
    batch = batch[:, :, :64, :96]
    question = Question(method, target_layers=("bn2",))
    one_by_one = [explained(small, image[None], question)[0] for image in batch]
    assert_same(explained(small, batch, question), one_by_one)


def test_several_layers_share_one_answer(small: Checkpoint, batch: Tensor) -> None:
    layers = ("blocks.1", "blocks.2", "bn2")
    answer = explained(small, batch[:1], _question("layer_cam", layers, class_idx=0))[0]
    assert tuple(answer.maps) == layers
    for layer in layers:
        alone = explained(small, batch[:1], _question("layer_cam", (layer,), class_idx=0))[0]
        assert np.array_equal(alone.maps[layer].raw, answer.maps[layer].raw)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "occlusion"])
def test_a_method_of_pixels_alone_answers_for_the_input(
    small: Checkpoint, batch: Tensor, method: str
) -> None:
    answer = explained(small, batch[:1], _question(method, class_idx=0))[0]
    assert not Question(method).needs_layer
    assert list(answer.maps) == ["input"]
    assert answer.maps["input"].raw.shape == (160, 160)
    assert answer.maps["input"].evidence is None


@pytest.mark.slow
def test_explaining_leaves_the_shared_model_as_it_was(small: Checkpoint, batch: Tensor) -> None:
    batch = batch[:, :, :64, :96]
    before, untouched = snapshot(small.model), batch.clone()
    for method in OF_CONVOLUTIONS:
        explained(small, batch[:1], _question(method, ("bn2",), class_idx=0))
    assert_unchanged(small.model, before)
    assert torch.equal(batch, untouched)


@pytest.mark.slow
def test_half_precision_is_close(imagenet: Checkpoint) -> None:
    """The built-in network in bfloat16, for the class that float32 predicts."""
    half = store.load(imagenet.folder, dtype=torch.bfloat16)
    for name in list(SAMPLES)[:2]:
        batch = imagenet.card.preprocess.batch([images.upright_rgb(sample(name))])
        exact = explained(imagenet, batch, Question(target_layers=("bn2",)))[0]
        rounded = explained(half, batch, _question(target_layers=("bn2",), class_idx=exact.class_idx))[0]
        assert rounded.maps["bn2"].raw.dtype == np.float32
        maps = [answer.maps["bn2"].raw.ravel() for answer in (exact, rounded)]
        assert np.corrcoef(maps)[0, 1] > 0.99
        assert rounded.maps["bn2"].evidence is not None


@pytest.mark.parametrize("method", CAM_METHODS)
@pytest.mark.parametrize("layer", ["bn2", "blocks.2"])
def test_evidence_in_logits_is_given_exactly_where_the_map_is_it(
    small: Checkpoint, batch: Tensor, method: str, layer: str
) -> None:
    if (method, layer) == ("cam", "blocks.2"):
        with pytest.raises(LayerError, match="cam needs the layer that a pooled linear head reads"):
            explained(small, batch, _question(method, (layer,), class_idx=1))
        return
    for against in (None, 2):
        # Finer-CAM is Grad-CAM where there is a class to compare with already.
        is_evidence = method in IN_LOGITS or (method == "finer_cam" and against is not None)
        for answer in explained(small, batch, _question(method, (layer,), class_idx=1, against=against)):
            found = answer.maps[layer]
            assert (found.evidence is not None) is (layer == "bn2" and is_evidence)
            if found.evidence is not None:
                score = float(answer.logits[1] - (0 if against is None else answer.logits[against]))
                assert found.score == pytest.approx(score, abs=1e-5)
                assert found.evidence.sum() + found.bias == pytest.approx(score, abs=1e-4)
                assert found.speaks_for + found.speaks_against + found.bias == pytest.approx(score, abs=1e-4)


def test_a_map_says_what_speaks_for_and_against() -> None:
    raw = np.array([[1.0, -2.0], [0.0, 4.0]], np.float32)
    found = Map(raw, evidence=raw / 2, bias=0.25, score=1.75)
    assert (found.speaks_for, found.speaks_against, found.has_positive_evidence) == (2.5, -1.0, True)
    assert (Map(raw).speaks_for, Map(raw).speaks_against) == (0.0, 0.0)
    assert not Map(-np.abs(raw)).has_positive_evidence


def test_a_convolutional_network_offers_all_methods_but_those_of_attention(small: Checkpoint) -> None:
    assert set(METHODS) - set(methods_of(small)) == {"attention_rollout", "le_grad"}


def test_a_method_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(
        ValueError, match="no method 'gradcam'; there is cam, grad_cam, grad_cam_pp, hires_cam"
    ):
        Question("gradcam")


@pytest.mark.parametrize("method", [*CAM_METHODS, "guided_grad_cam"])
@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("conv9", "no layer named 'conv9'; this model has 'conv_stem'"),
        ("classifier", r"layer 'classifier' gives \(1, 5\); a map needs an output of shape"),
    ],
)
def test_a_layer_without_a_map_is_refused_by_name(
    small: Checkpoint, batch: Tensor, method: str, layer: str, message: str
) -> None:
    with pytest.raises(LayerError, match=message):
        explained(small, batch[:1], Question(method, (layer,)))
