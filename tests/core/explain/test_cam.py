"""CAM methods against their papers' formulas, their identities, and the promise to leave a model alone."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import LayerError
from core.explain.maps.cam import (
    CAM_METHODS,
    Evidence,
    cam,
    class_activation_map,
    class_activation_maps,
    grad_cam,
    grad_cam_pp,
    hires_cam,
    register_cam,
    xgrad_cam,
)
from core.explain.maps.scaling import heatmap
from core.explain.network.tracing import towards, trace
from tests.support.tiny_models import (
    FlattenCnn,
    GapCnn,
    InPlaceCnn,
    assert_unchanged,
    noise,
    seeded,
    snapshot,
)

Cells = list[list[list[float]]]  # [channel][row][column]
LINEAR = (cam, grad_cam, hires_cam, xgrad_cam)
methods = pytest.mark.parametrize("name", CAM_METHODS)


def _map(
    model: nn.Module, batch: Tensor, name: str, target_layer: str = "backbone", class_idx: int = 1
) -> Tensor:
    return class_activation_map(
        model, batch, target_layer=target_layer, class_idx=class_idx, method=CAM_METHODS[name]
    )


# Identities of a pooled linear head.


@pytest.mark.parametrize("class_idx", range(3))
def test_the_mean_of_cam_and_the_bias_are_the_logit(model: GapCnn, batch: Tensor, class_idx: int) -> None:
    maps = _map(model, batch, "cam", class_idx=class_idx)
    torch.testing.assert_close(maps.mean((1, 2)) + model.head.bias[class_idx], model(batch)[:, class_idx])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_grad_cam_is_cam_over_area_for_a_gap_head(model: GapCnn, batch: Tensor, dtype: torch.dtype) -> None:
    """The gradient of a pooled channel is w / (h w) everywhere (Selvaraju 2017, section 3.1)."""
    model, batch = model.to(dtype), batch.to(dtype)
    expected = _map(model, batch, "cam")
    torch.testing.assert_close(_map(model, batch, "grad_cam") * 3 * 4, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["hires_cam", "xgrad_cam"])
def test_where_the_gradient_is_the_same_everywhere_so_is_the_method(
    model: GapCnn, batch: Tensor, name: str
) -> None:
    torch.testing.assert_close(_map(model, batch, name), _map(model, batch, "grad_cam"))


def test_hires_cam_adds_up_to_the_logit_of_a_head_without_bias_or_pool(batch: Tensor) -> None:
    """Draelos 2020, section 3.4: for one linear layer after the convolutions, the map's sum and bias."""
    model = seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 4 * 6, 3)))
    maps = _map(model, batch, "hires_cam", "0")
    torch.testing.assert_close(maps.sum((1, 2)) + model[2].bias[1], model(batch)[:, 1])


# Every method again, the slow obvious way.


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
    torch.testing.assert_close(_map(model, batch, name, "backbone.1"), expected, rtol=1e-6, atol=1e-8)


def test_cam_is_the_heads_row_times_the_activations_written_as_loops(model: GapCnn, batch: Tensor) -> None:
    with torch.no_grad():
        activations, row = model.backbone(batch).tolist(), model.head.weight[1].tolist()
    expected = [
        [[sum(row[k] * a[k][i][j] for k in range(4)) for j in range(4)] for i in range(3)]
        for a in activations
    ]
    torch.testing.assert_close(_map(model, batch, "cam"), torch.tensor(expected, dtype=torch.float64))


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


# One trace, many questions.


@pytest.mark.parametrize("method", LINEAR)
def test_a_class_against_another_is_the_difference_of_their_maps(
    model: GapCnn, batch: Tensor, method: Callable[[Evidence], Tensor]
) -> None:
    """For methods linear in the gradient."""
    traced = trace(model, batch, ["backbone"])
    one, other, both = (
        class_activation_maps(traced, towards(traced.logits, *classes), method=method)["backbone"]
        for classes in ((2,), (0,), (2, 0))
    )
    torch.testing.assert_close(both, one - other)
    in_one_call = class_activation_map(
        model, batch, target_layer="backbone", class_idx=2, against=0, method=method
    )
    torch.testing.assert_close(in_one_call, both)


@methods
def test_classes_per_image_in_a_batch_are_the_images_one_by_one(
    model: GapCnn, batch: Tensor, name: str
) -> None:
    traced = trace(model, batch, ["backbone"])
    maps = class_activation_maps(traced, towards(traced.logits, [2, 0]), method=CAM_METHODS[name])["backbone"]
    for image, class_idx in enumerate([2, 0]):
        alone = _map(model, batch[image : image + 1], name, class_idx=class_idx)
        torch.testing.assert_close(maps[image], alone[0])


@methods
def test_several_layers_of_one_trace_are_the_layers_one_by_one(
    model: GapCnn, batch: Tensor, name: str
) -> None:
    layers = (
        ["backbone", "backbone.3"]
        if name == "cam"
        else ["backbone.0", "backbone.1", "backbone.2", "backbone"]
    )
    traced = trace(model, batch, layers)
    maps = class_activation_maps(traced, towards(traced.logits, 1), method=CAM_METHODS[name])
    assert set(maps) == set(layers)
    for layer in layers:
        torch.testing.assert_close(maps[layer], _map(model, batch, name, layer))


@methods
def test_a_trace_can_be_asked_again(model: GapCnn, batch: Tensor, name: str) -> None:
    traced = trace(model, batch, ["backbone"])
    first, _, again = (
        class_activation_maps(traced, towards(traced.logits, idx), method=CAM_METHODS[name])["backbone"]
        for idx in (1, 2, 1)
    )
    assert torch.equal(first, again)


@methods
def test_bfloat16_is_close_to_float32(name: str) -> None:
    model, batch = seeded(GapCnn, seed=3), noise(1, 3, 64, 64, seed=4)
    exact, rounded = (
        _map(model.to(dtype), batch.to(dtype), name) for dtype in (torch.float32, torch.bfloat16)
    )
    assert rounded.dtype == torch.float32
    assert torch.corrcoef(torch.stack([exact.flatten(), rounded.flatten()]))[0, 1] > 0.99


def test_of_a_layer_that_runs_twice_the_last_run_counts(batch: Tensor) -> None:
    class Twice(GapCnn):
        def forward(self, batch: Tensor) -> Tensor:
            once = self.backbone[0](batch)
            return self.head(self.backbone[2](self.backbone[1](self.backbone[1](once) - 0.3)).mean((2, 3)))

    model = seeded(Twice)
    with torch.no_grad():
        expected = (model.backbone[0](batch).relu() - 0.3).relu()
    activations = trace(model, batch, ["backbone.1"]).activations["backbone.1"]
    assert torch.equal(activations.detach(), expected)


# What is drawn of a map.


def test_a_heatmap_is_the_same_for_any_positive_scale() -> None:
    maps = noise(3, 3, 4)
    torch.testing.assert_close(heatmap(maps * 1e-9, (9, 16)), heatmap(maps, (9, 16)))


@pytest.mark.parametrize("value", [-2.0, 0.0])
def test_a_map_without_positive_evidence_gives_zeros(value: float) -> None:
    assert torch.equal(heatmap(torch.full((2, 3, 4), value), (6, 8)), torch.zeros(2, 6, 8))


def test_each_heatmap_has_its_own_peak_and_drops_what_is_negative_before_it_grows() -> None:
    maps = torch.tensor([[[-4.0, 4.0]], [[1.0, 2.0]]])
    expected = torch.tensor([[[0, 0.25, 0.75, 1]], [[0.5, 0.625, 0.875, 1]]])
    torch.testing.assert_close(heatmap(maps, (1, 4)), expected)


# The model is left alone.


class BrokenCnn(InPlaceCnn):
    """Fails in the middle of its forward pass, after the layers that are recorded."""

    def forward(self, batch: Tensor) -> Tensor:
        """No logits."""
        self.features(batch)
        raise RuntimeError("broken in the middle")


def _in_use(build: type[InPlaceCnn]) -> InPlaceCnn:
    """As in fine-tuning: training, one layer frozen and in evaluation mode, one gradient there."""
    model = seeded(build).train()
    model.features[1].eval().requires_grad_(requires_grad=False)
    model.head.weight.grad = torch.ones_like(model.head.weight)
    return model


@methods
def test_a_model_in_use_is_left_as_it_was(name: str, batch: Tensor) -> None:
    model, untouched = _in_use(InPlaceCnn), batch.clone()
    before = snapshot(model)
    if name != "cam":
        _map(model, batch, name, "features")
    else:
        with pytest.raises(LayerError, match="pooled linear head"):
            _map(model, batch, name, "features")
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)
    assert not batch.requires_grad


@methods
def test_a_model_that_fails_half_way_is_left_as_it_was(name: str, batch: Tensor) -> None:
    model, untouched = _in_use(BrokenCnn), batch.clone()
    before = snapshot(model)
    with pytest.raises(RuntimeError, match="broken in the middle"):
        _map(model, batch, name, "features")
    assert_unchanged(model, before)
    assert torch.equal(batch, untouched)


@pytest.mark.parametrize("name", [name for name in CAM_METHODS if name != "cam"])
def test_a_model_in_training_is_explained_as_in_evaluation(name: str, batch: Tensor) -> None:
    """Dropout does not act and batch norm uses its statistics, which do not move."""
    expected = _map(seeded(InPlaceCnn), batch, name, "features")
    training = seeded(InPlaceCnn).train()
    statistics = training.features[1].running_mean.clone()
    assert torch.equal(_map(training, batch, name, "features"), expected)
    assert training.training
    assert torch.equal(training.features[1].running_mean, statistics)
    assert training.features[1].num_batches_tracked == 0


@methods
def test_a_frozen_network_and_switched_off_gradients_give_the_same(
    model: GapCnn, batch: Tensor, name: str
) -> None:
    expected = _map(model, batch, name)
    model.backbone.requires_grad_(requires_grad=False)
    assert torch.equal(_map(model, batch, name), expected)
    with torch.no_grad():
        assert torch.equal(_map(model.requires_grad_(requires_grad=False), batch, name), expected)


def test_the_callers_batch_survives_a_network_that_begins_in_place(model: GapCnn, batch: Tensor) -> None:
    shifted = nn.Sequential(nn.Hardtanh(-0.5, 0.5, inplace=True), model)
    untouched = batch.clone()
    maps = _map(shifted, batch, "grad_cam", "1.backbone")
    assert torch.equal(batch, untouched)
    torch.testing.assert_close(maps, _map(model, batch.clamp(-0.5, 0.5), "grad_cam"))


@pytest.mark.parametrize("layer", ["features", "features.norm", "features.1"])
def test_an_operation_in_place_after_the_layer_does_not_change_what_is_recorded(
    batch: Tensor, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DenseNet's ``norm5``: without a clone the minimum is 0 (maps correlate 0.88 with the truth)."""
    model = seeded(InPlaceCnn)
    with torch.no_grad():
        expected = model.features[:2](batch) if layer == "features.1" else model.features(batch)
    activations = trace(model, batch, [layer]).activations[layer].detach()
    assert activations.min() < -0.1
    torch.testing.assert_close(activations, expected)
    maps = _map(model, batch, "grad_cam", layer)
    relu = F.relu
    monkeypatch.setattr(F, "relu", lambda tensor, inplace=False: relu(tensor))  # noqa: ARG005 (its signature)
    torch.testing.assert_close(maps, _map(model, batch, "grad_cam", layer))


# What cannot be explained is said.


class OddCnn(GapCnn):
    """Has a layer that is not run, one whose output is not used, and one that gives a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.idle, self.unused = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)
        self.pool = nn.AdaptiveMaxPool2d(1, return_indices=True)

    def forward(self, batch: Tensor) -> Tensor:
        """The logits of `GapCnn`."""
        self.unused(batch)
        self.pool(batch)
        return super().forward(batch)


@pytest.mark.parametrize(
    ("target_layer", "message"),
    [
        ("conv9", r"no layer named 'conv9'; this model has 'backbone', 'backbone\.0'"),
        ("head", r"layer 'head' gives \(2, 3\); a map needs an output of shape \(N, K, h, w\)"),
        ("pool", r"layer 'pool' gives tuple; a map needs"),
        ("idle", r"layer 'idle' took no part in this forward pass"),
        ("unused", r"layer 'unused' has no influence on the logits"),
    ],
)
def test_a_layer_without_a_map_is_named(batch: Tensor, target_layer: str, message: str) -> None:
    model = seeded(OddCnn)
    before = snapshot(model)
    with pytest.raises(LayerError, match=message):
        _map(model, batch, "grad_cam", target_layer)
    assert_unchanged(model, before)


def test_a_layer_without_influence_is_named_beside_one_with(batch: Tensor) -> None:
    traced = trace(seeded(OddCnn), batch, ["backbone", "unused"])
    with pytest.raises(LayerError, match="layer 'unused' has no influence on the logits"):
        class_activation_maps(traced, towards(traced.logits, 0))


@pytest.mark.parametrize(
    ("build", "target_layer"), [(GapCnn, "backbone.0"), (InPlaceCnn, "features"), (FlattenCnn, "features")]
)
def test_cam_wants_the_layer_that_a_pooled_linear_head_reads(
    build: type[nn.Module], target_layer: str, batch: Tensor
) -> None:
    with pytest.raises(
        LayerError, match="cam needs the layer that a pooled linear head reads; grad_cam works"
    ):
        _map(seeded(build), batch, "cam", target_layer)


def test_a_network_that_gives_no_logits_is_refused(model: GapCnn, batch: Tensor) -> None:
    with pytest.raises(
        LayerError, match=r"gives \(2, 4, 3, 4\); a classifier gives logits of shape \(N, C\)"
    ):
        trace(model.backbone, batch, ["3"])
    model.forward = lambda batch: {"out": batch}
    with pytest.raises(LayerError, match="gives dict; a classifier gives logits"):
        trace(model, batch, [])


def test_a_second_method_of_the_same_name_is_refused() -> None:
    before = dict(CAM_METHODS)
    with pytest.raises(ValueError, match="a CAM method named 'grad_cam' is registered already"):
        register_cam(grad_cam)
    assert before == CAM_METHODS
