"""What is said of each concept: its share, how common it is, its channels, and its classes."""

from collections.abc import Sequence

import numpy as np

from core.arrays import FloatArray
from core.inside.channels.class_weights import ClassWeight, spoken_for
from core.inside.concepts.report import ClassSpokenFor, ConceptFacts, SampleShares

_CHANNELS = 5
_NOTICEABLE = 0.1  # Of what the layer contributes.


def concept_facts(
    directions: FloatArray,
    samples: Sequence[SampleShares],
    weights: FloatArray | None,
    class_names: Sequence[str],
) -> tuple[ConceptFacts, ...]:
    """The facts of each concept (R, K).

    Args:
        directions: the concepts.
        samples: their shares in each photo, at least one.
        weights: of the head (C, K), if it reads the layer's mean; else the concepts' classes stay empty.
        class_names: of the head's outputs.
    """
    shares = np.array([sample.shares for sample in samples])  # (N, R)
    of_layer = np.array([[sample.logit - sample.bias] for sample in samples])
    relative = np.divide(shares, of_layer, out=np.zeros_like(shares), where=of_layer != 0)
    by_concept = None if weights is None else weights @ directions.T  # (C, R)
    facts = []
    for concept, direction in enumerate(directions):
        most: Sequence[ClassWeight] = ()
        least: Sequence[ClassWeight] = ()
        if by_concept is not None:
            spoken = spoken_for(by_concept, concept)
            most, least = spoken.most, spoken.least
        facts.append(
            ConceptFacts(
                name="",
                mean_share=float(shares[:, concept].mean()),
                photos=float((relative[:, concept] >= _NOTICEABLE).mean()),
                channels=tuple(np.argsort(-direction, kind="stable")[:_CHANNELS].tolist()),
                speaks_for=_named(most, class_names),
                speaks_against=_named(least, class_names),
            )
        )
    return tuple(facts)


def _named(weights: Sequence[ClassWeight], class_names: Sequence[str]) -> tuple[ClassSpokenFor, ...]:
    return tuple(ClassSpokenFor(each.class_idx, class_names[each.class_idx], each.weight) for each in weights)
