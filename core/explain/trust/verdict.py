"""The verdict on a map: believable, weak, or no better than noise, with the tests that it failed."""

from dataclasses import dataclass
from math import copysign, inf, sqrt

from core.explain.trust.curves import CurvePair
from core.explain.trust.faithfulness import Faithfulness, both_directions

BELIEVABLE = "believable"
WEAK = "weak"
NOISE = "no better than noise"
GRADES = (BELIEVABLE, WEAK, NOISE)

# Shares of the photo that are quoted of every map, whatever they say: one hidden, one shown alone.
HIDDEN, SHOWN = 0.1, 0.3
_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Quoted:
    """The class's probability with a share of the photo changed: by the map's order, and by random orders.

    ``showing`` tells whether the brightest ``share`` is all that is shown, or what is hidden. Probabilities
    are means over the ways of hiding: ``by_map``, and the ``lowest`` and ``highest`` of random orders.
    """

    showing: bool
    share: float
    by_map: float
    lowest: float
    highest: float

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the map's order does better here than every random order."""
        return self.by_map > self.highest if self.showing else self.by_map < self.lowest


@dataclass(frozen=True, slots=True)
class MapVerdict:
    """A judgement from all steps of the curves, and two steps of them that are always quoted.

    Attributes:
        grade: one of `GRADES`.
        p_noise: the p-value against noise.
        failed: the tests that the map failed, in words.
        whole: the class's probability for the whole photo.
        hiding: with the brightest 10 % hidden.
        showing: with only the brightest 30 % shown.
    """

    grade: str
    p_noise: float
    failed: tuple[str, ...]
    whole: float
    hiding: Quoted
    showing: Quoted

    def is_contradicted_by(self, quoted: Quoted) -> bool:
        """Whether this step alone says otherwise than the grade, which comes from all steps."""
        return quoted.is_beyond_chance is (self.grade == NOISE)


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
    hiding, showing = (_quoted(faithful, showing=each) for each in (False, True))
    whole = float(faithful.of_map.probability.deletion[0, 0])
    return MapVerdict(grade, p_noise, failed, whole, hiding, showing)


def _p_noise(faithful: Faithfulness) -> float:
    """One-sided: the mean of noise is 0, its spread is estimated from as many values as there are orders."""
    from scipy.special import stdtr  # noqa: PLC0415 (a third of a second, for those who test a map)

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


def _quoted(faithful: Faithfulness, *, showing: bool) -> Quoted:
    of_map, share = faithful.of_map.probability, SHOWN if showing else HIDDEN
    step = of_map.shares.tolist().index(share)
    by_map, *random = (
        float((each.insertion if showing else each.deletion)[:, step].mean())
        for each in (of_map, *both_directions(faithful))
    )
    return Quoted(showing, share, by_map, min(random), max(random))
