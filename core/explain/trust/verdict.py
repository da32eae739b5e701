"""The verdict on a map: believable, weak, or no better than noise, with the tests that it failed."""

from dataclasses import dataclass
from math import copysign, inf, sqrt

from scipy.special import stdtr

from core.explain.trust.curves import CurvePair, Curves
from core.explain.trust.faithfulness import Faithfulness, both_directions

BELIEVABLE = "believable"
WEAK = "weak"
NOISE = "no better than noise"
GRADES = (BELIEVABLE, WEAK, NOISE)

_ALPHA = 0.05
_MOST = 0.3  # Of the photo: the change that is quoted is of the places where the map is brightest.


@dataclass(frozen=True, slots=True)
class Quoted:
    """The class's probability for the whole photo, with the map's first places changed, and with random ones.

    ``showing`` tells whether the brightest ``share`` of the photo is all that is shown, or what is hidden.
    Probabilities are means over the ways of hiding; ``lowest`` and ``highest`` are of single random orders.
    """

    showing: bool
    share: float
    whole: float
    changed: float
    at_random: float
    lowest: float
    highest: float

    @property
    def gain(self) -> float:
        """How much more of the change that a good map makes there is than with random places."""
        return (self.changed - self.at_random) * (1 if self.showing else -1)


@dataclass(frozen=True, slots=True)
class MapVerdict:
    """A grade, one of `GRADES`; the p-value against noise; and the tests that the map failed, in words."""

    grade: str
    p_noise: float
    failed: tuple[str, ...]
    quoted: Quoted


def verdict(faithful: Faithfulness) -> MapVerdict:
    """Judge a map by its deletion and insertion curves, on this photo, with these ways of hiding.

    - *No better than noise*: a t-test of its score against those of random orders has p > 0.05.
    - *Weak*: it beats noise, but not with every way of hiding, or a blob in the centre or the photo's edges
      score higher by more than the spread of noise.
    - *Believable*: it passes all of these.
    """
    p_noise = _p_noise(faithful)
    failed = ("noise",) if p_noise > _ALPHA else tuple(_failed(faithful))
    grade = NOISE if "noise" in failed else WEAK if failed else BELIEVABLE
    return MapVerdict(grade, p_noise, failed, _quoted(faithful, grade))


def _p_noise(faithful: Faithfulness) -> float:
    """One-sided: the mean of noise is 0, its spread is estimated from as many values as there are orders."""
    spread = faithful.noise_spread
    ratio = faithful.score / spread if spread else copysign(inf, faithful.score) if faithful.score else 0.0
    return float(1 - stdtr(len(faithful.noise), ratio))


def _failed(faithful: Faithfulness) -> list[str]:
    by_way = zip(faithful.absent, _scores(faithful.of_map), _spreads(faithful), strict=True)
    failed = [f"noise with {way}" for way, score, spread in by_way if score <= spread]
    least = faithful.score + faithful.noise_spread
    references = {"centre": faithful.centre, "edges": faithful.edges}
    return failed + [name for name, each in references.items() if each.probability.score > least]


def _scores(tested: CurvePair) -> list[float]:
    scores: list[float] = tested.probability.scores.tolist()
    return scores


def _spreads(faithful: Faithfulness) -> list[float]:
    """The spread of noise with each way of hiding."""
    by_way = zip(*map(_scores, faithful.noise), strict=True)
    return [sqrt(sum(score**2 for score in scores) / len(scores)) for scores in by_way]


def _quoted(faithful: Faithfulness, grade: str) -> Quoted:
    """The change that speaks most for the map; of a map like noise, the one that speaks most against it."""
    changes = [change for showing in (False, True) for change in _changes(faithful, showing=showing)]
    return (min if grade == NOISE else max)(changes, key=lambda quoted: quoted.gain)


def _changes(faithful: Faithfulness, *, showing: bool) -> list[Quoted]:
    of_map = faithful.of_map.probability
    curves = [_mean_curve(each, showing=showing) for each in (of_map, *both_directions(faithful))]
    changed, *random = curves
    whole = float(of_map.deletion[0, 0])
    by_share = zip(of_map.shares.tolist(), changed, zip(*random, strict=True), strict=True)
    return [
        Quoted(showing, share, whole, value, sum(others) / len(others), min(others), max(others))
        for share, value, others in by_share
        if 0 < share <= _MOST
    ]


def _mean_curve(curves: Curves, *, showing: bool) -> list[float]:
    values: list[float] = (curves.insertion if showing else curves.deletion).mean(0).tolist()
    return values
