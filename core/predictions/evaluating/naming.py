"""Names of evaluations, and whether one of a name was made with the same samples and weights."""

from core.checkpoints.store import Card
from core.predictions import evaluations
from core.predictions.evaluating.samples import Samples
from core.predictions.evaluations import Evaluation


def name_for(samples: Samples) -> str:
    """The default name of an evaluation on these samples."""
    return evaluations.usual_name(evaluations.data_name(samples.images), split_of(samples))


def split_of(samples: Samples) -> str:
    """The split of the samples; ``all`` if there are several."""
    splits = set(samples.splits[samples.indices].tolist())
    return samples.split or (splits.pop() if len(splits) == 1 else "all")


def difference(earlier: Evaluation, card: Card, samples: Samples) -> str | None:
    """How an evaluation differs from these images, this split and these weights, in words; None if not."""
    known = earlier.facts
    differs = {
        "other images": known.fingerprint not in (None, samples.images.fingerprint),
        "another split": known.split not in ("", split_of(samples)),
        "other weights": not earlier.is_older and known.weights_sha256 != card.weights_sha256,
    }
    return next((words for words, holds in differs.items() if holds), None)


def proposed_name(earlier: list[Evaluation], card: Card, samples: Samples) -> str:
    """The name for these samples, with a number where an evaluation of other samples has it."""
    usual = name_for(samples)
    same = next((each for each in earlier if each.name == usual), None)
    if same is None or difference(same, card, samples) is None:
        return usual
    return evaluations.free_name(usual, {each.name for each in earlier})
