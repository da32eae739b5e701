"""The pair of method and layer to explain a network with, and why, in a sentence."""

from collections.abc import Sequence

from core.explain.maps.cam import CAM_METHODS
from core.trust.report.contents import PairEvidence, Recommendation, ReferenceScores
from core.trust.report.measuring import ALPHA

# Rank correlation from which on a picture is the same for every class.
SAME_CLASS = 0.99
_TIE = 0.01  # Difference of scores that does not matter; less than one photo more or less would change.
_USUAL = "grad_cam"


def recommended(
    pairs: Sequence[PairEvidence], references: ReferenceScores, num_photos: int
) -> Recommendation:
    """Of the pairs that beat noise, the one whose interval of the score has the highest lower end.

    A method whose pictures are the same for every class cannot tell why it is this one, and is left out. Of
    pairs that differ by 0.01 at most, one that needs no passes of its own is taken, and Grad-CAM first.
    """
    able = [each for each in pairs if each.p_random <= ALPHA and not _ignores_class(each)]
    if not able:
        return Recommendation(None, None, _none(pairs, num_photos))
    best = max(able, key=lambda each: each.low)
    chosen = min((each for each in able if each.low >= best.low - _TIE), key=_preference)
    rank = f"is as good as {best}" if chosen.score < best.score else "has the highest score"
    reason = f"On {_photos(num_photos)}, {chosen} {rank}: {_compared(chosen, references)}"
    return Recommendation(chosen.method, chosen.layer, reason)


def _ignores_class(pair: PairEvidence) -> bool:
    return pair.class_correlation is not None and pair.class_correlation >= SAME_CLASS


def _preference(pair: PairEvidence) -> tuple[bool, bool, float]:
    return pair.method not in CAM_METHODS, pair.method != _USUAL, -pair.low


def _none(pairs: Sequence[PairEvidence], num_photos: int) -> str:
    if len(pairs) * 0.5**num_photos > ALPHA:  # The smallest p-value that there can be.
        return (
            f"{_photos(num_photos).capitalize()} cannot tell {len(pairs)} maps from noise; test more photos."
        )
    if all(each.p_random > ALPHA for each in pairs):
        return f"On {_photos(num_photos)}, no method is better than noise at any of the layers."
    return f"On {_photos(num_photos)}, the maps that are better than noise look the same for every class."


def _compared(chosen: PairEvidence, references: ReferenceScores) -> str:
    others = {"a blob in the centre": references.centre.score, "the photo's edges": references.edges.score}
    name, highest = max(others.items(), key=lambda each: each[1])
    beats = "above" if chosen.score > highest else "but not above"
    return (
        f"{_signed(chosen.score)} (95% interval {_signed(chosen.low)} to {_signed(chosen.high)}), where "
        f"random maps have 0; "
        f"{beats} {name} ({_signed(highest)})."
    )


def _photos(number: int) -> str:
    return "1 photo" if number == 1 else f"{number:,} photos"


def _signed(score: float) -> str:
    return f"{score:+.2f}".replace("-", "−")
