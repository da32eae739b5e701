"""Three more checks of the maps of one photo: sanity, stability, and whether the class matters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from core.explain.network.tracing import trace
from core.explain.trust.agreement import rank_correlation
from core.explain.trust.sanity import randomised
from core.explain.trust.stability import under_noise, under_shifts
from core.explanation.forward_pass import ForwardPass, answers
from core.explanation.question import INPUT, Score
from core.trust.pairs import MethodAtLayer

_STAGES = 2  # That are randomised for sanity: the head and the last stage.
_DRAWS = 4

Maps = dict[MethodAtLayer, Tensor]


@dataclass(frozen=True, slots=True)
class Checks:
    """Rank correlations in [-1, 1] of a pair's picture of one photo with other pictures; NaN if it is empty.

    Attributes:
        sanity: with that of the network whose head and last stage have random weights (Adebayo 2018).
        stability: mean over those of the photo moved by a pixel, and with noise of 2 %.
        class_correlation: with that of another class, drawn at random.
    """

    sanity: float
    stability: float
    class_correlation: float


def maps_of(passed: ForwardPass, pairs: Sequence[MethodAtLayer], class_idx: int) -> Maps:
    """The raw map (h, w) of each pair, for the class of the one photo in a pass."""
    by_method: dict[str, list[str]] = {}
    for pair in pairs:
        by_method.setdefault(pair.method, []).append(pair.layer)
    maps: Maps = {}
    for method, layers in by_method.items():
        asked = replace(MethodAtLayer(method, layers[0]).question, scores=(Score(class_idx),))
        if asked.needs_layer:
            asked = replace(asked, target_layers=tuple(layers))
        ((explanation,),) = answers(passed, asked)
        maps |= {
            MethodAtLayer(method, layer): torch.from_numpy(each.raw.copy())
            for layer, each in explanation.maps.items()
        }
    return {pair: maps[pair] for pair in pairs}


def checks(
    passed: ForwardPass, maps: Mapping[MethodAtLayer, Tensor], seed: int
) -> dict[MethodAtLayer, Checks]:
    """The checks of the maps (h, w) of one photo, which are those of its most probable class.

    A pair costs 10 passes with gradients, and each number of cells 8 more, by networks with random weights.
    """
    class_idx = int(passed.traced.logits.argmax())
    rival = _another(class_idx, passed.traced.logits.shape[1], seed)
    others = maps_of(passed, list(maps), rival)
    sane = _sanity(passed, maps, class_idx, seed)
    return {
        pair: Checks(
            sanity=sane[pair],
            stability=_stability(passed, pair, class_idx, seed),
            class_correlation=_correlation(each, others[pair]),
        )
        for pair, each in maps.items()
    }


def _another(class_idx: int, num_classes: int, seed: int) -> int:
    """Another class, each with the same probability; the same one if there is no other."""
    step = np.random.default_rng(seed).integers(1, num_classes) if num_classes > 1 else 0
    return int((class_idx + step) % num_classes)


def _correlation(shown: Tensor, other: Tensor) -> float:
    return float(rank_correlation(shown.relu()[None], other.relu()[None]))


def _sanity(
    passed: ForwardPass, maps: Mapping[MethodAtLayer, Tensor], class_idx: int, seed: int
) -> dict[MethodAtLayer, float]:
    alike: dict[torch.Size, list[MethodAtLayer]] = {}
    for pair, each in maps.items():
        alike.setdefault(each.shape, []).append(pair)
    sane: dict[MethodAtLayer, float] = {}
    for pairs in alike.values():
        stacked = partial(_stacked, passed, pairs, class_idx)
        *_, last = islice(randomised(passed.checkpoint.model, passed.batch, stacked, seed=seed), _STAGES)
        sane |= dict(zip(pairs, last.rank_correlation.tolist(), strict=True))
    return sane


def _stacked(passed: ForwardPass, pairs: Sequence[MethodAtLayer], class_idx: int, model: nn.Module) -> Tensor:
    """What the pictures of pairs with maps of one size show (M, h, w), for another network."""
    network = replace(passed.checkpoint, model=model)
    maps = explained(network, passed.batch, pairs, class_idx)
    return torch.stack([each.relu() for each in maps.values()])


def _stability(passed: ForwardPass, pair: MethodAtLayer, class_idx: int, seed: int) -> float:
    def shown(batch: Tensor) -> Tensor:
        return explained(passed.checkpoint, batch, [pair], class_idx)[pair].relu()[None]

    moved, noisy = under_shifts(shown, passed.batch), under_noise(shown, passed.batch, num=_DRAWS, seed=seed)
    return float(torch.cat([moved.rank_correlation, noisy.rank_correlation]).mean())


def explained(network: Checkpoint, batch: Tensor, pairs: Sequence[MethodAtLayer], class_idx: int) -> Maps:
    """The raw maps (h, w) of one photo by a network whose logits need not be finite."""
    # Not `forward_pass`, which refuses logits that are not finite: those of random weights may overflow.
    layers = list(dict.fromkeys(pair.layer for pair in pairs if pair.layer != INPUT))
    traced = trace(network.model, batch, layers)
    return maps_of(ForwardPass(network, batch, traced, 0.0), pairs, class_idx)
