"""Faithfulness of a map: its deletion and insertion curves beside those of references on the same photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt

import torch
from torch import Tensor, nn

from core.explain.network.folding import for_forward_passes
from core.explain.trust import references
from core.explain.trust.curves import CurvePair, Curves, OnShare, Subject, curves
from core.explain.trust.patches import Patches, patches_for, ranks

_NUM_NOISE = 6  # Half of them smooth, at the map's own cells; each counts in both directions.


@dataclass(frozen=True, slots=True, eq=False)
class Faithfulness:
    """The curves of a map of ``cells`` (h, w), and of the references that it must beat.

    ``noise`` holds random orders. A reversed order has the same score with the other sign, so each counts
    twice: the mean score of noise is 0, and its spread is that of twice as many orders.
    """

    cells: tuple[int, int]
    patches: Patches
    absent: tuple[str, ...]
    of_map: CurvePair
    noise: tuple[CurvePair, ...]
    centre: CurvePair
    edges: CurvePair

    @property
    def score(self) -> float:
        """Insertion area less deletion area, of the class's probability: from -1 to 1, and 0 for noise."""
        return self.of_map.probability.score

    @property
    def noise_spread(self) -> float:
        """Standard deviation of the score of random orders."""
        return sqrt(sum(each.probability.score**2 for each in self.noise) / len(self.noise))


def both_directions(faithful: Faithfulness) -> list[Curves]:
    """The probability's curves of all random orders, and of the same orders reversed."""
    curves = [each.probability for each in faithful.noise]
    return [*curves, *map(Curves.reversed, curves)]


def faithfulness(
    model: nn.Module,
    subject: Subject,
    maps: Sequence[Tensor],
    *,
    seed: int = 0,
    beside: Sequence[Faithfulness] = (),
    on_share: OnShare = lambda _share: None,
) -> list[Faithfulness]:
    """The faithfulness of several maps (h, w) of one photo, for one score.

    Maps with the same number of cells share their references. With two ways of hiding, a map costs 16 forward
    passes, and the references of each number of cells 128. They run on a copy of the network with its batch
    norms folded, in 0.65 of the time. The same seed gives the same scores.

    Args:
        model: any network that gives logits (N, C).
        subject: the photo, the score, and the ways of hiding.
        maps: raw maps, signed and unscaled.
        seed: of the noise, and of the order of equal cells.
        beside: earlier tests for this subject with this seed, whose references need no passes any more.
        on_share: receives the share of the passes that is done.

    Example:
        >>> subject = Subject(photo, towards(model(photo), 281), absent_values(photo))
        >>> (tested,) = faithfulness(model, subject, [maps[0]])
        >>> verdict(tested).grade
        'believable'
    """
    network = for_forward_passes(model, subject.batch)
    by_cells: dict[tuple[int, int], list[int]] = {}
    for place, each in enumerate(maps):
        by_cells.setdefault((each.shape[0], each.shape[1]), []).append(place)
    tested: dict[int, Faithfulness] = {}
    for done, (cells, places) in enumerate(by_cells.items()):
        alike = torch.stack([maps[place].float().cpu() for place in places])
        on_part = partial(_overall, on_share, done, len(by_cells))
        known = next((each for each in beside if each.cells == cells), None)
        tested |= dict(zip(places, _of_alike(network, subject, alike, seed, known, on_part), strict=True))
    return [tested[place] for place in range(len(maps))]


def _of_alike(
    model: nn.Module, subject: Subject, maps: Tensor, seed: int, known: Faithfulness | None, on_share: OnShare
) -> list[Faithfulness]:
    """The faithfulness of maps (M, h, w) with the same number of cells, beside known references if any."""
    batch, cells = subject.batch, (maps.shape[1], maps.shape[2])
    patches = patches_for(cells, (batch.shape[2], batch.shape[3]))
    others = [] if known else _references(maps, patches, batch, seed)
    orders = ranks(torch.cat([patches.values(maps), *others]), seed).to(batch.device)
    answered = curves(model, subject, orders, patches, on_share=on_share)
    of_maps, tested = answered[: len(maps)], answered[len(maps) :]
    *noise, centre, edges = [*known.noise, known.centre, known.edges] if known else tested
    ways = tuple(subject.absent)
    return [Faithfulness(cells, patches, ways, of_map, tuple(noise), centre, edges) for of_map in of_maps]


def _overall(on_share: OnShare, done: int, num_parts: int, share: float) -> None:
    on_share((done + share) / num_parts)


def _references(maps: Tensor, patches: Patches, batch: Tensor, seed: int) -> list[Tensor]:
    """Smooth noise, white noise, the centre and the photo's edges, each (num, rows, columns)."""
    half = _NUM_NOISE // 2
    smooth = patches.values(references.noise((maps.shape[1], maps.shape[2]), half, seed))
    white = references.noise((patches.rows, patches.columns), half, seed + 1)
    return [smooth, white, references.centre(patches), references.edges(batch, patches).cpu()]
