"""How well the maps of one scene show its object, and how faithful they are to the network."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.explain.network.folding import for_forward_passes
from core.explain.network.tracing import towards, trace
from core.explain.trust import references
from core.explain.trust.absent import absent_values
from core.explain.trust.curves import Curves, Subject
from core.explain.trust.faithfulness import Faithfulness, faithfulness
from core.explain.trust.localisation import localisation
from core.explain.trust.patches import Patches, patches_for, ranks
from tests.benchmarks.planting.methods import Answer, Asked, Contestant, shown

_CELLS = (7, 7)  # Of random maps.
_NUM_RANDOM = 6
_TOLERANCE = 15 / 224  # Of the side, between the brightest place and the object: Zhang's 15 pixels.


@dataclass(frozen=True, slots=True)
class Scores:
    """How a map overlaps the object; areas under its deletion and insertion curves; their difference."""

    energy: float
    pointing: float
    iou: float
    deletion: float
    insertion: float
    difference: float


def scored(
    asked: Asked, mask: NDArray[np.bool_], methods: Mapping[str, Contestant], colour: Sequence[float]
) -> dict[str, Scores]:
    """The scores of each method's map of a scene, and of the references.

    ``mask``, ``centre``, ``edges`` and ``random`` are maps that know no network: the object itself, a blob in
    the middle, the strength of edges, and the mean of several maps of 7 × 7 random cells.

    Args:
        asked: the scene and its class.
        mask: true on the object (H, W).
        methods: by name.
        colour: the mean colour of the data, preprocessed, for hidden patches.
    """
    patches = patches_for(asked.size, asked.size)
    answers = {name: method(asked) for name, method in methods.items()}
    answers |= _references(asked, mask, patches)
    tested = _faithful(asked, answers, patches, colour)
    scores = {name: _scores(answer.shown, mask, *_areas(tested[name])) for name, answer in answers.items()}
    return scores | {"random": _random(asked, mask, next(iter(tested.values())))}


def _references(asked: Asked, mask: NDArray[np.bool_], patches: Patches) -> dict[str, Answer]:
    maps = {
        "mask": torch.from_numpy(mask.astype(np.float32)),
        "centre": torch.exp(8 * references.centre(patches)[0]),
        "edges": references.edges(asked.batch, patches)[0],
    }
    return {name: Answer(each, shown(each, asked.size)) for name, each in maps.items()}


def _faithful(
    asked: Asked, answers: Mapping[str, Answer], patches: Patches, colour: Sequence[float]
) -> dict[str, Faithfulness]:
    """Maps that order the patches alike are tested once: the curves depend on nothing else."""
    direction = towards(trace(asked.model, asked.batch, []).logits.detach(), asked.class_idx)
    subject = Subject(asked.batch, direction, absent_values(asked.batch, colour))
    # Of as many cells as there are patches, so that all maps share their references.
    maps = {name: patches.values(answer.raw[None].float())[0] for name, answer in answers.items()}
    orders = {name: ranks(each).numpy().tobytes() for name, each in maps.items()}
    different = {order: maps[name] for name, order in orders.items()}
    quick = for_forward_passes(asked.model, asked.batch)
    faithful = faithfulness(quick, subject, list(different.values()))
    tested = dict(zip(different, faithful, strict=True))
    return {name: tested[order] for name, order in orders.items()}


def _random(asked: Asked, mask: NDArray[np.bool_], faithful: Faithfulness) -> Scores:
    """Of random maps, the mean; each order of the patches counts in both directions."""
    orders = [curves for pair in faithful.noise for curves in _both_directions(pair.probability)]
    deletion = float(np.mean([each.deletion_area for each in orders]))
    insertion = float(np.mean([each.insertion_area for each in orders]))
    maps = references.noise(_CELLS, _NUM_RANDOM, seed=0)
    each = [_scores(shown(one, asked.size), mask, deletion, insertion) for one in maps]
    return Scores(*np.mean([astuple(one) for one in each], axis=0).tolist())


def _both_directions(curves: Curves) -> tuple[Curves, Curves]:
    return curves, curves.reversed()


def _scores(heat: NDArray[np.float32], mask: NDArray[np.bool_], deletion: float, insertion: float) -> Scores:
    overlap = localisation(heat, mask, tolerance=_TOLERANCE * len(mask)).overlap
    return Scores(overlap.energy, overlap.pointing, overlap.iou, deletion, insertion, insertion - deletion)


def _areas(faithful: Faithfulness) -> tuple[float, float]:
    curves = faithful.of_map.probability
    return curves.deletion_area, curves.insertion_area
