"""Ascent images of a layer of 512 channels: side by side against one by one, and against the CPU."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.checkpoints import store
from core.explain.ascent import Settings, ascend
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Picture, Plain
from core.explain.ascent.robust import Robust
from tests.gpu import networks
from tests.gpu.bench import Bench
from tests.gpu.table import Row

LAYER = "layer4"
NORMALISATION = Normalisation((0.5,) * 3, (0.5,) * 3)
_LEVELS = 1  # Of 256: what rounding to whole pixels may change.


def rows(bench: Bench) -> Iterator[Row]:
    """In double precision the same pictures; in single precision the speed."""
    folder = networks.random("ascent", networks.residual(bench), side=bench.size(64, 224))
    yield from _same_pictures(bench, folder)
    model = networks.loaded(folder, bench.device).model
    settings = bench.size(Plain(size=(64, 64), steps=3, crop=8), Plain())
    channels, some = range(bench.size(3, 512)), range(bench.size(2, 8))
    pictures(model, settings, some[:1])
    rate = len(channels) / bench.seconds(lambda: pictures(model, settings, channels))
    one_by_one(model, settings, some[:1])
    loop = len(some) / bench.seconds(lambda: one_by_one(model, settings, some))
    what = f"ascent of {len(channels)} channels, {settings.steps} steps at {settings.size[0]} pixels"
    yield Row(what, f"{rate:.1f} images/s", f"one by one {loop:.1f}: {rate / loop:.1f} times")


def _same_pictures(bench: Bench, folder: Path) -> Iterator[Row]:
    side, channels = bench.size(48, 96), range(bench.size(2, 8))
    steps = bench.size(3, 5)
    plain = Plain(size=(side, side), steps=steps, crop=4, border=0)
    robust = Robust(size=(side, side), steps=steps, border=0)
    here = store.load(folder, dtype=torch.float64).model
    there = networks.loaded(folder, bench.device, torch.float64).model
    loop = one_by_one(there, plain, channels)
    yield _compared("plain ascent beside the loop", pictures(there, plain, list(loop)), list(loop.values()))
    for name, settings in (("plain", plain), ("robust", robust)):
        ours, theirs = (pictures(model, settings, channels) for model in (there, here))
        yield _compared(f"{name} ascent beside the CPU's", ours, theirs)


def _compared(what: str, ours: Sequence[Picture], theirs: Sequence[Picture]) -> Row:
    worst = int(np.abs(np.stack(ours).astype(int) - np.stack(theirs)).max())
    return Row(f"{what}, float64", f"{worst} of 255", f"{_LEVELS} of 255", ok=worst <= _LEVELS)


def pictures(model: nn.Module, settings: Settings, channels: Sequence[int]) -> list[Picture]:
    """The picture of each channel, by the project's own ascent."""
    return [each.picture for each in ascend(model, LAYER, channels, settings, NORMALISATION)]


def one_by_one(model: nn.Module, settings: Plain, channels: Sequence[int]) -> dict[int, Picture]:
    """The same pictures as one would write them after the book: the whole network, one channel at a time.

    Channels that are silent at the start have no gradient, and no picture.
    """
    outputs: list[torch.Tensor] = []
    hook = model.get_submodule(LAYER).register_forward_hook(
        lambda _module, _inputs, output: outputs.append(output)
    )
    found = {}
    for channel in channels:
        image = settings.start(channel, 0, 3).to(next(model.parameters()))[None]
        for _ in range(settings.steps):
            image = image.detach().requires_grad_()
            model(image)
            maps = outputs.pop()[:, channel]
            edge = min(settings.border, (maps.shape[1] - 1) // 2)
            score = maps[:, edge : maps.shape[1] - edge, edge : maps.shape[2] - edge].mean()
            (gradient,) = torch.autograd.grad(score, image)
            if not gradient.any():
                break
            image = image + settings.step_size * gradient / gradient.norm()
        else:
            found[channel] = settings.pictures(image.detach(), NORMALISATION)[0]
    hook.remove()
    return found
