"""One question about photos, answered whole: class, maps, evidence, device, notes."""

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core import device, images
from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError, ClassError, LayerError
from core.explain.maps.cam import CAM_METHODS
from core.explanation import asking
from core.explanation.answer import Explanation, Map
from core.explanation.asking import explain
from core.explanation.question import METHODS, Question, Score
from core.images.sample_photos import SAMPLES, sample
from core.predictions.top_k import class_index, prediction, top_k, top_k_with
from tests.support.tiny_models import assert_unchanged, snapshot

IN_LOGITS = {"cam", "grad_cam", "hires_cam", "xgrad_cam"}
FEWER, ON_CPU = "GPU memory ran out: using smaller batches", "GPU memory ran out: using the CPU"
NAMES = ("cat", "Dog", "crane", "Crane", "7", "great white shark", "shark", "twin", "twin")


@pytest.fixture
def batch() -> Tensor:
    """Three images for the small checkpoint."""
    return torch.randn(3, 3, 160, 160, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch in one pass, as on a GPU."""
    monkeypatch.setattr(asking, "_IMAGES_AT_ONCE", {"cpu": 16, "cuda": 16})


def _question(
    method: str = "grad_cam",
    target_layers: tuple[str, ...] = (),
    class_idx: int | None = None,
    against: int | None = None,
) -> Question:
    """A question with one score."""
    return Question(method, target_layers, (Score(class_idx, against),))


def _explain(checkpoint: Checkpoint, batch: Tensor, question: Question) -> list[Explanation]:
    """The answers to a question with one score, one for each image."""
    return [explanation for (explanation,) in explain(checkpoint, batch, question)]


def _same(ours: list[Explanation], theirs: list[Explanation]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert one.class_idx == other.class_idx
        assert list(one.maps) == list(other.maps)
        torch.testing.assert_close(one.logits, other.logits)
        for layer, found in one.maps.items():
            difference = np.abs(found.raw - other.maps[layer].raw).max()
            assert difference <= 1e-4 * np.abs(other.maps[layer].raw).max()
            assert (found.evidence is None) == (other.maps[layer].evidence is None)


# What is asked and answered.


def test_unasked_the_predicted_class_is_explained_at_the_last_layer(small: Checkpoint, batch: Tensor) -> None:
    answers = _explain(small, batch, Question())
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
    first = _explain(small, batch[:1], Question())[0]
    ranked = first.logits.argsort(descending=True).tolist()
    answer = _explain(small, batch[:1], _question(against=ranked[0]))[0]
    assert (answer.class_idx, answer.against) == (ranked[1], ranked[0])
    assert _explain(small, batch[:1], _question(against=ranked[3]))[0].class_idx == ranked[0]


def test_a_class_against_another_is_the_difference_of_the_two(small: Checkpoint, batch: Tensor) -> None:
    both, one, other = (
        _explain(small, batch[:1], _question(class_idx=idx, against=against))[0].maps["bn2"]
        for idx, against in ((1, 3), (1, None), (3, None))
    )
    assert both.raw == pytest.approx(one.raw - other.raw, abs=1e-6)
    assert both.score == pytest.approx(one.score - other.score, abs=1e-5)


@pytest.mark.usefixtures("together")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.slow
def test_a_batch_is_answered_as_its_images_one_by_one(small: Checkpoint, batch: Tensor, method: str) -> None:
    batch = batch[:, :, :64, :96]
    question = Question(method, target_layers=("bn2",))
    one_by_one = [_explain(small, image[None], question)[0] for image in batch]
    _same(_explain(small, batch, question), one_by_one)


def test_several_layers_share_one_answer(small: Checkpoint, batch: Tensor) -> None:
    layers = ("blocks.1", "blocks.2", "bn2")
    answer = _explain(small, batch[:1], _question("layer_cam", layers, class_idx=0))[0]
    assert tuple(answer.maps) == layers
    for layer in layers:
        alone = _explain(small, batch[:1], _question("layer_cam", (layer,), class_idx=0))[0]
        assert np.array_equal(alone.maps[layer].raw, answer.maps[layer].raw)


@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "occlusion"])
def test_a_method_of_pixels_alone_answers_for_the_input(
    small: Checkpoint, batch: Tensor, method: str
) -> None:
    answer = _explain(small, batch[:1], _question(method, class_idx=0))[0]
    assert not Question(method).needs_layer
    assert list(answer.maps) == ["input"]
    assert answer.maps["input"].raw.shape == (160, 160)
    assert answer.maps["input"].evidence is None


def test_explaining_leaves_the_shared_model_as_it_was(small: Checkpoint, batch: Tensor) -> None:
    before, untouched = snapshot(small.model), batch.clone()
    for method in METHODS:
        _explain(small, batch[:1], _question(method, ("bn2",), class_idx=0))
    assert_unchanged(small.model, before)
    assert torch.equal(batch, untouched)


def test_half_precision_is_close(imagenet: Checkpoint) -> None:
    """The built-in network in bfloat16, for the class that float32 predicts."""
    half = store.load(imagenet.folder, dtype=torch.bfloat16)
    for name in list(SAMPLES)[:2]:
        batch = imagenet.card.preprocess.batch([images.upright_rgb(sample(name))])
        exact = _explain(imagenet, batch, Question(target_layers=("bn2",)))[0]
        rounded = _explain(half, batch, _question(target_layers=("bn2",), class_idx=exact.class_idx))[0]
        assert rounded.maps["bn2"].raw.dtype == np.float32
        maps = [answer.maps["bn2"].raw.ravel() for answer in (exact, rounded)]
        assert np.corrcoef(maps)[0, 1] > 0.99
        assert rounded.maps["bn2"].evidence is not None


# Evidence.


@pytest.mark.parametrize("method", CAM_METHODS)
@pytest.mark.parametrize("layer", ["bn2", "blocks.2"])
def test_evidence_in_logits_is_given_exactly_where_the_map_is_it(
    small: Checkpoint, batch: Tensor, method: str, layer: str
) -> None:
    if (method, layer) == ("cam", "blocks.2"):
        with pytest.raises(LayerError, match="cam needs the layer that a pooled linear head reads"):
            _explain(small, batch, _question(method, (layer,), class_idx=1))
        return
    for against in (None, 2):
        for answer in _explain(small, batch, _question(method, (layer,), class_idx=1, against=against)):
            found = answer.maps[layer]
            assert (found.evidence is not None) is (layer == "bn2" and method in IN_LOGITS)
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


# Out of memory.


def _running_out(when: Callable[[Checkpoint, Tensor], bool]) -> Callable[..., object]:
    answers = asking._answers

    def run(checkpoint: Checkpoint, batch: Tensor, *rest: object) -> object:
        if when(checkpoint, batch):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return answers(checkpoint, batch, *rest)

    return run


@pytest.mark.usefixtures("together")
def test_out_of_memory_it_goes_on_with_fewer_images_and_says_so(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _explain(small, batch, Question())
    monkeypatch.setattr(asking, "_answers", _running_out(lambda _checkpoint, part: len(part) > 1))
    answers = _explain(small, batch, Question())
    _same(answers, expected)
    assert [answer.notes for answer in answers] == [(FEWER,)] * 3


@pytest.mark.usefixtures("together")
def test_out_of_memory_for_one_image_it_goes_on_on_the_cpu_and_says_so(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _explain(small, batch, Question(target_layers=("bn2",)))
    on_gpu = replace(small, device="cuda")
    monkeypatch.setattr(
        asking, "_answers", _running_out(lambda checkpoint, _part: checkpoint.device == "cuda")
    )
    answers = _explain(on_gpu, batch, Question(target_layers=("bn2",)))
    _same(answers, expected)
    assert [(answer.device, sorted(answer.notes)) for answer in answers] == [("CPU", [FEWER, ON_CPU])] * 3
    assert _explain(on_gpu, batch[:1], Question(target_layers=("bn2",)))[0].notes == (ON_CPU,)


@pytest.mark.usefixtures("together")
@pytest.mark.parametrize(
    ("name", "expected"), [("cuda", [3]), ("cuda:1", [3]), ("cpu", [3]), ("mps", [1, 1, 1])]
)
def test_a_graphics_card_takes_several_images_at_once_whatever_its_number(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch, name: str, expected: list[int]
) -> None:
    taken: list[int] = []
    monkeypatch.setattr(asking, "_answers", lambda _checkpoint, part, *_: taken.append(len(part)) or [])
    _explain(replace(small, device=name), batch, Question(target_layers=("bn2",)))
    assert taken == expected


@pytest.mark.usefixtures("together")
def test_out_of_memory_in_the_middle_of_the_network_leaves_no_hooks(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first block of layers fails for more than two images at once, as a GPU would."""
    expected = _explain(small, batch, Question())
    before, block = snapshot(small.model), small.model.get_submodule("blocks.1")
    forward = block.forward

    def scarce(features: Tensor) -> Tensor:
        if len(features) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(features)

    monkeypatch.setattr(block, "forward", scarce)
    answers = _explain(small, batch, Question(target_layers=("blocks.0", "bn2")))
    _same([replace(answer, maps={"bn2": answer.maps["bn2"]}) for answer in answers], expected)
    assert {answer.notes for answer in answers} == {(FEWER,)}
    assert_unchanged(small.model, before)


def test_when_the_cpu_runs_out_too_the_error_is_shown(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_answers", _running_out(lambda *_: True))
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        _explain(small, batch[:1], Question())


# What cannot be answered.


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
        _explain(small, batch[:1], Question(method, (layer,)))


# Devices.


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("wanted", ["cuda", "cuda:1", "mps", "xpu"])
def test_a_device_that_is_not_here_becomes_the_cpu_with_a_note(wanted: str) -> None:
    assert device.usable_device(wanted) == ("cpu", f"this machine has no {wanted} device: using the CPU")


def test_the_cpu_is_always_there_and_unasked_the_best_device_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert device.usable_device("cpu") == ("cpu", None)
    assert device.usable_device(None) == (device.best_device(), None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.usable_device(None) == ("cuda", None)


@pytest.mark.parametrize("wanted", ["gpu", "", "cuda:x", "cpu cuda", "CUDA", "7"])
def test_a_name_of_no_device_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match=f"there is no device '{wanted}'; try cpu or cuda"):
        device.usable_device(wanted)


# What people read of it.


def test_the_best_classes_come_first_with_softmax_probabilities() -> None:
    logits = torch.tensor([0.0, 2.0, 1.0]).log1p()
    best = top_k(logits, ["a", "b", "c"])
    assert [(each.class_idx, each.class_name) for each in best] == [(1, "b"), (2, "c"), (0, "a")]
    assert [each.probability for each in best] == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    assert best[0].logit == pytest.approx(np.log(3))
    assert top_k(logits, ["a", "b", "c"], k=1) == best[:1]
    assert prediction(logits, ["a", "b", "c"], 0) == best[2]


def test_classes_that_are_asked_for_follow_the_best() -> None:
    logits = torch.arange(9.0)
    shown = top_k_with(logits, NAMES, [0, None, 8, 0, 2], k=3)
    assert [each.class_idx for each in shown] == [8, 7, 6, 0, 2]


def test_huge_logits_have_probabilities_too() -> None:
    best = top_k(torch.tensor([1e4, -1e4, 1e4]), ["a", "b", "c"])
    assert [each.probability for each in best] == pytest.approx([0.5, 0.5, 0.0])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("cat", 0),
        ("CAT", 0),
        ("dog", 1),
        ("crane", 2),
        ("Crane", 3),
        ("7", 4),
        ("5", 5),
        ("0", 0),
        ("Great White SHARK", 5),
    ],
)
def test_a_class_goes_by_its_name_in_any_case_or_its_number(wanted: str, expected: int) -> None:
    """A name wins over a number, and the name as it is written over one in another case."""
    assert class_index(NAMES, wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("CRANE", r"2 classes are named 'CRANE'; give a number: \[2, 3\]"),
        ("twin", r"2 classes are named 'twin'; give a number: \[7, 8\]"),
        ("9", "no class 9; this model has classes 0 to 8"),
        ("-1", "no class named '-1'; this model has 9 classes"),
        ("grate white shark", "no class named 'grate white shark'; close: great white shark"),
        ("white", "no class named 'white'; close: .*great white shark"),
        ("zebra", "no class named 'zebra'"),
    ],
)
def test_a_class_that_is_not_one_is_refused_with_those_like_it(wanted: str, message: str) -> None:
    with pytest.raises(ClassError, match=message):
        class_index(NAMES, wanted)


def test_two_classes_of_imagenet_differ_only_in_case(imagenet: Checkpoint) -> None:
    """A dog and a garment: each goes by its own spelling."""
    names = imagenet.card.class_names
    assert (class_index(names, "Cardigan"), class_index(names, "cardigan")) == (264, 474)
    assert all(class_index(names, name) == idx for idx, name in list(enumerate(names))[::37])


def test_there_are_samples_for_a_first_look() -> None:
    assert all(min(images.upright_rgb(sample(name)).size) >= 300 for name in SAMPLES)
    with pytest.raises(KeyError, match="astronauts"):
        sample("astronauts.png")


def test_a_network_without_finite_logits_says_so(small: Checkpoint, batch: Tensor) -> None:
    broken = copy.deepcopy(small.model)
    with torch.no_grad():
        broken.get_submodule("classifier").bias[0] = float("nan")
    with pytest.raises(CheckpointError, match="the logits of 'small' are not finite"):
        _explain(replace(small, model=broken), batch, Question())
