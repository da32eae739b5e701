"""Infidelity and sensitivity of explanations (Yeh 2019, arXiv:1901.09392), by captum."""

import importlib
from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor, nn

from core.explain.network.hooks import capture
from core.explain.network.tracing import logits_of

_SIDE = 7  # Covered squares have a seventh of the input's side, as in `core.explain.occlusion`.
_SAMPLES = 32
_RADIUS = 0.02  # Of the spread between the darkest and brightest values, as in captum for inputs in [0, 1].


def infidelity(
    model: nn.Module, batch: Tensor, maps: Tensor, direction: Tensor, *, num: int = _SAMPLES, seed: int = 0
) -> Tensor:
    """How far maps are from the effect of covering a square (N,); 0 is perfect (definition 2.1).

    It is the mean squared difference between the sum of the map over a square, and the fall of the score
    when the square gets the mean colour. Maps have no unit, so each counts times its best factor, be it
    negative. A map of zeros gets the mean squared fall of the score.

    Args:
        model: any network that gives logits (N, C).
        batch: preprocessed photos (N, channels, H, W).
        maps: for their pixels (N, H, W).
        direction: the explained scores (N, C), from `towards`.
        num: random squares for each photo.
        seed: of their places.
    """
    generator = torch.Generator().manual_seed(seed)

    def covered(photos: Tensor) -> tuple[Tensor, Tensor]:
        squares = _squares(photos, generator)
        return squares.to(photos), photos.masked_fill(squares, 0)

    def score(photos: Tensor) -> Tensor:
        each = len(photos) // len(batch)
        with capture(model, {}):
            logits = logits_of(model(photos.clone()))
        return (logits * direction.repeat_interleave(each, 0)).sum(1)

    with torch.no_grad():
        scores: Tensor = _metrics().infidelity(
            score,
            covered,
            batch.detach(),
            maps[:, None].expand_as(batch).contiguous(),
            n_perturb_samples=num,
            max_examples_per_batch=8,
            normalize=True,
        )
    return scores.detach()


def sensitivity(
    maps_of: Callable[[Tensor], Tensor],
    batch: Tensor,
    *,
    share: float = _RADIUS,
    num: int = _SAMPLES,
    seed: int = 0,
) -> Tensor:
    """The largest change of a map under small noise (N,), as a share of the map's own norm (SENS-MAX).

    The noise is uniform. The largest of ``num`` draws is a lower bound of the largest of all.

    Args:
        maps_of: the maps (N, h, w) of a batch (N, channels, H, W), always for the same class.
        batch: preprocessed photos, explained ``num`` times and once more.
        share: the noise's largest size, as a share of the spread between a photo's extremes.
        num: draws for each photo.
        seed: of the noise.
    """
    generator = torch.Generator().manual_seed(seed)

    def noisy(photos: Tensor) -> Tensor:
        flat = photos.flatten(1)
        radius = share * (flat.amax(1) - flat.amin(1))
        uniform = torch.rand(photos.shape, generator=generator, dtype=torch.float64).to(photos)
        return photos + radius[:, None, None, None] * (2 * uniform - 1)

    def explained(given: Tensor | tuple[Tensor]) -> tuple[Tensor]:
        photos = given[0] if isinstance(given, tuple) else given
        with torch.enable_grad():  # captum turns gradients off.
            return (maps_of(photos).detach().contiguous(),)

    changes: Tensor = _metrics().sensitivity_max(
        explained, batch.detach(), noisy, n_perturb_samples=num, max_examples_per_batch=len(batch)
    )
    return changes


def _metrics() -> ModuleType:
    """captum's metrics, imported at first use: that takes most of a second."""
    return importlib.import_module("captum.metrics")


def _squares(photos: Tensor, generator: torch.Generator) -> Tensor:
    """A square at a random place of each photo, boolean (N, channels, H, W)."""
    num, _, height, width = photos.shape
    rows, columns = (_stretches(num, side, generator) for side in (height, width))
    return (rows[:, None, :, None] & columns[:, None, None, :]).expand(photos.shape).to(photos.device)


def _stretches(num: int, side: int, generator: torch.Generator) -> Tensor:
    """A seventh of a line, at a random place of each of ``num`` lines, boolean (num, side)."""
    length = max(1, side // _SIDE)
    starts = torch.randint(0, side - length + 1, (num, 1), generator=generator)
    places = torch.arange(side)
    return (places >= starts) & (places < starts + length)
