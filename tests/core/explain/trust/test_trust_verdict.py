"""The verdict on curves that were made up."""

import pytest
import torch

from core.explain.trust.curves import CurvePair, Curves
from core.explain.trust.faithfulness import Faithfulness
from core.explain.trust.patches import Patches
from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK, Quoted, verdict

SHARES = torch.tensor([0, 0.1, 0.3, 0.7, 0.9, 1], dtype=torch.float64)
NOISY = (0.1, -0.1, 0.1, -0.1, 0.1, -0.1)  # A spread of 0.1.


def _tested(*scores: float) -> CurvePair:
    """Curves with these scores, one for each way of hiding, around 0.5 in the middle of the shares."""
    height = torch.tensor([[score] for score in scores], dtype=torch.float64) / 2
    middle = torch.ones(len(scores), 6, dtype=torch.float64)
    middle[:, [0, -1]] = 0
    height = height / torch.trapezoid(middle, SHARES)[:, None]
    ends = torch.tensor([0.9, 0.5, 0.5, 0.5, 0.5, 0.1], dtype=torch.float64)
    curves = Curves(SHARES, ends - height * middle, ends.flip(0) + height * middle)
    return CurvePair(curves, curves)


def _faithful(
    *scores: float, noise: tuple[float, ...] = NOISY, centre: float = 0.0, edges: float = 0.0
) -> Faithfulness:
    ways = tuple(f"way {number}" for number in range(len(scores)))
    random = tuple(_tested(*([each] * len(scores))) for each in noise)
    references = (_tested(*([each] * len(scores))) for each in (centre, edges))
    return Faithfulness((2, 2), Patches(2, 2, (4, 4)), ways, _tested(*scores), random, *references)


def test_the_made_up_scores_are_what_they_are_called() -> None:
    faithful = _faithful(0.2, 0.4)
    assert faithful.of_map.probability.scores.tolist() == pytest.approx([0.2, 0.4])
    assert faithful.score == pytest.approx(0.3)
    assert faithful.noise_spread == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("faithful", "grade", "failed"),
    [
        (_faithful(0.4, 0.4), BELIEVABLE, ()),
        # Six values: 5% of Student's t with 6 degrees of freedom lie above 1.943.
        (_faithful(0.195), BELIEVABLE, ()),
        (_faithful(0.194), NOISE, ("noise",)),
        (_faithful(0.4, 0.05), WEAK, ("noise with way 1",)),
        (_faithful(0.4, centre=0.51), WEAK, ("centre",)),
        (_faithful(0.4, centre=0.49, edges=0.49), BELIEVABLE, ()),
        (_faithful(0.4, centre=0.6, edges=0.6), WEAK, ("centre", "edges")),
        (_faithful(-0.4), NOISE, ("noise",)),
        (_faithful(0.0, noise=(0.0,) * 6), NOISE, ("noise",)),
        (_faithful(0.1, noise=(0.0,) * 6), BELIEVABLE, ()),
        # What beats nothing but the other references is still like noise.
        (_faithful(0.1, centre=-1, edges=-1), NOISE, ("noise",)),
    ],
)
def test_a_grade_needs_all_of_its_tests(faithful: Faithfulness, grade: str, failed: tuple[str, ...]) -> None:
    judged = verdict(faithful)
    assert (judged.grade, judged.failed) == (grade, failed)


def test_the_p_value_is_that_of_students_t() -> None:
    scipy = pytest.importorskip("scipy.stats")
    assert verdict(_faithful(0.3)).p_noise == pytest.approx(scipy.t.sf(3, df=6))


def test_what_is_quoted_is_on_the_curves() -> None:
    """Random orders count in both directions, so noise leaves what the mean of both gives."""
    judged = verdict(_faithful(0.4))
    change, spread = 0.2 / 0.9, 0.1 / 2 / 0.9  # Of the middle four of six points, to move the area by 0.2.
    random = {
        "lowest": pytest.approx(0.5 - spread),
        "highest": pytest.approx(0.5 + spread),
    }
    assert judged.whole == pytest.approx(0.9)
    assert judged.hiding == Quoted(showing=False, share=0.1, by_map=pytest.approx(0.5 - change), **random)
    assert judged.showing == Quoted(showing=True, share=0.3, by_map=pytest.approx(0.5 + change), **random)


@pytest.mark.parametrize("score", [-0.4, 0.0, 0.4])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_the_same_two_steps_are_quoted_whatever_the_curves_say(score: float, step: int) -> None:
    """Each step in turn speaks most for the map in one direction, and most against it in the other."""
    faithful = _faithful(score)
    curves = faithful.of_map.probability
    curves.deletion[:, step] -= 0.3
    curves.insertion[:, step] -= 0.3
    judged = verdict(faithful)
    assert (judged.hiding.showing, judged.hiding.share) == (False, 0.1)
    assert (judged.showing.showing, judged.showing.share) == (True, 0.3)
    assert judged.hiding.by_map == float(curves.deletion[0, 1])
    assert judged.showing.by_map == float(curves.insertion[0, 2])


@pytest.mark.parametrize(
    ("score", "moved", "grade", "contradicted"),
    [
        (0.4, 0.0, BELIEVABLE, False),
        # The lowest of the random orders is 0.15 / 0.9 higher: beyond it, and within what they give.
        (0.4, 0.16, BELIEVABLE, False),
        (0.4, 0.17, BELIEVABLE, True),
        (-0.4, 0.0, NOISE, False),
        # Within what random orders give, and beyond it.
        (0.0, -0.05, NOISE, False),
        (0.0, -0.06, NOISE, True),
    ],
)
def test_a_quoted_step_contradicts_a_grade_that_it_alone_would_not_give(
    score: float, moved: float, grade: str, *, contradicted: bool
) -> None:
    faithful = _faithful(score)
    faithful.of_map.probability.deletion[:, 1] += moved
    judged = verdict(faithful)
    assert judged.grade == grade
    assert judged.is_contradicted_by(judged.hiding) is contradicted
    assert not judged.is_contradicted_by(judged.showing)
