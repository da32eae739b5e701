"""Gradient ascent: the image that excites one channel of a layer, or one class, the most."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.ascent.gates import OfScore, gradients, gradients_before_relu
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Gradients, Picture, Plain
from core.explain.ascent.robust import Robust
from core.explain.network.cut import Cut, cut_at
from core.explain.network.folding import folded

Settings = Plain | Robust
OnProgress = Callable[[float], None]

LOGITS = ""  # Names the network's own output, whose channels are classes.
STARTS = 3  # Of a channel that none of the earlier ones could raise.
# Channels side by side: a CPU is fastest with one, which stays in its caches; halved where memory runs out.
_AT_ONCE = {"cuda": 64, "mps": 16}
# Of the layer's largest value, as in core.inside.channels: what rises by less carries no picture.
_FAINTEST = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Ascended:
    """The picture (H, W, 3) that ascent found for a channel, and the ``activation`` that it reaches.

    That is the `mean_activation` of the network input as the last step left it. A dead channel is one that
    could be raised from none of `STARTS` starts, of which all but the first also ignore the ReLU that the
    layer ends with, if any; its picture is of the last and shows nothing.
    """

    channel: int
    picture: Picture
    activation: float
    is_dead: bool


def ascend(
    model: nn.Module,
    layer: str,
    channels: Sequence[int],
    settings: Settings,
    normalisation: Normalisation,
    *,
    on_progress: OnProgress = lambda _share: None,
) -> Iterator[Ascended]:
    """Ascend each of the channels of ``layer`` in turn; pictures come as they are done, in that order.

    `LOGITS` as layer ascends classes. ``on_progress`` hears after each step the share of the channel's steps
    that are done, and ends the ascent if it raises; a channel that stays dead begins anew. The network runs
    up to the layer, where it is, on a private copy if there is batch norm to fold; the model itself is locked
    for single passes only, may be used in between, and the generator closed. A picture depends on settings
    and channel, not on the others; but in float32 rounding decides on which side of a ReLU's bend some values
    fall, and from there pictures part: another device, memory layout or number of threads, or several
    channels side by side, give another picture of the same kind. In float64 they do not.

    Raises:
        LayerError: no such layer or channel, or the network gives no finite numbers there.
    """
    like = _like(model)
    blank = torch.zeros(1, normalisation.num_colours, *settings.size).to(like)
    cut = cut_at(model, layer, blank)
    _check(cut, channels)
    climb = _Climb(folded(cut, blank), settings, normalisation, on_progress)
    at_once = _AT_ONCE.get(like.device.type, 1)
    waiting = list(channels)
    while waiting:
        found: list[Ascended] = []
        with suppress(torch.OutOfMemoryError):
            found = climb.ascended(waiting[:at_once])
        # Not in an except clause, where the traceback still holds the tensors of the pass that failed.
        if not found:
            if at_once == 1:
                raise LayerError(
                    f"there is not enough memory for one channel of layer {layer!r}; try the CPU"
                )
            at_once //= 2
            torch.cuda.empty_cache()
        yield from found
        waiting = waiting[len(found) :]


def mean_activation(maps: Tensor, border: int) -> Tensor:
    """Mean (N, K) of maps (N, K, h, w) over positions that are ``border`` cells from the edge.

    Of a smaller map, the largest border that leaves a cell.
    """
    height, width = maps.shape[2:]
    rows, columns = min(border, (height - 1) // 2), min(border, (width - 1) // 2)
    return maps[:, :, rows : height - rows, columns : width - columns].mean((2, 3))


@dataclass(frozen=True, slots=True, eq=False)
class _Climb:
    """What all channels of one ascent have in common."""

    cut: Cut
    settings: Settings
    normalisation: Normalisation
    on_progress: OnProgress

    def ascended(self, channels: Sequence[int]) -> list[Ascended]:
        """All of them side by side, and those that stay dead again, from other starts."""
        done: dict[int, Ascended] = {}
        left = list(channels)
        for attempt in range(STARTS):
            if left:
                done |= {each.channel: each for each in self._attempt(left, attempt)}
            left = [channel for channel in left if done[channel].is_dead]
        return [done[channel] for channel in channels]

    def _attempt(self, channels: Sequence[int], attempt: int) -> Iterator[Ascended]:
        settings, normalisation = self.settings, self.normalisation
        noise = [settings.start(channel, attempt, normalisation.num_colours) for channel in channels]
        starts = torch.stack(noise).to(_like(self.cut.model))
        before, _ = self._reached(settings.inputs(starts, normalisation), channels)
        # First as it is; a channel that noise left silent is then sought before the ReLU that shuts it.
        of_score = gradients if attempt == 0 else gradients_before_relu
        with torch.enable_grad():
            inputs = settings.climb(starts, self._gradients_at(channels, of_score), normalisation)
        after, largest = self._reached(inputs, channels)
        if not (after.isfinite() & largest.isfinite()).all():
            raise LayerError(
                f"activations of layer {self.cut.layer!r} are not finite; weights or preprocess are wrong"
            )
        pictures = settings.pictures(inputs, normalisation)
        dead = after - before <= _FAINTEST * largest
        for position, channel in enumerate(channels):
            yield Ascended(channel, pictures[position], float(after[position]), bool(dead[position]))

    def _gradients_at(self, channels: Sequence[int], of_score: OfScore) -> Gradients:
        """The gradient, at each image, of the mean activation of its own channel; a step of the ascent."""
        steps = count(1)

        def gradients_at(batch: Tensor) -> Tensor:
            images = batch.detach().requires_grad_()
            found = of_score(_own(self.cut(images), channels, self.settings.border).sum(), images)
            self.on_progress(next(steps) / self.settings.steps)
            return found

        return gradients_at

    @torch.no_grad()
    def _reached(self, batch: Tensor, channels: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Mean activation (N,) of each image's channel, and the layer's largest value (N,) for each image."""
        maps = self.cut(batch)
        return _own(maps, channels, self.settings.border), maps.abs().amax((1, 2, 3))


def _own(maps: Tensor, channels: Sequence[int], border: int) -> Tensor:
    own = maps[torch.arange(len(maps)), torch.as_tensor(channels)]
    return mean_activation(own[:, None], border)[:, 0]


def _check(cut: Cut, channels: Sequence[int]) -> None:
    missing = [channel for channel in channels if not 0 <= channel < cut.num_channels]
    if missing:
        raise LayerError(f"there is no channel {missing[0]}; {cut.layer!r} has 0 to {cut.num_channels - 1}")


def _like(model: nn.Module) -> Tensor:
    """A tensor of the type and on the device of the network's own."""
    return next(model.parameters(), torch.empty(0))
