"""One forward pass, many answers: counted passes, and the numbers of a pass of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain import CAM_METHODS
from core.explanation.answer import Explanation
from core.explanation.asking import explain
from core.explanation.forward_pass import answers, forward_pass
from core.explanation.question import Question, Score
from core.predictions.finite import refuse_infinite
from tests.support.results.questions import OF_CONVOLUTIONS, take_few_samples

LAYERS = ("blocks.1", "bn2")
SCORES = (Score(1, 3), Score(1), Score(3), Score(), Score(None, 2))
SLOW_METHODS = {"score_cam", "integrated_gradients", "occlusion", "smooth_grad", "gradient_shap", "rise"}
QUICK_METHODS = [method for method in OF_CONVOLUTIONS if method not in SLOW_METHODS]


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than hundreds for each map."""
    take_few_samples(monkeypatch)


@pytest.fixture
def batch() -> Tensor:
    """Two images for the small checkpoint."""
    return torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def num_passes(small: Checkpoint) -> Iterator[Callable[[], int]]:
    """How often the whole network has run since the last call."""
    passes: list[int] = []
    hook = small.model.register_forward_hook(lambda *_: passes.append(1))

    def since() -> int:
        number = len(passes)
        passes.clear()
        return number

    yield since
    hook.remove()


def _layers(method: str) -> tuple[str, ...]:
    return ("bn2",) if method in {"cam", "guided_grad_cam"} else LAYERS


def _same(one: Explanation, other: Explanation) -> None:
    assert (one.method, one.class_idx, one.against) == (other.method, other.class_idx, other.against)
    assert torch.equal(one.logits, other.logits)
    assert list(one.maps) == list(other.maps)
    for layer, found in one.maps.items():
        # A vectorised backward pass rounds differently.
        difference = np.abs(found.raw - other.maps[layer].raw).max()
        assert difference <= 1e-6 * np.abs(other.maps[layer].raw).max()
        assert found.score == other.maps[layer].score
        assert (found.evidence is None) == (other.maps[layer].evidence is None)


@pytest.mark.slow
@pytest.mark.parametrize("method", QUICK_METHODS)
def test_several_scores_of_one_question_are_answered_as_each_alone(
    small: Checkpoint, batch: Tensor, method: str
) -> None:
    question = Question(method, _layers(method), SCORES)
    together = explain(small, batch[:1], question)[0]
    for score, explanation in zip(SCORES, together, strict=True):
        (alone,) = explain(small, batch[:1], replace(question, scores=(score,)))[0]
        _same(explanation, alone)


@pytest.mark.parametrize("method", CAM_METHODS)
def test_a_question_about_several_classes_takes_one_forward_pass(
    small: Checkpoint, batch: Tensor, method: str, num_passes: Callable[[], int]
) -> None:
    explain(small, batch[:1], Question(method, _layers(method), SCORES))
    assert num_passes() == 1


@pytest.mark.parametrize(("method", "own_passes"), [("saliency", 1), ("guided_grad_cam", 1)])
def test_a_pixel_method_adds_only_its_own_passes_for_each_score(
    small: Checkpoint, batch: Tensor, method: str, own_passes: int, num_passes: Callable[[], int]
) -> None:
    """The logits, and the layer of Guided Grad-CAM, come from the one pass that all scores share."""
    explain(small, batch[:1], Question(method, _layers(method), SCORES[:3]))
    assert num_passes() == 1 + 3 * own_passes


@pytest.mark.slow
def test_a_pass_answers_questions_of_every_method_and_layer_without_another(
    small: Checkpoint, batch: Tensor, num_passes: Callable[[], int]
) -> None:
    passed = forward_pass(small, batch, LAYERS)
    questions = [
        Question(method, layers, SCORES[:2])
        for method in CAM_METHODS
        for layers in ([("bn2",)] if method == "cam" else [("bn2",), ("blocks.1",), LAYERS])
    ]
    given = [answers(passed, question) for question in questions]
    assert num_passes() == 1
    for question, of_images in zip(questions, given, strict=True):
        fresh = answers(forward_pass(small, batch, question.target_layers), question)
        for one, other in zip(of_images, fresh, strict=True):
            for explanation, expected in zip(one, other, strict=True):
                _same(explanation, expected)


def test_threads_may_ask_one_pass_at_the_same_time(small: Checkpoint, batch: Tensor) -> None:
    passed = forward_pass(small, batch, LAYERS)
    questions = [Question("layer_cam", LAYERS, (Score(class_idx),)) for class_idx in range(5)] * 4
    expected = [answers(passed, question) for question in questions[:5]]
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda question: answers(passed, question), questions))
    for place, of_images in enumerate(given):
        for (one,), (other,) in zip(of_images, expected[place % 5], strict=True):
            _same(one, other)


@pytest.mark.slow
def test_the_progress_of_several_scores_rises_once_from_zero_to_one(small: Checkpoint, batch: Tensor) -> None:
    heard: list[float] = []
    question = Question("occlusion", scores=(Score(0), Score(1)))
    explain(small, batch[:1], question, on_progress=heard.append)
    assert heard == sorted(heard)
    assert heard[0] == 0
    assert 0.5 in heard
    assert 0.9 < heard[-1] <= 1


def test_the_seconds_are_those_of_the_pass_and_of_the_answer_for_each_image(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that only the pass, the first question and the time between them move."""
    clock = [0.0]
    monkeypatch.setattr("core.explanation.forward_pass.time.perf_counter", lambda: clock[0])
    monkeypatch.setattr(
        "core.explanation.forward_pass.refuse_infinite",
        lambda *given: (clock.__setitem__(0, clock[0] + 3), refuse_infinite(*given)),
    )
    passed = forward_pass(small, batch, ("bn2",))
    clock[0] = 60.0
    ((first,), (second,)) = answers(passed, Question(target_layers=("bn2",)))
    assert (passed.seconds, first.seconds, second.seconds) == (3, 1.5, 1.5)


def test_a_layer_that_was_not_recorded_is_named(small: Checkpoint, batch: Tensor) -> None:
    passed = forward_pass(small, batch, ("bn2",))
    assert passed.can_answer(Question("saliency"))
    assert not passed.can_answer(Question(target_layers=LAYERS))
    with pytest.raises(LayerError, match=r"not all of \('blocks.1', 'bn2'\) were recorded"):
        answers(passed, Question(target_layers=LAYERS))


def test_a_question_needs_a_score() -> None:
    with pytest.raises(ValueError, match="no scores to explain; a question needs at least one"):
        Question(scores=())
