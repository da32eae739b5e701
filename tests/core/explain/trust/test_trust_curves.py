"""Deletion and insertion, against closed forms of linear networks."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.explain.network.tracing import towards
from core.explain.trust.curves import Curves, Subject, curves
from core.explain.trust.patches import Patches, ranks

NINE = Patches(3, 3, (3, 3))
SHARES = [place / 9 for place in range(1, 9)]
WEIGHTS = torch.tensor([3.0, -1, 0.5, 2, 0, -2, 1, 4, -0.5], dtype=torch.float64)


class Linear(nn.Module):
    """Two classes over nine pixels: the first has the weights, the second none."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(9, 2, dtype=torch.float64)
        with torch.no_grad():
            self.head.weight.copy_(torch.stack([WEIGHTS, torch.zeros(9)]))
            self.head.bias.copy_(torch.tensor([0.25, 0.0]))

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 2)."""
        logits: Tensor = self.head(batch.flatten(1))
        return logits


@pytest.fixture
def white() -> Tensor:
    """A photo of ones, so that a pixel adds its weight to the logit."""
    return torch.ones(1, 1, 3, 3, dtype=torch.float64)


def _logit_curves(photo: Tensor, values: Tensor) -> Curves:
    orders = ranks(values.reshape(1, 3, 3))
    subject = Subject(photo, towards(torch.zeros(1, 2), 0), {"black": torch.zeros_like(photo)})
    (tested,) = curves(Linear(), subject, orders, NINE, shares=SHARES)
    return tested.logit


def test_the_curves_of_a_linear_network_are_sums_of_its_weights(white: Tensor) -> None:
    descending = WEIGHTS.sort(descending=True).values
    shown = 0.25 + torch.cat([torch.zeros(1), descending.cumsum(0)])
    tested = _logit_curves(white, WEIGHTS)
    torch.testing.assert_close(tested.insertion[0], shown)
    torch.testing.assert_close(tested.deletion[0], 0.25 + WEIGHTS.sum() - (shown - 0.25))
    assert tested.score == pytest.approx(
        float(torch.trapezoid(tested.insertion[0] - tested.deletion[0], tested.shares))
    )


@pytest.mark.slow
def test_no_order_of_nine_patches_deletes_better_than_the_exact_evidence(white: Tensor) -> None:
    """By brute force over all 362,880 orders; for insertion likewise."""
    every = WEIGHTS.numpy()[np.array(list(itertools.permutations(range(9))))]
    shown = np.concatenate([np.zeros((len(every), 1)), every.cumsum(1)], 1) + 0.25
    steps = np.linspace(0, 1, 10)
    best = np.trapezoid(shown, steps, axis=1).max()
    tested = _logit_curves(white, WEIGHTS)
    assert tested.insertion_area == pytest.approx(best)
    assert tested.deletion_area == pytest.approx(0.5 + float(WEIGHTS.sum()) - best)


def test_a_reversed_order_turns_the_sign_of_the_score(white: Tensor) -> None:
    """So the mean score of random orders is 0, whatever the network."""
    values = torch.randn(9, generator=torch.Generator().manual_seed(1))
    assert _logit_curves(white, -values).score == pytest.approx(-_logit_curves(white, values).score)
