"""One trace answers many questions: several classes, layers and methods."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from core.explain.maps.cam import (
    CAM_METHODS,
    Evidence,
    cam,
    class_activation_map,
    class_activation_maps,
    grad_cam,
    hires_cam,
    xgrad_cam,
)
from core.explain.network.tracing import towards, trace
from tests.support.networks.cam_maps import map_of, methods
from tests.support.networks.tiny_models import (
    GapCnn,
    noise,
    seeded,
)

LINEAR = (cam, grad_cam, hires_cam, xgrad_cam)


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
        alone = map_of(model, batch[image : image + 1], name, class_idx=class_idx)
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
        torch.testing.assert_close(maps[layer], map_of(model, batch, name, layer))


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
        map_of(model.to(dtype), batch.to(dtype), name) for dtype in (torch.float32, torch.bfloat16)
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
