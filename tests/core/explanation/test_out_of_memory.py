"""Without enough memory, a question is answered with fewer images at once, or on the CPU."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.explanation import asking
from core.explanation.question import Question
from tests.support.networks.tiny_models import assert_unchanged, snapshot
from tests.support.results.questions import assert_same, explained

FEWER, ON_CPU = "GPU memory ran out: using smaller batches", "GPU memory ran out: using the CPU"


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
    expected = explained(small, batch, Question())
    monkeypatch.setattr(asking, "_answers", _running_out(lambda _checkpoint, part: len(part) > 1))
    answers = explained(small, batch, Question())
    assert_same(answers, expected)
    assert [answer.notes for answer in answers] == [(FEWER,)] * 3


@pytest.mark.usefixtures("together")
def test_out_of_memory_for_one_image_it_goes_on_on_the_cpu_and_says_so(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = explained(small, batch, Question(target_layers=("bn2",)))
    on_gpu = replace(small, device="cuda")
    monkeypatch.setattr(
        asking, "_answers", _running_out(lambda checkpoint, _part: checkpoint.device == "cuda")
    )
    answers = explained(on_gpu, batch, Question(target_layers=("bn2",)))
    assert_same(answers, expected)
    assert [(answer.device, sorted(answer.notes)) for answer in answers] == [("CPU", [FEWER, ON_CPU])] * 3
    assert explained(on_gpu, batch[:1], Question(target_layers=("bn2",)))[0].notes == (ON_CPU,)


@pytest.mark.usefixtures("together")
@pytest.mark.parametrize(
    ("name", "expected"), [("cuda", [3]), ("cuda:1", [3]), ("cpu", [3]), ("mps", [1, 1, 1])]
)
def test_a_gpu_takes_several_images_at_once_whatever_its_index(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch, name: str, expected: list[int]
) -> None:
    taken: list[int] = []
    monkeypatch.setattr(asking, "_answers", lambda _checkpoint, part, *_: taken.append(len(part)) or [])
    explained(replace(small, device=name), batch, Question(target_layers=("bn2",)))
    assert taken == expected


@pytest.mark.usefixtures("together")
def test_out_of_memory_in_the_middle_of_the_network_leaves_no_hooks(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first block of layers fails for more than two images at once, as a GPU would."""
    expected = explained(small, batch, Question())
    before, block = snapshot(small.model), small.model.get_submodule("blocks.1")
    forward = block.forward

    def scarce(features: Tensor) -> Tensor:
        if len(features) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(features)

    monkeypatch.setattr(block, "forward", scarce)
    answers = explained(small, batch, Question(target_layers=("blocks.0", "bn2")))
    assert_same([replace(answer, maps={"bn2": answer.maps["bn2"]}) for answer in answers], expected)
    assert {answer.notes for answer in answers} == {(FEWER,)}
    assert_unchanged(small.model, before)


def test_when_the_cpu_runs_out_too_the_error_is_shown(
    small: Checkpoint, batch: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_answers", _running_out(lambda *_: True))
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        explained(small, batch[:1], Question())
