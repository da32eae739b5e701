"""Batches as large as questions of trust ask them: one photo under many masks, a map for each."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from core.explain.maps.cam import class_activation_map
from tests.gpu import networks
from tests.gpu.bench import Bench
from tests.gpu.checks.maps import SINGLE, apart
from tests.gpu.photos import photo
from tests.gpu.table import Row

_LAYER = "layer4"


def rows(bench: Bench) -> Iterator[Row]:
    """Photos a second for each size of batch, and whether a copy in a batch has the map that it has alone."""
    side = bench.size(64, 224)
    folder = networks.random("trust", networks.residual(bench), side=side)
    checkpoint = networks.loaded(folder, bench.device)
    one = checkpoint.card.preprocess.batch([photo(0, (256, 256))]).to(bench.device)
    copies = masked(one, bench.size(16, 256))
    num_alone = bench.size(4, 8)
    alone = torch.cat([_maps(checkpoint.model, copies[index : index + 1]) for index in range(num_alone)])
    single = 1 / bench.seconds(lambda: _maps(checkpoint.model, one))
    for size in bench.size((4, 16), (32, 64, 128, 256)):
        bench.forget_peak()
        _maps(checkpoint.model, copies[:size])
        rate = size / bench.seconds(partial(_maps, checkpoint.model, copies[:size]))
        memory = f", {bench.peak() / 1e9:.2f} GB" if bench.is_gpu else ""
        yield Row(f"Grad-CAM of {size} masked copies", f"{rate:.0f} photos/s{memory}", f"alone {single:.0f}")
    together = _maps(checkpoint.model, copies)[:num_alone]
    worst = max(apart(ours.numpy(), theirs.numpy()) for ours, theirs in zip(together, alone, strict=True))
    yield Row(
        f"maps among {len(copies)} copies", f"{worst:.1e}", f"{SINGLE:.0e} of the maximum", ok=worst <= SINGLE
    )


def masked(one: Tensor, num: int) -> Tensor:
    """Copies (num, channels, H, W) of an image (1, channels, H, W), each under another coarse mask."""
    random = torch.Generator().manual_seed(0)
    masks = (torch.rand(num, 1, 7, 7, generator=random) > 0.5).to(one)
    return one * nn.functional.interpolate(masks, one.shape[2:], mode="bilinear", align_corners=False)


def _maps(model: nn.Module, batch: Tensor) -> Tensor:
    return class_activation_map(model, batch, target_layer=_LAYER, class_idx=0).cpu()
