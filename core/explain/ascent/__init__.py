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
from core.explain.network.tracing import differentiable

Settings = Plain | Robust
OnProgress = Callable[[float], None]

LOGITS = ""  # The layer name of the network's output, whose channels are classes.
STARTS = 3  # Further starts are tried for a channel that the earlier ones could not raise.
# Channels in one batch: a CPU is fastest with one, which fits its caches; halved if memory runs out.
_AT_ONCE = {"cuda": 64, "mps": 16}
# Of the layer's largest value, as in core.inside.channels: a channel that rises by less is dead.
_FAINTEST = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Ascended:
    """The picture (H, W, 3) that ascent found for a channel, and the ``activation`` that it reaches.

    The activation is the `mean_activation` for the network input after the last step. A channel is dead if
    ascent could not raise it from any of `STARTS` starts; all starts but the first also ignore a ReLU at the
    end of the layer. The picture of a dead channel is that of the last start and shows nothing.
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
    """Images that excite channels of a layer the most, by gradient ascent; each as soon as it is done.

    The network runs up to the layer only, on a private copy if there is batch norm to fold. The model is
    locked for single passes, so that others can use it in between; close the generator to stop early. A
    picture depends on settings and channel, not on the other channels. In float32, rounding decides on which
    side of a ReLU's kink a value falls: another device, memory layout or number of threads, or several
    channels in one batch, give a different picture of the same kind. In float64 they do not.

    Args:
        model: any network.
        layer: a name in ``named_modules()``, or `LOGITS` to ascend classes.
        channels: numbers of channels, or of classes.
        settings: `Plain` or `Robust`.
        normalisation: mean and standard deviation of the network's input.
        on_progress: called after each step with the share of the channel's steps that are done, from 0 to 1;
            a dead channel starts again. An exception from it ends the ascent.

    Raises:
        LayerError: no such layer or channel, or the network gives no finite numbers there.

    Example:
        >>> normalisation = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
        >>> pictures = [each.picture for each in ascend(model, "layer4", range(4), Plain(), normalisation)]
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
    """Mean (N, K) of maps (N, K, h, w) without ``border`` cells at each edge.

    Smaller maps have the largest border that leaves a cell.
    """
    height, width = maps.shape[2:]
    rows, columns = min(border, (height - 1) // 2), min(border, (width - 1) // 2)
    return maps[:, :, rows : height - rows, columns : width - columns].mean((2, 3))


@dataclass(frozen=True, slots=True, eq=False)
class _Climb:
    """One ascent: what all its channels share."""

    cut: Cut
    settings: Settings
    normalisation: Normalisation
    on_progress: OnProgress

    def ascended(self, channels: Sequence[int]) -> list[Ascended]:
        """The channels in one batch; dead ones are tried again from other starts."""
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
        # The first start uses the usual gradient; later ones ignore a ReLU that keeps the channel at zero.
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
        """The gradient of the mean activation of each image's channel with respect to the image."""
        steps = count(1)

        def gradients_at(batch: Tensor) -> Tensor:
            images = batch.detach().requires_grad_()
            with differentiable():
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
