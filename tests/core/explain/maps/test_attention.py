"""Maps from attention equal their formulas, computed on a network whose attention is not fused."""

import copy
from collections.abc import Callable

import pytest
import timm
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from core.errors import LayerError
from core.explain.maps.pixels import PixelQuestion
from core.explain.maps.regions import REGION_METHODS, attention_rollout, le_grad
from core.explain.network.attention import has_attention
from core.explain.network.tracing import towards
from tests.support.networks.tiny_models import GapCnn, assert_unchanged, noise, seeded, snapshot

METHODS = pytest.mark.parametrize("method", ["attention_rollout", "le_grad"])
BATCH = noise(2, 3, 24, 16, seed=3)  # A grid of 3 x 2 patches.


def _vit(**options: object) -> nn.Module:
    settings = {"img_size": (24, 16), "patch_size": 8, "embed_dim": 12, "depth": 3, "num_heads": 2}
    return timm.models.VisionTransformer(num_classes=4, **settings | options)


@pytest.fixture
def vit() -> nn.Module:
    """Three blocks with a class token, in float64; large weights, so that attention is uneven."""
    return _wide(seeded(_vit))


def _wide(model: nn.Module) -> nn.Module:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" not in name:
                parameter.normal_(std=0.3, generator=torch.Generator().manual_seed(len(name)))
    return model


def _unfused(model: nn.Module) -> tuple[nn.Module, list[Tensor]]:
    """A copy that keeps the attention of each block, where dropout would act on it."""
    other, kept = copy.deepcopy(model), []
    for block in other.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    return other, kept


def _question(model: nn.Module, batch: Tensor = BATCH) -> PixelQuestion:
    return PixelQuestion(model, batch, towards(torch.zeros(len(batch), 4).double(), [1, 2][: len(batch)]))


def _slow_rollout(attentions: list[Tensor]) -> Tensor:
    """The product of (A + I) / 2, as loops over rows and columns (N, T, T)."""
    num_images, _, num_tokens, _ = attentions[0].shape
    reached = torch.zeros(num_images, num_tokens, num_tokens, dtype=torch.float64)
    for image in range(num_images):
        product = torch.eye(num_tokens, dtype=torch.float64)
        for attention in attentions:
            mean, step = attention[image].mean(0), torch.zeros(num_tokens, num_tokens, dtype=torch.float64)
            for row in range(num_tokens):
                for column in range(num_tokens):
                    step[row, column] = (mean[row, column] + (row == column)) / 2
            product = step @ product
        reached[image] = product
    return reached


def test_rollout_is_the_class_tokens_row_of_the_product_over_the_blocks(vit: nn.Module) -> None:
    other, attentions = _unfused(vit)
    with torch.no_grad():
        other(BATCH)
    expected = _slow_rollout(attentions)[:, 0, 1:].view(2, 3, 2)
    torch.testing.assert_close(attention_rollout(_question(vit)), expected)
    assert expected.std() / expected.mean() > 0.01


@pytest.mark.parametrize(
    ("options", "rows", "patches"),
    [
        ({"class_token": False, "global_pool": "avg"}, slice(0, 6), slice(0, 6)),
        ({"global_pool": "avg"}, slice(1, 7), slice(1, 7)),
        ({"reg_tokens": 2}, slice(0, 1), slice(3, 9)),
        ({"class_token": False, "reg_tokens": 2, "global_pool": "avg"}, slice(2, 8), slice(2, 8)),
    ],
)
def test_rollout_takes_the_rows_of_the_tokens_that_the_head_reads(
    options: dict[str, object], rows: slice, patches: slice
) -> None:
    """The class token, or the mean of the patches; register tokens are neither."""
    model = _wide(seeded(lambda: _vit(**options)))
    other, attentions = _unfused(model)
    with torch.no_grad():
        other(BATCH)
    expected = _slow_rollout(attentions)[:, rows].mean(1)[:, patches].view(2, 3, 2)
    torch.testing.assert_close(attention_rollout(_question(model)), expected)


def test_rollout_of_attention_that_is_the_same_everywhere_has_a_closed_form(vit: nn.Module) -> None:
    """((J / T + I) / 2)^L = (1 - 2^-L) J / T + 2^-L I, of which the class token's row is (1 - 1/8) / 7."""
    with torch.no_grad():
        for block in vit.blocks:
            block.attn.qkv.weight.zero_()
            block.attn.qkv.bias.zero_()
    expected = torch.full((2, 3, 2), (1 - 1 / 8) / 7, dtype=torch.float64)
    torch.testing.assert_close(attention_rollout(_question(vit)), expected)


def test_le_grad_is_the_positive_gradient_of_each_blocks_own_score(vit: nn.Module) -> None:
    """Block by block, with a graph of the whole network, from which the attention of the block is taken."""
    other, attentions = _unfused(vit)
    outputs: list[Tensor] = []
    for block in other.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    other(BATCH)
    expected = torch.zeros(2, 7, dtype=torch.float64)
    for attention, tokens in zip(attentions, outputs, strict=True):
        logits = other.head(other.norm(tokens.mean(1)))
        (gradient,) = torch.autograd.grad(logits[0, 1] + logits[1, 2], attention, retain_graph=True)
        expected += gradient.clamp(min=0).mean((1, 2)) / 3
    found = le_grad(_question(vit))
    torch.testing.assert_close(found, expected[:, 1:].view(2, 3, 2))
    assert found.max() > 0


def test_le_grad_is_torchcams_on_torchvisions_transformer() -> None:
    """torchcam takes square grids, and this transformer's own kind of attention."""
    peer = pytest.importorskip("torchcam.methods").LeGrad
    model, batch = (
        _wide(seeded(lambda: VisionTransformer(24, 8, 2, 2, 12, 16, num_classes=4))),
        noise(2, 3, 24, 24),
    )
    with peer(model, list(model.encoder.layers)) as extractor:
        model(batch)
        theirs = extractor([1, 2], normalized=False)
    ours = le_grad(_question(model, batch))
    torch.testing.assert_close(ours, torch.stack(theirs).mean(0).view(2, 3, 3).detach())


@METHODS
def test_attention_is_read_alike_whether_fused_or_not(method: str, vit: nn.Module) -> None:
    fused = REGION_METHODS[method](_question(vit))
    for block in vit.blocks:
        block.attn.fused_attn = False
    torch.testing.assert_close(REGION_METHODS[method](_question(vit)), fused)


@METHODS
def test_an_image_has_the_same_map_alone_as_in_a_batch(method: str, vit: nn.Module) -> None:
    both, alone = REGION_METHODS[method](_question(vit)), REGION_METHODS[method](_question(vit, BATCH[:1]))
    torch.testing.assert_close(both[:1], alone)


@METHODS
def test_a_transformer_in_use_is_left_as_it_was(method: str, vit: nn.Module) -> None:
    model, untouched = vit.train(), BATCH.clone()
    model.head.weight.grad = torch.ones_like(model.head.weight)
    before, settings = snapshot(model), [vars(block.attn).keys() for block in model.blocks]
    REGION_METHODS[method](_question(model))
    with torch.inference_mode():
        REGION_METHODS[method](_question(model))
    assert_unchanged(model, before)
    assert [vars(block.attn).keys() for block in model.blocks] == settings
    assert all(block.attn.fused_attn for block in model.blocks)
    assert torch.equal(BATCH, untouched)


class Broken(nn.Module):
    """Fails after the blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.vit = _vit()

    def forward(self, batch: Tensor) -> Tensor:
        """No logits."""
        self.vit(batch)
        raise RuntimeError("broken in the middle")


@METHODS
def test_a_transformer_that_fails_is_left_as_it_was(method: str) -> None:
    model = seeded(Broken).train()
    before = snapshot(model)
    with pytest.raises(RuntimeError, match="broken in the middle"):
        REGION_METHODS[method](_question(model))
    assert_unchanged(model, before)
    assert torch.overrides._get_current_function_mode() is None


class OfWindows(nn.Module):
    """A block whose attention sees half of the tokens, as in Swin."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 2, batch_first=True)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (N, T, 12), from (N, T, 12)."""
        windows = torch.cat(tokens.chunk(2, 1))
        return torch.cat(self.attention(windows, windows, windows, need_weights=False)[0].chunk(2), 1)


def _of_windows() -> nn.Module:
    model = _vit(class_token=False, global_pool="avg")
    model.blocks = nn.Sequential(OfWindows(), OfWindows())
    return model


@METHODS
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (GapCnn, "attention maps need a vision transformer in which .* to all tokens; this network has none"),
        (_of_windows, r"to all tokens; this one attends by \(4, 2, 3, 3\), \(4, 2, 3, 3\)"),
    ],
)
def test_a_network_without_such_blocks_is_refused(
    method: str, build: Callable[[], nn.Module], message: str
) -> None:
    model = seeded(build)
    assert not has_attention(model, BATCH[:1])
    with pytest.raises(LayerError, match=message):
        REGION_METHODS[method](_question(model))


def test_a_vision_transformer_has_attention(vit: nn.Module) -> None:
    assert has_attention(vit, BATCH[:1])
