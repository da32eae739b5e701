"""Maps of several scores from one vectorised backward pass are those of a pass for each score."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import LayerError
from core.explain import CAM_METHODS, class_activation_maps, towards, trace
from core.explain.maps import gradients
from tests.support.networks.tiny_models import FlattenCnn, GapCnn, InPlaceCnn, noise, seeded


class Attention(nn.Module):
    """A convolution, then fused attention over its cells: images (N, 3, 6, 8), logits (N, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 3)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        tokens = self.norm(self.conv(batch).flatten(2).transpose(1, 2))[:, None]
        mixed = F.scaled_dot_product_attention(tokens, tokens * 2, tokens)
        logits: Tensor = self.head(F.gelu(mixed[:, 0]).mean(1))
        return logits


class _InNumpy(torch.autograd.Function):
    """The square, whose gradient is computed outside of PyTorch: no rule can vectorise it."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(values)
        return values**2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        (values,) = ctx.saved_tensors
        return torch.from_numpy(2 * gradient.numpy() * values.detach().numpy())


class WithoutRule(GapCnn):
    """A network with an operation that cannot be vectorised."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 3)."""
        logits: Tensor = self.head(_InNumpy.apply(self.backbone(batch)).mean((2, 3)))
        return logits


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[str, ...]]] = {
    "pooled": (GapCnn, ("backbone.0", "backbone")),
    "batch norm in place": (InPlaceCnn, ("features.0", "features.1", "features")),
    "flattened in place": (FlattenCnn, ("features.0", "features")),
    "attention": (Attention, ("conv",)),
    "no rule": (WithoutRule, ("backbone.0", "backbone")),
}


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether each vectorised pass that was tried gave gradients."""
    tried: list[bool] = []
    vectorised = gradients._vectorised

    def noted(*asked: Any) -> Any:  # noqa: ANN401
        given = vectorised(*asked)
        tried.append(given is not None)
        return given

    monkeypatch.setattr(gradients, "_vectorised", noted)
    return tried


def _directions(logits: Tensor) -> Tensor:
    """Four scores (4, N, C): three classes, and one against another."""
    logits = logits.detach()
    return torch.stack([*(towards(logits, idx) for idx in range(3)), towards(logits, 0, against=2)])


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("method", [name for name in CAM_METHODS if name != "cam"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_maps_of_several_scores_are_those_of_each_score(kind: str, method: str, passes: list[bool]) -> None:
    build, layers = NETWORKS[kind]
    model = seeded(build)
    for precision, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-6)):
        passes.clear()
        traced = trace(model.to(precision), noise(2, 3, 6, 8).to(precision), layers)
        directions = _directions(traced.logits)
        together = class_activation_maps(traced, directions, method=CAM_METHODS[method])
        assert passes == [kind != "no rule"]
        for place, direction in enumerate(directions):
            alone = class_activation_maps(traced, direction, method=CAM_METHODS[method])
            for layer in layers:
                top = alone[layer].abs().max()
                difference = (together[layer][place] - alone[layer]).abs().max()
                assert difference <= tolerance * max(top, 1)
                assert top > 0


class Aside(GapCnn):
    """A network with a layer whose output is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Conv2d(3, 4, 1)

    def forward(self, batch: Tensor) -> Tensor:
        """The logits of `GapCnn`."""
        self.unused(batch)
        return super().forward(batch)


def test_a_layer_without_influence_is_named_for_several_scores() -> None:
    traced = trace(seeded(Aside), noise(1, 3, 6, 8), ["backbone", "unused"])
    with pytest.raises(LayerError, match="layer 'unused' has no influence on the logits"):
        class_activation_maps(traced, _directions(traced.logits))


def test_where_memory_runs_out_each_score_has_a_pass_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    traced = trace(seeded(GapCnn), noise(1, 3, 6, 8), ["backbone"])
    directions = _directions(traced.logits)
    expected = class_activation_maps(traced, directions)["backbone"]

    def scarce(*_asked: object, **_named: object) -> Callable[..., object]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.func, "vmap", scarce)
    assert torch.equal(class_activation_maps(traced, directions)["backbone"], expected)


def test_at_most_16_scores_and_images_share_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    traced = trace(seeded(GapCnn), noise(3, 3, 6, 8), ["backbone"])
    directions = _directions(traced.logits).repeat(3, 1, 1)
    chunks: list[int] = []
    vmap = torch.func.vmap

    def noted(function: Callable[..., Any], chunk_size: int) -> Callable[..., Any]:
        chunks.append(chunk_size)
        return vmap(function, chunk_size=chunk_size)

    monkeypatch.setattr(torch.func, "vmap", noted)
    class_activation_maps(traced, directions)
    assert chunks == [5]


@pytest.mark.parametrize(
    ("layer", "num_scores", "expected"),
    [
        (torch.zeros(1, 4, 32, 32), 3, True),
        (torch.zeros(1, 4, 32, 32), 2, False),
        (torch.zeros(6, 4, 32, 32), 3, False),
        (torch.zeros(1, 4, 32, 32).to(memory_format=torch.channels_last), 3, False),
        (torch.zeros(1, 4, 16, 16).to(memory_format=torch.channels_last), 3, True),
    ],
)
def test_a_vectorised_pass_is_made_where_it_was_measured_to_be_faster(
    layer: Tensor, num_scores: int, *, expected: bool
) -> None:
    assert gradients._is_faster([layer], torch.zeros(num_scores, len(layer), 5)) is expected
