"""Evidence in logits: cells and bias sum to the score, or there is none."""

import copy

import pytest
import torch
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from core.explain.maps.cam import CAM_METHODS, cam, class_activation_maps
from core.explain.maps.evidence import LogitEvidence, logit_evidence, says_the_same
from core.explain.network.tracing import towards, trace
from tests.support.networks.tiny_models import FlattenCnn, GapCnn, InPlaceCnn, noise, seeded

IN_LOGITS = {"cam", "grad_cam", "hires_cam", "xgrad_cam"}  # The others drop what speaks against the class.


def _evidence(model: nn.Module, batch: Tensor, layer: str, *classes: int) -> LogitEvidence | None:
    traced = trace(model, batch, [layer])
    return logit_evidence(traced, towards(traced.logits, *classes), layer)


def test_cells_and_bias_sum_to_the_logit(model: GapCnn, batch: Tensor) -> None:
    evidence = _evidence(model, batch, "backbone", 2)
    assert evidence is not None
    logits = model(batch)[:, 2].float()
    torch.testing.assert_close(evidence.score, logits)
    torch.testing.assert_close(evidence.cells.sum((1, 2)) + evidence.bias, logits)
    torch.testing.assert_close(evidence.bias, model.head.bias[[2, 2]].float())


def test_for_a_class_against_another_they_sum_to_the_difference_of_the_logits(
    model: GapCnn, batch: Tensor
) -> None:
    evidence = _evidence(model, batch, "backbone", 2, 0)
    assert evidence is not None
    logits = model(batch).float()
    torch.testing.assert_close(evidence.score, logits[:, 2] - logits[:, 0])
    torch.testing.assert_close(evidence.cells.sum((1, 2)) + evidence.bias, logits[:, 2] - logits[:, 0])


def test_a_cell_is_cam_over_the_area(model: GapCnn, batch: Tensor) -> None:
    traced = trace(model, batch, ["backbone"])
    direction = towards(traced.logits, [0, 1])
    evidence = logit_evidence(traced, direction, "backbone")
    assert evidence is not None
    maps = class_activation_maps(traced, direction, method=cam)["backbone"]
    torch.testing.assert_close(evidence.cells, maps.float() / 12)


def test_a_head_without_bias_has_a_bias_of_zero(batch: Tensor) -> None:
    model = seeded(GapCnn)
    model.head.register_parameter("bias", None)
    evidence = _evidence(model, batch, "backbone", 1)
    assert evidence is not None
    assert evidence.bias.tolist() == [0, 0]
    torch.testing.assert_close(evidence.cells.sum((1, 2)), model(batch)[:, 1].float())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_built_in_network_has_evidence_at_its_last_layer(
    imagenet: Checkpoint, dtype: torch.dtype
) -> None:
    """1,280 channels of 7 x 7; bfloat16 rounds its pooled features and logits to about three digits."""
    model, batch = copy.deepcopy(imagenet.model).to(dtype), noise(1, 3, 224, 224).to(dtype)
    evidence = _evidence(model, batch, "bn2", 281, 282)
    assert evidence is not None
    tolerance = 1e-4 if dtype == torch.float32 else 0.1
    total = evidence.cells.sum((1, 2)) + evidence.bias
    torch.testing.assert_close(total, evidence.score, rtol=0, atol=tolerance)


class SigmoidAtTheEnd(GapCnn):
    """Its linear layer does not give the logits."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        return super().forward(batch).sigmoid()


class MaxPooled(GapCnn):
    """Its linear head reads the largest value, not the mean."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        logits: Tensor = self.head(self.backbone(batch).amax((2, 3)))
        return logits


@pytest.mark.parametrize(
    ("build", "layer"),
    [
        (GapCnn, "backbone.1"),  # A layer in the middle.
        (GapCnn, "backbone.2"),  # As many channels as the head reads, but before the ReLU.
        (FlattenCnn, "features"),  # As VGG.
        (InPlaceCnn, "features"),  # As DenseNet, whose ReLU comes after.
        (SigmoidAtTheEnd, "backbone"),
        (MaxPooled, "backbone"),
    ],
)
def test_there_is_none_where_no_linear_head_reads_the_layers_mean(
    build: type[nn.Module], layer: str, batch: Tensor
) -> None:
    assert _evidence(seeded(build), batch, layer, 1) is None


@pytest.mark.parametrize("against", [None, 0])
@pytest.mark.parametrize("name", CAM_METHODS)
def test_a_method_says_the_same_if_its_map_is_a_multiple_of_the_evidence(
    model: GapCnn, batch: Tensor, name: str, against: int | None
) -> None:
    traced = trace(model, batch, ["backbone"])
    direction = towards(traced.logits, 1, against)
    maps = class_activation_maps(traced, direction, method=CAM_METHODS[name])["backbone"]
    evidence = logit_evidence(traced, direction, "backbone")
    assert evidence is not None
    # Finer-CAM is Grad-CAM where there is a class to compare with already.
    is_grad_cam = name == "finer_cam" and against is not None
    assert says_the_same(maps, evidence) is (name in IN_LOGITS or is_grad_cam)
    assert not says_the_same(-maps, evidence)
    assert not says_the_same(torch.zeros_like(maps), evidence)
