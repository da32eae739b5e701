"""The public face of core.explain: a stranger's network, and nothing of the app."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core import explain
from core.errors import LayerError
from core.explain import (
    CAM_METHODS,
    LOGITS,
    PIXEL_METHODS,
    Normalisation,
    PixelQuestion,
    Plain,
    activations,
    ascend,
    attribution,
    class_activation_map,
    class_activation_maps,
    default_layer,
    guided_grad_cam,
    heatmap,
    integrated_gradients,
    occlusion,
    saliency,
    spatial_layers,
    towards,
    trace,
)
from tests.support.networks.tiny_models import assert_unchanged, snapshot
from tests.support.paths import ROOT


class Stranger(nn.Module):
    """Two convolutions, a pooled linear head, trainable and in training mode: as a notebook has it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.act = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU()
        self.last, self.fc = nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.Linear(8, 4)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 4)."""
        logits: Tensor = self.fc(self.last(self.act(self.first(batch))).relu().mean((2, 3)))
        return logits


@pytest.fixture
def network() -> Stranger:
    torch.manual_seed(0)
    return Stranger()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(2, 3, 14, 20, generator=torch.Generator().manual_seed(0))


def test_every_name_of_the_face_is_there_and_says_what_it_gives() -> None:
    for name in explain.__all__:
        each = getattr(explain, name)
        assert not isinstance(each, type(sys)), f"{name} is a module"
        assert name.isupper() or each.__doc__, f"{name} has no docstring"


@pytest.mark.slow
def test_the_face_needs_nothing_of_the_app_and_no_heavy_library() -> None:
    """In a fresh process, as in a notebook: captum comes with the first attribution."""
    script = "import sys, core.explain; print(sorted({name.split('.')[0] for name in sys.modules}))"
    listed = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(ast.literal_eval(listed.stdout))
    assert "torch" in modules
    heavy = {"captum", "streamlit", "timm", "lightning", "torchvision", "sklearn", "pandas", "pyarrow", "cv2"}
    assert modules & (heavy | {"pages"}) == set()


def test_a_layer_is_found_explained_and_made_displayable(network: Stranger, images: Tensor) -> None:
    before = snapshot(network)
    layer = default_layer(spatial_layers(network, images[:1]))
    maps = class_activation_map(network, images, target_layer=layer, class_idx=1)
    heat = heatmap(maps, size=(14, 20))
    assert layer == "last"
    assert (maps.shape, heat.shape) == ((2, 7, 10), (2, 14, 20))
    assert heat.min() == 0
    assert 0.5 < heat.max() <= 1
    assert_unchanged(network, before)


@pytest.mark.parametrize("name", sorted(set(CAM_METHODS) - {"cam"}))
def test_one_trace_answers_as_single_calls_do(network: Stranger, images: Tensor, name: str) -> None:
    traced, method = trace(network, images, ["first", "last"]), CAM_METHODS[name]
    for class_idx, against in ((1, None), ([2, 0], None), (3, 1)):
        maps = class_activation_maps(traced, towards(traced.logits, class_idx, against), method=method)
        for layer, of_layer in maps.items():
            alone = class_activation_map(
                network, images, target_layer=layer, class_idx=class_idx, against=against, method=method
            )
            torch.testing.assert_close(of_layer, alone)


@pytest.mark.parametrize("method", [saliency, integrated_gradients, occlusion, guided_grad_cam])
def test_an_attribution_is_that_of_the_registered_method(
    network: Stranger, images: Tensor, method: Callable[[PixelQuestion], Tensor]
) -> None:
    direction = torch.tensor([[0.0, 1, 0, -1], [0, 0, 1, -1]])
    expected = PIXEL_METHODS[method.__name__](PixelQuestion(network.eval(), images, direction, "last"))
    before, untouched = snapshot(network.train()), images.clone()
    ours = attribution(network, images, class_idx=[1, 2], against=3, method=method, target_layer="last")
    torch.testing.assert_close(ours, expected)
    assert_unchanged(network, before)
    assert torch.equal(images, untouched)


def test_the_attribution_of_a_linear_network_is_the_size_of_its_weights(images: Tensor) -> None:
    """The gradient of a linear model is its weight row; saliency takes the largest colour."""
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 14 * 20, 4))
    weight = linear[1].weight.detach()[2].reshape(3, 14, 20)
    torch.testing.assert_close(attribution(linear, images, class_idx=2)[1], weight.abs().amax(0))


def test_a_method_of_ones_own_needs_no_registration(network: Stranger, images: Tensor) -> None:
    def score_everywhere(question: PixelQuestion) -> Tensor:
        scores = question.score(question.batch, question.direction).detach()
        return scores[:, None, None].expand(-1, *question.batch.shape[2:])

    ours = attribution(network, images, class_idx=3, method=score_everywhere)
    torch.testing.assert_close(ours[:, 5, 7], network(images)[:, 3].detach())


def test_a_method_that_needs_a_layer_says_so(network: Stranger, images: Tensor) -> None:
    with pytest.raises(LayerError, match="guided_grad_cam needs a target layer"):
        attribution(network, images, class_idx=0, method=guided_grad_cam)


@pytest.mark.parametrize(
    ("class_idx", "against", "message"),
    [
        (4, None, "there is no class 4; this network has 0 to 3"),
        (-1, None, "there is no class -1"),
        ([0, 9], None, "there is no class 9"),
        (0, 7, "there is no class 7"),
        ([0, 1, 2], None, "got 3 classes for 2 images"),
    ],
)
def test_a_class_that_is_not_there_is_named(
    network: Stranger, images: Tensor, class_idx: int | list[int], against: int | None, message: str
) -> None:
    before = snapshot(network)
    with pytest.raises(ValueError, match=message):
        class_activation_map(network, images[:2], target_layer="last", class_idx=class_idx, against=against)
    with pytest.raises(ValueError, match=message):
        attribution(network, images[:2], class_idx=class_idx, against=against)
    assert_unchanged(network, before)


def test_a_layer_that_was_not_recorded_is_named(network: Stranger, images: Tensor) -> None:
    traced = trace(network, images, ["last"])
    with pytest.raises(LayerError, match="layer 'first' was not recorded; this trace has 'last'"):
        class_activation_maps(traced, towards(traced.logits, 0), target_layers=["first"])


@pytest.mark.filterwarnings("ignore:.torch.jit.trace:FutureWarning")
def test_a_scripted_network_is_refused_in_words(images: Tensor) -> None:
    scripted = torch.jit.trace(Stranger().eval(), images)
    with pytest.raises(LayerError, match="a TorchScript network takes no hooks"):
        class_activation_map(scripted, images, target_layer="last", class_idx=0)
    with pytest.raises(LayerError, match="a TorchScript network takes no hooks"):
        spatial_layers(scripted, images[:1])


class Noting(Stranger):
    """A network that keeps tensors of its last pass, as LeViT keeps its attention biases."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 4)."""
        self.noted = {"pass": super().forward(batch)}
        self.last_logits = self.noted["pass"]
        return self.last_logits


def test_a_network_that_keeps_tensors_with_a_graph_is_explained_as_any_other(images: Tensor) -> None:
    torch.manual_seed(0)
    network, other = Stranger(), Noting()
    other.load_state_dict(network.state_dict())
    for each in (network, other):
        each.eval()(images)
    expected, got = (
        attribution(each, images[:1], class_idx=1, method=guided_grad_cam, target_layer="last")
        for each in (network, other)
    )
    assert torch.equal(got, expected)


class Detaching(Stranger):
    """A network whose head reads detached features."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 4) without a gradient."""
        return super().forward(batch).detach()


class WithoutGradients(Stranger):
    """A network that turns gradients off itself."""

    @torch.no_grad()
    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 4) without a gradient."""
        return super().forward(batch)


@pytest.mark.parametrize("kind", [Detaching, WithoutGradients])
def test_a_network_without_gradients_is_refused_in_words(kind: type[Stranger], images: Tensor) -> None:
    network = kind()
    before = snapshot(network)
    for method in (saliency, integrated_gradients, guided_grad_cam):
        with pytest.raises(LayerError, match=r"no gradient|no influence"):
            attribution(network, images[:1], class_idx=1, method=method, target_layer="last")
    half = Normalisation((0.5,) * 3, (0.5,) * 3)
    with pytest.raises(LayerError, match="the logits have no gradient"):
        list(ascend(network, LOGITS, [0], Plain(size=(16, 16), steps=1, crop=2), half))
    assert_unchanged(network, before)


def test_activations_and_ascent_take_the_same_network(network: Stranger, images: Tensor) -> None:
    given = activations(network, images, ["first"])["first"]
    torch.testing.assert_close(given, network.first(images).detach())
    settings = Plain(size=(16, 16), steps=2, crop=0, border=0)
    (ascended,) = ascend(network, LOGITS, [2], settings, Normalisation((0.5,) * 3, (0.5,) * 3))
    assert ascended.channel == 2
    assert ascended.picture.shape == (16, 16, 3)


README = Path(ROOT / "README.md")


def _example() -> str:
    """The Python block of the README that follows ``<!-- example -->``."""
    after = README.read_text(encoding="utf-8").partition("<!-- example -->")[2]
    return after.partition("```python\n")[2].partition("```")[0]


def test_the_example_of_the_readme_runs() -> None:
    names: dict[str, object] = {}
    exec(compile(_example(), str(README), "exec"), names)  # noqa: S102 - our own file
    assert len([line for line in _example().splitlines() if line.strip()]) <= 12
    heat = names["pictures"]
    assert isinstance(heat, Tensor)
    assert heat.ndim == 3
    assert 0 <= float(heat.min()) <= float(heat.max()) <= 1
