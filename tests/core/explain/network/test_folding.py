"""Batch norm folded into convolutions, against the network as it is."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from core.explain.network.cut import Cut, cut_at
from core.explain.network.folding import folded, for_forward_passes
from tests.support.networks.tiny_models import GapCnn, InPlaceCnn, assert_unchanged, noise, seeded, snapshot

LIKE = torch.zeros(1, 3, 6, 8, dtype=torch.float64)


def _norms(network: nn.Module) -> list[str]:
    return [name for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)]


def _gradient(cut: Cut, batch: Tensor) -> Tensor:
    leaf = batch.clone().requires_grad_()
    return torch.autograd.grad((cut(leaf) ** 2).sum(), leaf)[0]


class OneNorm(nn.Module):
    """A convolution, a batch norm, and what ``join`` makes of the outputs of both."""

    def __init__(self, join: Callable[[Tensor, Tensor], Tensor] = lambda _before, after: after) -> None:
        super().__init__()
        self.conv, self.norm, self.last = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Identity()
        self.join = join

    def forward(self, batch: Tensor) -> Tensor:
        """Maps (N, 4, h, w)."""
        before = self.conv(batch)
        maps: Tensor = self.last(self.join(before, self.norm(before)))
        return maps


def test_a_folded_filter_is_the_filter_times_the_norms_factor() -> None:
    model = seeded(OneNorm)
    nn.init.uniform_(model.norm.weight, -2, 2)
    nn.init.normal_(model.norm.bias)
    norm = model.norm
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    found = folded(cut_at(model, "norm", LIKE), LIKE).model.conv
    torch.testing.assert_close(found.weight, model.conv.weight * factor[:, None, None, None])
    torch.testing.assert_close(found.bias, (model.conv.bias - norm.running_mean) * factor + norm.bias)


@pytest.mark.parametrize("layer", ["features", "features.norm", "features.2", "", "head"])
def test_outputs_and_gradients_are_those_of_the_network_itself(layer: str) -> None:
    model = seeded(InPlaceCnn)
    cut = cut_at(model, layer, LIKE)
    found, batch = folded(cut, LIKE), noise(2, 3, 6, 8, seed=5)
    assert (_norms(cut.model), _norms(found.model)) == (
        ["features.1", "features.norm"],
        ["features.norm"] if layer == "features.2" else [],
    )
    torch.testing.assert_close(found(batch), cut(batch))
    torch.testing.assert_close(_gradient(found, batch), _gradient(cut, batch))


@pytest.mark.parametrize(
    ("layer", "left"),
    [("blocks.2", "blocks.3.0.bn1"), ("bn2", None), ("bn2.act", "bn2"), ("conv_stem", "bn1")],
)
def test_all_norms_of_a_timm_network_up_to_the_layer_are_folded(
    imagenet: Checkpoint, layer: str, left: str | None
) -> None:
    """Its norms hold dropout and activation, which stay, also as layers of their own."""
    like = torch.zeros(1, 3, 64, 96)
    cut = cut_at(imagenet.model, layer, like)
    found, batch = folded(cut, like), torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    assert next(iter(_norms(found.model)), None) == left
    expected = cut(batch)
    torch.testing.assert_close(found(batch), expected, rtol=0, atol=2e-4 * float(expected.abs().max()))


def test_the_network_stays_as_it_was_and_shares_what_is_not_folded() -> None:
    model = seeded(InPlaceCnn).train()
    before = snapshot(model)
    found = folded(cut_at(model, "", LIKE), LIKE).model
    assert_unchanged(model, before)
    assert found.head.weight is model.head.weight
    assert not found.training


@pytest.mark.parametrize(
    "join",
    [lambda before, after: before + after, lambda before, after: torch.where(before > 1, before, after)],
)
def test_a_convolution_whose_output_something_else_reads_too_is_left_alone(
    join: Callable[[Tensor, Tensor], Tensor],
) -> None:
    cut = cut_at(seeded(lambda: OneNorm(join)), "last", LIKE)
    assert folded(cut, LIKE) is cut


class Twice(OneNorm):
    """The convolution runs twice, and only what it gives last is normalised."""

    def forward(self, batch: Tensor) -> Tensor:
        """Maps (N, 4, h, w)."""
        again = torch.cat([self.conv(batch)[:, :3], self.conv(batch)[:, 1:]], 0)
        maps: Tensor = self.last(again[:1, :3].sum() + self.norm(self.conv(batch)))
        return maps


def test_what_runs_more_than_once_or_knows_no_statistics_is_left_alone() -> None:
    for build in (Twice, GapCnn, lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, momentum=None))):
        model = seeded(build)
        if isinstance(model, nn.Sequential):
            model[1].running_mean = model[1].running_var = None
        cut = cut_at(model, "", LIKE)
        assert folded(cut, LIKE) is cut


def test_a_whole_network_is_folded_for_forward_passes_and_its_logits_stay() -> None:
    model, batch = seeded(InPlaceCnn), noise(2, 3, 6, 8, seed=3)
    quick = for_forward_passes(model, batch[:1])
    assert _norms(model) == ["features.1", "features.norm"]
    assert _norms(quick) == []
    torch.testing.assert_close(quick(batch), model.eval()(batch))
    assert for_forward_passes(quick, batch[:1]) is quick
