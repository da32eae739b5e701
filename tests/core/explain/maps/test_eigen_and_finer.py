"""Eigen-CAM is a principal component of the activations; Finer-CAM is Grad-CAM of a difference of logits."""

import numpy as np
import pytest
import torch
from torch import Tensor

from core.explain.maps.cam import (
    Evidence,
    against_similar,
    class_activation_maps,
    eigen_cam,
    finer_cam,
    grad_cam,
)
from core.explain.network.tracing import towards, trace
from tests.support.networks.tiny_models import GapCnn, noise


def _eigen_map(activations: Tensor) -> Tensor:
    return (eigen_cam(Evidence(activations, torch.zeros_like(activations))) * activations).sum(1)


@pytest.mark.parametrize("sign", [1, -1])
def test_eigen_cam_of_one_pattern_in_all_channels_is_that_pattern(sign: int) -> None:
    """Of rank one: A = c pᵀ, whose first component is c / |c|. The map's sum is positive for either sign."""
    pattern, channels = noise(1, 1, 3, 4).abs() * sign, torch.tensor([3.0, 0, 4]).double().view(1, 3, 1, 1)
    torch.testing.assert_close(_eigen_map(channels * pattern), 5 * pattern[:, 0].abs())


def test_eigen_cam_keeps_more_of_the_activations_than_any_other_weights_of_length_one() -> None:
    activations = noise(2, 5, 3, 4)
    others = torch.nn.functional.normalize(noise(200, 5, seed=1), dim=1)
    kept = _eigen_map(activations).square().sum((1, 2))
    assert (torch.einsum("sk,nkhw->nshw", others, activations).square().sum((2, 3)) <= kept[:, None]).all()


def test_eigen_cam_is_pytorch_grad_cams_on_centred_activations() -> None:
    """The peer centres first, and leaves the sign to the decomposition."""
    peer = pytest.importorskip("pytorch_grad_cam.utils.svd_on_activations").get_2d_projection
    activations = noise(2, 5, 3, 4)
    centred = activations - activations.mean((2, 3), keepdim=True)
    theirs, ours = torch.from_numpy(peer(centred.numpy()).astype(np.float64)), _eigen_map(centred)
    signs = (theirs * ours).sum((1, 2), keepdim=True).sign()
    torch.testing.assert_close(ours * signs, theirs, rtol=1e-5, atol=1e-5)


def test_finer_cam_is_grad_cam_less_that_of_the_three_closest_classes() -> None:
    logits = torch.tensor([[5.0, 1, 4, -9, 4.5, 6]])
    expected = torch.tensor([[1, 0, -0.2, 0, -0.2, -0.2]])
    torch.testing.assert_close(against_similar(logits, towards(logits, 0)), expected)


def test_finer_cam_of_two_classes_compares_them_and_one_class_is_compared_with_none() -> None:
    two, one = torch.tensor([[5.0, 1]]), torch.tensor([[5.0]])
    torch.testing.assert_close(against_similar(two, towards(two, 1)), torch.tensor([[-0.6, 1]]))
    torch.testing.assert_close(against_similar(one, towards(one, 0)), torch.tensor([[1.0]]))


def test_finer_cam_is_the_difference_of_grad_cams(model: GapCnn, batch: Tensor) -> None:
    """Three classes: each is compared with both others. Grad-CAM's weights are linear in the score."""
    traced = trace(model, batch, ["backbone.1"])
    directions = torch.stack([towards(traced.logits, each) for each in (1, 0, 2)])
    own, *others = class_activation_maps(traced, directions, method=grad_cam)["backbone.1"]
    finer = class_activation_maps(traced, directions[0], method=finer_cam)["backbone.1"]
    torch.testing.assert_close(finer, own - 0.6 * (others[0] + others[1]) / 2)


def test_finer_cam_against_a_chosen_class_is_grad_cam(model: GapCnn, batch: Tensor) -> None:
    traced = trace(model, batch, ["backbone"])
    direction = towards(traced.logits, 1, against=2)
    maps = [
        class_activation_maps(traced, direction, method=each)["backbone"] for each in (finer_cam, grad_cam)
    ]
    assert torch.equal(*maps)


def test_finer_cam_is_torchcams(model: GapCnn, batch: Tensor) -> None:
    peer = pytest.importorskip("torchcam.methods").FinerCAM
    with peer(model, "backbone.3", input_shape=(3, 6, 8)) as extractor:
        theirs = extractor([1, 2], model(batch.clone().requires_grad_()), normalized=False)[0]
    traced = trace(model, batch, ["backbone.3"])
    direction = towards(traced.logits, [1, 2])
    ours = class_activation_maps(traced, direction, method=finer_cam)["backbone.3"].relu()
    assert theirs.max() > 0
    torch.testing.assert_close(ours, theirs.detach())


def test_evidence_of_one_score_has_no_other_gradients() -> None:
    with pytest.raises(ValueError, match="this evidence has the gradients of one score only"):
        finer_cam(Evidence(noise(1, 2, 3, 3), noise(1, 2, 3, 3)))
