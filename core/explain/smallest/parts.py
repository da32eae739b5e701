"""For a class of a photo: the smallest part that suffices, and the smallest part whose absence flips it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.explain.network.many_photos import logits_of_photos
from core.explain.smallest.search import Margins, pruned, shortest_starts, starts
from core.explain.smallest.units import Units

_RANDOM_ORDERS = 3
_MOST_TRIED_ALONE = 64  # Units: each one costs a forward pass.
_PixelMargins = Callable[[Tensor], Tensor]  # Of each part, boolean (N, 1, H, W): a number (N,).


@dataclass(frozen=True, slots=True, eq=False)
class PartQuestion:
    """A photo, one of its classes, and what hidden pixels show.

    Attributes:
        batch: the photo (1, channels, H, W), on the model's device.
        absent: what hidden pixels show (1, channels, H, W).
        class_idx: the class.
        whole: the probability of the class for the whole photo.
        kept: the share of that probability that a part must keep to suffice, in [0, 1].
    """

    batch: Tensor
    absent: Tensor
    class_idx: int
    whole: float
    kept: float = 0.9

    def sufficient(self, logits: Tensor) -> Tensor:
        """Margins (N,) of logits (N, C): from 0 on, the class comes first and keeps its probability."""
        probability = logits.double().log_softmax(1)[:, self.class_idx]
        least = torch.tensor(self.kept * self.whole, dtype=torch.float64).log()
        return torch.minimum(probability - least, -self.flipped(logits))

    def flipped(self, logits: Tensor) -> Tensor:
        """Margins (N,) of logits (N, C): the highest other logit less that of the class."""
        others = logits.double().clone()
        others[:, self.class_idx] = -torch.inf
        return others.amax(1) - logits[:, self.class_idx].double()


@dataclass(frozen=True, slots=True, eq=False)
class SmallPart:
    """A small set of units that holds; sets are boolean (units,).

    Attributes:
        units: what the part is made of.
        chosen: the set.
        order: all units, in the order of which the set was a start before any was left out.
        by: what made the order: ``map``, or ``effect`` of each unit alone.
        start: that start of the order.
        random: the shortest start that holds of each random order, all units where none does.
    """

    units: Units
    chosen: Tensor
    order: Tensor
    by: str
    start: Tensor
    random: tuple[Tensor, ...]


def sufficient_part(
    model: nn.Module, question: PartQuestion, raw: Tensor, kinds: Sequence[Units], seed: int = 0
) -> SmallPart | None:
    """A small part that, shown alone, keeps the class first with its probability; None if there is none.

    Runs the network for a few hundred photos, without gradients.

    Args:
        model: any network that gives logits (N, C).
        question: the photo and the class.
        raw: a map of that class (h, w): its brightest units are tried first.
        kinds: what parts may be made of; the smallest part counts.
        seed: of the random orders.
    """

    def margins(parts: Tensor) -> Tensor:
        photos = (torch.where(part, question.batch, question.absent) for part in _on(question, parts))
        return question.sufficient(logits_of_photos(model, photos, question.batch.device))

    return _smallest(margins, raw, kinds, seed)


def flipping_part(
    model: nn.Module, question: PartQuestion, raw: Tensor, kinds: Sequence[Units], seed: int = 0
) -> SmallPart | None:
    """A small part without which another class comes first, as `sufficient_part`."""

    def margins(parts: Tensor) -> Tensor:
        photos = (torch.where(part, question.absent, question.batch) for part in _on(question, parts))
        return question.flipped(logits_of_photos(model, photos, question.batch.device))

    return _smallest(margins, raw, kinds, seed)


def _on(question: PartQuestion, parts: Tensor) -> Iterator[Tensor]:
    return (part[None] for part in parts.to(question.batch.device))


def _smallest(margins: _PixelMargins, raw: Tensor, kinds: Sequence[Units], seed: int) -> SmallPart | None:
    begun = [each for units in kinds for each in _begun(margins, raw, units)]
    if not begun:
        return None
    units, by, order, start = min(begun, key=lambda each: _area(each[0], each[3]))
    of_units = _of_units(margins, units)
    generator = torch.Generator().manual_seed(seed)
    shuffled = torch.stack([torch.randperm(len(units), generator=generator) for _ in range(_RANDOM_ORDERS)])
    lengths = [len(units) if each is None else each for each in shortest_starts(shuffled, of_units)]
    return SmallPart(units, pruned(start, of_units), order, by, start, tuple(starts(shuffled, lengths)))


def _begun(margins: _PixelMargins, raw: Tensor, units: Units) -> Iterator[tuple[Units, str, Tensor, Tensor]]:
    """The orders of one kind of units that have a start that holds, and that start."""
    of_units = _of_units(margins, units)
    values = {"map": units.values(raw.detach().cpu())}
    if len(units) <= _MOST_TRIED_ALONE:
        values["effect"] = of_units(torch.eye(len(units)).bool())
    orders = torch.stack([each.argsort(descending=True, stable=True) for each in values.values()])
    for by, order, length in zip(values, orders, shortest_starts(orders, of_units), strict=True):
        if length is not None:
            yield units, by, order, starts(order[None], [length])[0]


def _of_units(margins: _PixelMargins, units: Units) -> Margins:
    return lambda chosen: margins(units.pixels(chosen))


def _area(units: Units, chosen: Tensor) -> float:
    return float(units.pixels(chosen[None]).double().mean())
