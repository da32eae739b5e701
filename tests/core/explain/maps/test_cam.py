"""Every CAM method equals its paper's formula, written as loops."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from core.explain.maps.cam import (
    CAM_METHODS,
    Evidence,
    grad_cam,
    grad_cam_pp,
    register_cam,
    xgrad_cam,
)
from tests.support.networks.cam_maps import map_of
from tests.support.networks.tiny_models import (
    GapCnn,
    noise,
    seeded,
)

Cells = list[list[list[float]]]  # [channel][row][column]


@pytest.mark.parametrize("class_idx", range(3))
def test_the_mean_of_cam_and_the_bias_are_the_logit(model: GapCnn, batch: Tensor, class_idx: int) -> None:
    maps = map_of(model, batch, "cam", class_idx=class_idx)
    torch.testing.assert_close(maps.mean((1, 2)) + model.head.bias[class_idx], model(batch)[:, class_idx])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_grad_cam_is_cam_over_area_for_a_gap_head(model: GapCnn, batch: Tensor, dtype: torch.dtype) -> None:
    """The gradient of a pooled channel is w / (h w) everywhere (Selvaraju 2017, section 3.1)."""
    model, batch = model.to(dtype), batch.to(dtype)
    expected = map_of(model, batch, "cam")
    torch.testing.assert_close(map_of(model, batch, "grad_cam") * 3 * 4, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["hires_cam", "xgrad_cam"])
def test_where_the_gradient_is_the_same_everywhere_so_is_the_method(
    model: GapCnn, batch: Tensor, name: str
) -> None:
    torch.testing.assert_close(map_of(model, batch, name), map_of(model, batch, "grad_cam"))


def test_hires_cam_adds_up_to_the_logit_of_a_head_without_bias_or_pool(batch: Tensor) -> None:
    """Draelos 2020, section 3.4: for one linear layer after the convolutions, the map's sum and bias."""
    model = seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 4 * 6, 3)))
    maps = map_of(model, batch, "hires_cam", "0")
    torch.testing.assert_close(maps.sum((1, 2)) + model[2].bias[1], model(batch)[:, 1])


def _slow_gradients(model: GapCnn, activations: Tensor, class_idx: int) -> Tensor:
    """By central differences at every position of the output of ``backbone.1``."""
    count, step = activations[0].numel(), 1e-6
    moves = step * torch.eye(count, dtype=torch.float64).view(count, *activations.shape[1:])
    gradients = []
    for image in activations:
        above, below = (
            model.head(model.backbone[2:](moved).mean((2, 3)))[:, class_idx]
            for moved in (image + moves, image - moves)
        )
        gradients.append(((above - below) / (2 * step)).view_as(image))
    return torch.stack(gradients)


def _places(cells: Cells) -> list[tuple[int, int]]:
    return list(product(range(len(cells[0])), range(len(cells[0][0]))))


def _slow_grad_cam(a: Cells, g: Cells, k: int, _i: int, _j: int) -> float:
    return sum(g[k][i][j] for i, j in _places(a)) / len(_places(a))


def _slow_grad_cam_pp(a: Cells, g: Cells, k: int, _i: int, _j: int) -> float:
    """Eq. 19 for Y = exp(score), whose derivatives are Y g, Y g², Y g³; over Y at the end."""
    y, weight = 3.7, 0.0
    total = sum(a[k][i][j] for i, j in _places(a))
    for i, j in _places(a):
        first, second, third = (y * g[k][i][j] ** power for power in (1, 2, 3))
        alpha = 0.0 if g[k][i][j] == 0 else second / (2 * second + total * third)
        weight += alpha * max(first, 0.0)
    return weight / y


def _slow_xgrad_cam(a: Cells, g: Cells, k: int, _i: int, _j: int) -> float:
    total = sum(a[k][i][j] for i, j in _places(a))
    return sum(a[k][i][j] / total * g[k][i][j] for i, j in _places(a)) if total else 0.0


SLOW: dict[str, Callable[[Cells, Cells, int, int, int], float]] = {
    "grad_cam": _slow_grad_cam,
    "grad_cam_pp": _slow_grad_cam_pp,
    "hires_cam": lambda _a, g, k, i, j: g[k][i][j],
    "xgrad_cam": _slow_xgrad_cam,
    "layer_cam": lambda _a, g, k, i, j: max(g[k][i][j], 0.0),
}


@pytest.fixture(scope="module")
def mid_layer() -> tuple[Tensor, Tensor]:
    """Activations and slow gradients (2, 5, 6, 8) of ``backbone.1`` of `model` for `batch` and class 1."""
    model, batch = seeded(GapCnn), noise(2, 3, 6, 8, seed=1)
    with torch.no_grad():
        activations = model.backbone[:2](batch)
        return activations, _slow_gradients(model, activations, 1)


@pytest.mark.parametrize("name", SLOW)
def test_a_method_is_its_papers_formula_written_as_loops(
    model: GapCnn, batch: Tensor, mid_layer: tuple[Tensor, Tensor], name: str
) -> None:
    expected = torch.zeros(2, 6, 8, dtype=torch.float64)
    for image in range(2):
        a, g = (tensor[image].tolist() for tensor in mid_layer)
        for i, j in _places(a):
            expected[image, i, j] = sum(SLOW[name](a, g, k, i, j) * a[k][i][j] for k in range(len(a)))
    torch.testing.assert_close(map_of(model, batch, name, "backbone.1"), expected, rtol=1e-6, atol=1e-8)


def test_cam_is_the_heads_row_times_the_activations_written_as_loops(model: GapCnn, batch: Tensor) -> None:
    with torch.no_grad():
        activations, row = model.backbone(batch).tolist(), model.head.weight[1].tolist()
    expected = [
        [[sum(row[k] * a[k][i][j] for k in range(4)) for j in range(4)] for i in range(3)]
        for a in activations
    ]
    torch.testing.assert_close(map_of(model, batch, "cam"), torch.tensor(expected, dtype=torch.float64))


def test_grad_cam_pp_survives_gradients_whose_cube_underflows() -> None:
    """For g to 0 eq. 19 goes to 1/2, so the weight is half the sum of the positive gradients."""
    gradients = torch.tensor([[[[1e-25, -1e-25], [3e-25, 0]]]])
    weights = grad_cam_pp(Evidence(torch.ones(1, 1, 2, 2), gradients))
    torch.testing.assert_close(weights / 1e-25, torch.full((1, 1, 1, 1), 2.0))


def test_a_channel_without_activation_or_gradient_gives_zero_not_nan() -> None:
    zeros = torch.zeros(1, 2, 3, 3)
    for method in (xgrad_cam, grad_cam_pp):
        assert torch.equal(method(Evidence(zeros, zeros)), torch.zeros(1, 2, 1, 1))
        assert method(Evidence(zeros, torch.ones(1, 2, 3, 3))).isfinite().all()


def test_a_second_method_of_the_same_name_is_refused() -> None:
    before = dict(CAM_METHODS)
    with pytest.raises(ValueError, match="a CAM method named 'grad_cam' is registered already"):
        register_cam(grad_cam)
    assert before == CAM_METHODS
