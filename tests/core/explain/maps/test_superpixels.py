"""LIME and KernelSHAP over superpixels: exact where the answer is known, and captum's."""

import math
from itertools import combinations

import pytest
import torch
from torch import Tensor, nn

from core.explain.maps.pixels import PixelQuestion, kernel_shap, lime, superpixels
from core.explain.network.tracing import towards
from tests.support.networks.linear_networks import LinearNet
from tests.support.networks.tiny_models import noise, seeded

METHODS = pytest.mark.parametrize("method", [lime, kernel_shap])


def _patches(rows: int, columns: int) -> Tensor:
    """Two images (2, 3, 44, 30) of flat patches in random colours."""
    patches = noise(2, 3, rows, columns, seed=4)
    return torch.nn.functional.interpolate(patches, (44, 30), mode="nearest")


def _of_regions(values: Tensor, labels: Tensor) -> Tensor:
    """The sum of values (H, W) over each region, at all of its pixels."""
    return torch.stack([values[labels == label].sum() for label in range(int(labels.max()) + 1)])[labels]


@METHODS
def test_a_superpixel_of_a_linear_model_gets_what_it_adds_to_the_score(method: object) -> None:
    model, batch = seeded(LinearNet), _patches(5, 4)
    direction = towards(model(batch), [0, 1], 2)
    row = (direction @ model[1].weight.detach()).view(-1, 3, 44, 30)
    expected = [
        _of_regions((row * batch).sum(1)[image], superpixels.superpixels(batch[image])) for image in range(2)
    ]
    found = method(PixelQuestion(model, batch, direction))
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-6, atol=1e-6)


class Power(nn.Module):
    """A power of linear scores: superpixels act together."""

    def __init__(self, exponent: int) -> None:
        super().__init__()
        self.linear, self.exponent = LinearNet(), exponent

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 4)."""
        logits: Tensor = self.linear(batch) ** self.exponent
        return logits


def test_kernel_shap_of_few_superpixels_are_the_shapley_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against their definition, over all coalitions of the others."""
    monkeypatch.setattr(superpixels, "_SUPERPIXELS", 6)
    model, batch = seeded(lambda: Power(3)), _patches(2, 2)[:1]
    labels, direction = superpixels.superpixels(batch[0]), towards(model(batch), 1)
    num = int(labels.max()) + 1
    assert 3 <= num <= 9

    def score(coalition: tuple[int, ...]) -> float:
        mask = sum((labels == label for label in coalition), torch.zeros(44, 30))
        return float((model(batch * mask) * direction).sum().detach())

    expected = []
    for label in range(num):
        others = [other for other in range(num) if other != label]
        value = 0.0
        for size in range(num):
            share = math.factorial(size) * math.factorial(num - size - 1) / math.factorial(num)
            for coalition in combinations(others, size):
                value += share * (score((*coalition, label)) - score(coalition))
        expected.append(value)
    found = kernel_shap(PixelQuestion(model, batch, direction))
    torch.testing.assert_close(found[0], torch.tensor(expected).double()[labels], rtol=1e-6, atol=1e-8)


def test_kernel_shap_of_a_square_has_a_closed_form() -> None:
    """Of (b + sum a)², superpixel i has a_i (2 b + sum a)."""
    model, batch = seeded(lambda: Power(2)), noise(2, 3, 44, 30, seed=6)
    direction = towards(model(batch).detach(), 1)
    linear = model.linear[1]
    row, bias = linear.weight.detach()[1].view(3, 44, 30), linear.bias.detach()[1]
    found = kernel_shap(PixelQuestion(model, batch, direction))
    for image in range(2):
        labels = superpixels.superpixels(batch[image])
        assert 40 < int(labels.max()) < 60
        added = _of_regions((row * batch[image]).sum(0), labels)
        expected = added * (2 * bias + (row * batch[image]).sum())
        torch.testing.assert_close(found[image], expected, rtol=1e-6, atol=1e-8)


@METHODS
def test_an_image_that_is_one_superpixel_gives_it_the_whole_score(
    method: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(superpixels, "_SUPERPIXELS", 1)
    model, batch = seeded(LinearNet), torch.full((1, 3, 44, 30), 0.5).double()
    direction = towards(model(batch), 1)
    gained = ((model(batch) - model(torch.zeros_like(batch))) * direction).sum().detach()
    found = method(PixelQuestion(model, batch, direction))
    torch.testing.assert_close(found, gained.expand(1, 44, 30), rtol=1e-5, atol=1e-6)


@METHODS
def test_samples_are_the_same_for_a_seed_and_for_an_image_in_any_batch(method: object) -> None:
    model, batch = seeded(lambda: Power(3)), noise(2, 3, 44, 30, seed=6)
    direction = towards(model(batch), 1)
    torch.manual_seed(1)
    both = method(PixelQuestion(model, batch, direction))
    torch.manual_seed(2)
    torch.testing.assert_close(method(PixelQuestion(model, batch[1:], direction[1:])), both[1:])
    assert not torch.allclose(method(PixelQuestion(model, batch, direction, seed=1)), both)


@pytest.mark.parametrize("name", ["Lime", "KernelShap"])
def test_a_linear_model_has_captums_values(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attr = pytest.importorskip("captum.attr")
    linear = pytest.importorskip("captum._utils.models.linear_model").SkLearnLinearRegression
    monkeypatch.setattr(superpixels, "_SUPERPIXELS", 12)
    model, batch = seeded(LinearNet), _patches(3, 3)[:1]
    labels = superpixels.superpixels(batch[0])
    peer = attr.KernelShap(model) if name == "KernelShap" else attr.Lime(model, interpretable_model=linear())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = peer.attribute(
            batch, target=1, feature_mask=labels[None, None].expand(1, 3, -1, -1), n_samples=200
        )
    ours = {"Lime": lime, "KernelShap": kernel_shap}[name](
        PixelQuestion(model, batch, towards(model(batch), 1))
    )
    torch.testing.assert_close(ours, theirs[:, 0].double(), rtol=1e-4, atol=1e-4)


def test_superpixels_follow_the_edges_of_an_image() -> None:
    """Four flat quarters: but for one, no superpixel reaches over an edge."""
    image = torch.zeros(3, 40, 40)
    image[0, 20:], image[1, :, 20:] = 1, 1
    labels = superpixels.superpixels(image)
    quarters = [
        labels[rows, columns] for rows in (slice(20), slice(20, 40)) for columns in (slice(20), slice(20, 40))
    ]
    sets = [set(quarter.flatten().tolist()) for quarter in quarters]
    assert len(set.union(*sets)) == int(labels.max()) + 1
    assert sum(map(len, sets)) <= int(labels.max()) + 2
