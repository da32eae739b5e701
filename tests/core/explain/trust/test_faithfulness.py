"""The faithfulness of maps whose truth is known: the network looks at one quarter of the photo only."""

import pytest
import torch
from torch import Tensor, nn

from core.explain.network import many_photos
from core.explain.network.tracing import towards
from core.explain.trust.absent import absent_values
from core.explain.trust.curves import Subject
from core.explain.trust.faithfulness import Faithfulness, faithfulness
from core.explain.trust.verdict import BELIEVABLE, NOISE, verdict


class Corner(nn.Module):
    """Two classes; the first one's logit is three times the mean brightness of the upper left quarter."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3, dtype=torch.float64)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 2)."""
        corner = self.norm(batch)[:, :, :14, :14].mean((1, 2, 3))
        return torch.stack([3 * corner, torch.zeros_like(corner)], 1)


@pytest.fixture
def photo() -> Tensor:
    """Bright, with noise: its blur would keep most of the brightness, the mean colour keeps none."""
    generator = torch.Generator().manual_seed(0)
    return 1 + torch.rand(1, 3, 28, 28, generator=generator, dtype=torch.float64)


def _tested(model: nn.Module, photo: Tensor, maps: list[Tensor], **kwargs: int) -> list[Faithfulness]:
    return faithfulness(model, _subject(photo), maps, **kwargs)


def _subject(photo: Tensor) -> Subject:
    hidden = {"mean colour": absent_values(photo)["mean colour"]}
    return Subject(photo, towards(torch.zeros(1, 2), 0), hidden)


def _corner_map(cells: int) -> Tensor:
    shown = torch.zeros(cells, cells, dtype=torch.float64)
    shown[: cells // 2, : cells // 2] = 1
    return shown


def test_the_true_map_beats_every_reference_and_its_reverse_has_the_opposite_score(photo: Tensor) -> None:
    true, reversed_ = _tested(Corner(), photo, [_corner_map(14), -_corner_map(14)])
    assert true.score > 3 * true.noise_spread
    assert true.score > max(true.centre.probability.score, true.edges.probability.score)
    assert verdict(true).grade == BELIEVABLE
    assert verdict(reversed_).grade == NOISE
    # All else is equal but the order of equal cells.
    assert reversed_.score == pytest.approx(-true.score, abs=0.02)


def test_maps_with_the_same_cells_share_their_references(photo: Tensor) -> None:
    model = Corner()
    seen: list[int] = []
    with model.register_forward_hook(lambda _module, inputs, _output: seen.append(len(inputs[0]))):
        first, second, finer = _tested(model, photo, [_corner_map(4), torch.eye(4), _corner_map(8)])
    orders_of_4, orders_of_8, shares = 2 + 6 + 2, 1 + 6 + 2, 4
    looking_for_batch_norms = 2
    assert sum(seen) == 2 * shares * (orders_of_4 + orders_of_8) + 2 * 2 + looking_for_batch_norms
    assert first.noise == second.noise
    assert (first.patches.rows, finer.patches.rows) == (12, 8)


def test_the_references_of_an_earlier_test_need_no_passes_and_change_nothing(photo: Tensor) -> None:
    model, maps = Corner(), [_corner_map(4), torch.eye(4)]
    first, alone = (_tested(model, photo, [each], seed=1)[0] for each in maps)
    seen: list[int] = []
    with model.register_forward_hook(lambda _module, inputs, _output: seen.append(len(inputs[0]))):
        (beside,) = faithfulness(model, _subject(photo), [maps[1]], seed=1, beside=[first])
    orders, shares, looking_for_batch_norms = 1, 4, 2
    assert sum(seen) == 2 * shares * orders + 2 + looking_for_batch_norms
    assert (beside.score, beside.noise_spread) == (alone.score, alone.noise_spread)
    assert beside.edges.probability.score == alone.edges.probability.score
    (finer,) = faithfulness(model, _subject(photo), [_corner_map(8)], seed=1, beside=[first])
    assert finer.patches.rows == 8
    assert len(finer.noise) == 6


def test_the_batch_size_does_not_matter_and_the_seed_decides(
    photo: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (four,) = _tested(Corner(), photo, [_corner_map(4)], seed=1)
    monkeypatch.setattr(many_photos, "_AT_ONCE", {"cpu": 7})
    (seven,) = _tested(Corner(), photo, [_corner_map(4)], seed=1)
    (other,) = _tested(Corner(), photo, [_corner_map(4)], seed=2)
    assert seven.score == pytest.approx(four.score, rel=1e-12)
    assert seven.noise_spread == pytest.approx(four.noise_spread, rel=1e-12)
    assert other.noise_spread != pytest.approx(four.noise_spread, rel=1e-3)


def test_the_network_is_afterwards_as_it_was(photo: Tensor) -> None:
    model = Corner().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    _tested(model, photo, [_corner_map(4)])
    assert model.training
    assert model.norm.training
    assert not model.norm._forward_hooks
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_memory_that_runs_out_halves_the_batch(photo: Tensor) -> None:
    class Small(Corner):
        def forward(self, batch: Tensor) -> Tensor:
            if len(batch) > 1:
                raise torch.OutOfMemoryError
            return super().forward(batch)

    (whole,) = _tested(Corner(), photo, [_corner_map(4)])
    (halved,) = _tested(Small(), photo, [_corner_map(4)])
    assert halved.score == pytest.approx(whole.score, rel=1e-12)


def test_progress_rises_to_the_end(photo: Tensor) -> None:
    shares: list[float] = []
    faithfulness(Corner(), _subject(photo), [_corner_map(4), _corner_map(8)], on_share=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
