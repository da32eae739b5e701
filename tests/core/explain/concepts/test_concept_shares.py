"""Concepts, residual and bias sum to the logit; a deleted concept takes exactly its share."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from scipy.optimize import nnls
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.concepts.deleting import logits_without
from core.explain.concepts.factors import as_cells, as_maps, directions, part, presence
from core.explain.concepts.shares import concept_shares
from core.explain.network.tracing import towards, trace


def _network(*, pooled: bool, signed: bool = False) -> nn.Module:
    """A convolution, a layer ``last``, and a head that reads its mean, or its flattened cells."""
    torch.manual_seed(0)
    layers: dict[str, nn.Module] = {
        "first": nn.Conv2d(3, 6, 3, padding=1),
        "last": nn.Identity() if signed else nn.ReLU(),
        "pool": nn.AdaptiveAvgPool2d(1) if pooled else nn.Identity(),
        "flat": nn.Flatten(),
        "logits": nn.Linear(6 if pooled else 6 * 16, 4),
    }
    return nn.Sequential(OrderedDict(layers)).eval()


BATCH = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("pooled", [True, False])
def test_shares_residual_and_bias_sum_to_the_score(*, pooled: bool, signed: bool) -> None:
    traced = trace(_network(pooled=pooled, signed=signed), BATCH, ["last"])
    found = directions(as_cells(traced.activations["last"]), 3)
    for against in (None, 0):
        parts = concept_shares(traced, towards(traced.logits, 2, against), "last", found)
        whole = parts.shares.sum(1) + parts.residual + parts.bias
        logits = traced.logits.detach().double()
        wanted = logits[:, 2] - (0 if against is None else logits[:, against])
        torch.testing.assert_close(whole, wanted, atol=1e-5, rtol=0)
        assert parts.is_exact == pooled
        assert (parts.presence >= 0).all()


def test_the_bias_is_the_heads_where_it_reads_the_mean() -> None:
    model = _network(pooled=True)
    traced = trace(model, BATCH, ["last"])
    found = directions(as_cells(traced.activations["last"]), 2)
    parts = concept_shares(traced, towards(traced.logits, 1), "last", found)
    bias = model.get_submodule("logits").bias
    assert isinstance(bias, Tensor)
    torch.testing.assert_close(parts.bias, bias[1].double().expand(5).detach())


def test_a_cells_part_is_worth_weight_times_activation_times_its_proportion() -> None:
    model = _network(pooled=True)
    traced = trace(model, BATCH, ["last"])
    activations = traced.activations["last"].detach()
    found = directions(as_cells(activations), 3)
    parts = concept_shares(traced, towards(traced.logits, 2), "last", found)
    weights = model.get_submodule("logits").weight[2].detach()  # type: ignore[index]
    image, row, column = 3, 1, 2
    cell = activations[image, :, row, column]
    amounts = parts.presence[image, :, row, column].float()
    for concept in range(3):
        described = (amounts[:, None] * found).sum(0)
        proportion = torch.where(described > 0, amounts[concept] * found[concept] / described, 0.0)
        wanted = (weights * cell * proportion).sum() / 16
        assert parts.cells[image, concept, row, column].item() == pytest.approx(wanted.item(), abs=1e-6)


def test_presence_is_the_closest_non_negative_sum() -> None:
    generator = torch.Generator().manual_seed(2)
    cells, found = (torch.rand(size, generator=generator) for size in ((20, 7), (3, 7)))
    wanted = np.stack([nnls(found.T.double().numpy(), cell.double().numpy())[0] for cell in cells])
    np.testing.assert_allclose(presence(cells, found).numpy(), wanted, atol=5e-3)


def test_parts_of_all_concepts_are_the_activations_where_a_concept_has_the_channel() -> None:
    cells = torch.rand(12, 5, generator=torch.Generator().manual_seed(3))
    found = torch.tensor([[1.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0, 0.0]])
    parts = part(cells, found, 0) + part(cells, found, 1)
    torch.testing.assert_close(parts[:, :4], cells[:, :4])
    assert not parts[:, 4].any()


def test_deleted_from_the_activations_a_concept_takes_exactly_its_share() -> None:
    model = _network(pooled=True)
    traced = trace(model, BATCH, ["last"])
    found = directions(as_cells(traced.activations["last"]), 2)
    for class_idx in (0, 3):
        parts = concept_shares(traced, towards(traced.logits, class_idx), "last", found)
        for concept in range(2):
            lost = traced.logits.detach() - logits_without(model, BATCH, "last", found, concept)
            torch.testing.assert_close(
                lost[:, class_idx].double(), parts.shares[:, concept], atol=1e-5, rtol=1e-3
            )


def test_concepts_of_another_layer_are_refused() -> None:
    traced = trace(_network(pooled=True), BATCH, ["last"])
    with pytest.raises(ValueError, match="concepts of 9 channels do not fit layer 'last', which has 6"):
        concept_shares(traced, towards(traced.logits, 0), "last", torch.rand(2, 9))


def test_a_layer_without_influence_is_refused() -> None:
    class Ignoring(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.logits = nn.Conv2d(3, 6, 1), nn.Conv2d(3, 4, 4)

        def forward(self, batch: Tensor) -> Tensor:
            self.first(batch)
            return self.logits(batch).flatten(1)

    traced = trace(Ignoring().eval(), BATCH, ["first"])
    with pytest.raises(LayerError, match="no influence"):
        concept_shares(traced, towards(traced.logits, 0), "first", torch.rand(2, 6))


def test_maps_as_cells_and_back_are_the_same() -> None:
    torch.testing.assert_close(as_maps(as_cells(BATCH), BATCH), BATCH)


@pytest.mark.parametrize("rank", [0, 7])
def test_a_rank_beyond_the_channels_is_refused(rank: int) -> None:
    with pytest.raises(ValueError, match=rf"rank {rank} must be from 1 to 6"):
        directions(torch.rand(20, 6), rank)
