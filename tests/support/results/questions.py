"""Questions about a small network."""

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.explain.maps.pixels import covering, superpixels
from core.explanation.answer import Explanation
from core.explanation.asking import explain
from core.explanation.question import ATTENTION_METHODS, METHODS, Question

OF_CONVOLUTIONS = [method for method in METHODS if method not in ATTENTION_METHODS]


def take_few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the methods that take the most passes."""
    monkeypatch.setattr(covering, "_MASKS", 64)
    monkeypatch.setattr(superpixels, "_COALITIONS", 64)


def explained(checkpoint: Checkpoint, batch: Tensor, question: Question) -> list[Explanation]:
    """The answers to a question with one score, one for each image."""
    return [explanation for (explanation,) in explain(checkpoint, batch, question)]


def assert_same(ours: list[Explanation], theirs: list[Explanation]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert one.class_idx == other.class_idx
        assert list(one.maps) == list(other.maps)
        torch.testing.assert_close(one.logits, other.logits)
        for layer, found in one.maps.items():
            difference = np.abs(found.raw - other.maps[layer].raw).max()
            assert difference <= 1e-4 * np.abs(other.maps[layer].raw).max()
            assert (found.evidence is None) == (other.maps[layer].evidence is None)
