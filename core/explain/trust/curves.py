"""Deletion and insertion curves: a score while more and more patches of a photo are hidden, or shown.

Petsiuk 2018, arXiv:1806.07421, section 3.2; over patches rather than pixels, and with several ways of hiding.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.explain.network.many_photos import logits_of_photos
from core.explain.trust.patches import Patches

# Symmetric, so that a reversed order gives the same curves, exchanged.
SHARES = (0.1, 0.3, 0.7, 0.9)

OnShare = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """A score while more and more patches are hidden or shown, in one order; float64.

    ``deletion`` and ``insertion`` (A, S) have a row for each way of hiding, and a column for each of
    ``shares`` (S,), from 0 to 1: the share of the patches that is hidden, or shown.
    """

    shares: Tensor
    deletion: Tensor
    insertion: Tensor

    @property
    def deletion_area(self) -> float:
        """Area under the deletion curve, mean over the ways of hiding: low for a good map."""
        return float(torch.trapezoid(self.deletion, self.shares).mean())

    @property
    def insertion_area(self) -> float:
        """Area under the insertion curve, mean over the ways of hiding: high for a good map."""
        return float(torch.trapezoid(self.insertion, self.shares).mean())

    @property
    def score(self) -> float:
        """Insertion area less deletion area. A reversed order has the same score with the other sign."""
        return self.insertion_area - self.deletion_area

    @property
    def scores(self) -> Tensor:
        """The score with each way of hiding (A,)."""
        return torch.trapezoid(self.insertion - self.deletion, self.shares)

    def reversed(self) -> "Curves":
        """The curves of the reversed order, where ``shares`` are symmetric: no pass is needed for it."""
        return Curves(self.shares, self.insertion.flip(1), self.deletion.flip(1))


@dataclass(frozen=True, slots=True, eq=False)
class CurvePair:
    """The curves of one order of the patches: of the class's probability, and of its logit."""

    probability: Curves
    logit: Curves


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What a map is tested on.

    Attributes:
        batch: the photo (1, channels, H, W), on the model's device.
        direction: the score (1, C), from `towards`. Against another class, the probability is that of the one
            among the two.
        absent: by name, what hidden patches show (1, channels, H, W); see `absent_values`.
    """

    batch: Tensor
    direction: Tensor
    absent: Mapping[str, Tensor]


def curves(
    model: nn.Module,
    subject: Subject,
    orders: Tensor,
    patches: Patches,
    *,
    shares: Sequence[float] = SHARES,
    on_share: OnShare = lambda _share: None,
) -> list[CurvePair]:
    """The curves of one photo, for each of several orders of its patches.

    Runs the network for 1 + A + 2·A·M·S photos: A ways of hiding, M orders, S shares. Model, modes and hooks
    are afterwards as they were.

    Args:
        model: any network that gives logits (N, C).
        subject: the photo, the score, and the ways of hiding.
        orders: the rank of each patch (M, rows, columns), from `ranks`: the lowest go first.
        patches: the grid.
        shares: shares of the patches, rising, between 0 and 1.
        on_share: receives the share of the passes that is done.
    """
    batch, direction, hidden = subject.batch, subject.direction, list(subject.absent.values())
    masks = torch.stack([patches.masks(order, shares) for order in orders])  # (M, S, 1, H, W)
    ends = _scores(model, [batch, *hidden], direction)
    whole, empty = ends[0], ends[1:]
    photos = (photo for each in hidden for photo in _partly(batch, each, masks))
    num_photos = 2 * len(hidden) * masks.shape[0] * masks.shape[1]
    middles = _scores(model, photos, direction, lambda done: on_share(done / num_photos))
    partly = middles.reshape(len(hidden), 2, *masks.shape[:2], 2)  # (A, 2, M, S, 2)
    steps = torch.tensor([0, *shares, 1], dtype=torch.float64)
    return [_tested(steps, whole, empty, partly[:, :, place]) for place in range(len(orders))]


def _partly(batch: Tensor, absent: Tensor, masks: Tensor) -> Iterator[Tensor]:
    """Photos (1, channels, H, W): first with the marked patches hidden, then with all others hidden."""
    for visible in (~masks, masks):
        yield from (torch.where(mask, batch, absent) for mask in visible.flatten(0, 1))


def _scores(
    model: nn.Module,
    photos: Iterable[Tensor],
    direction: Tensor,
    on_done: Callable[[int], None] = lambda _num: None,
) -> Tensor:
    """Probability and logit of each photo (N, 2), float64."""
    return _both(logits_of_photos(model, photos, direction.device, on_done), direction)


def _both(logits: Tensor, direction: Tensor) -> Tensor:
    weights = direction.double().cpu()
    score = (logits * weights).sum(1)
    among = logits if (weights >= 0).all() else logits[:, weights[0] != 0]
    return torch.stack([_share(logits, weights, among), score], 1)


def _share(logits: Tensor, weights: Tensor, among: Tensor) -> Tensor:
    """The softmax of the explained class among some classes."""
    return (logits[:, int(weights[0].argmax())] - among.logsumexp(1)).exp()


def _tested(steps: Tensor, whole: Tensor, empty: Tensor, partly: Tensor) -> CurvePair:
    """From scores (2,), (A, 2) and (A, 2, S, 2) at the two ends and between."""
    full = whole.expand(len(empty), 1, 2)
    deletion = torch.cat([full, partly[:, 0], empty[:, None]], 1)
    insertion = torch.cat([empty[:, None], partly[:, 1], full], 1)
    return CurvePair(*(Curves(steps, deletion[..., kind], insertion[..., kind]) for kind in (0, 1)))
