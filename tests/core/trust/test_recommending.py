"""Which pair is recommended, of made-up ones, and which are believable."""

from dataclasses import replace

import pytest

from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK
from core.trust.report.measuring import grade
from core.trust.report.recommending import recommended
from tests.support.results.trust_reports import REFERENCES, evidence


def test_the_pair_with_the_highest_lower_end_is_recommended() -> None:
    """A higher mean with a wider interval does not win."""
    sure, wide = evidence("layer_cam", "bn2", 0.3), replace(evidence("grad_cam", "bn2", 0.35), low=0.2)
    chosen = recommended([wide, sure, evidence("xgrad_cam", "bn2", 0.1)], REFERENCES, 24)
    assert (chosen.method, chosen.layer) == ("layer_cam", "bn2")
    assert chosen.reason == (
        "On 24 photos, layer_cam at bn2 has the highest score: +0.30 (95% interval +0.25 to +0.35), where "
        "random maps have 0; above a blob in the centre (+0.20)."
    )


def test_of_equals_grad_cam_is_recommended_and_a_method_with_passes_of_its_own_last() -> None:
    equal = [evidence(method, "bn2", 0.3) for method in ("score_cam", "cam", "hires_cam", "grad_cam")]
    assert recommended(equal, REFERENCES, 24).method == "grad_cam"
    assert recommended(equal[:3], REFERENCES, 24).method == "cam"
    nearly = [evidence("finer_cam", "bn2", 0.305), equal[3]]
    assert (
        "grad_cam at bn2 is as good as finer_cam at bn2: +0.30" in recommended(nearly, REFERENCES, 24).reason
    )
    better = replace(equal[0], low=0.262)
    assert recommended([better, *equal[1:]], REFERENCES, 24).method == "score_cam"


def test_pairs_like_noise_or_the_same_for_every_class_are_not_recommended() -> None:
    like_noise = evidence("grad_cam", "bn2", 0.4, p_random=0.06)
    same = replace(evidence("eigen_cam", "bn2", 0.5), class_correlation=1.0)
    able = evidence("layer_cam", "bn2", 0.1)
    chosen = recommended([like_noise, same, able], REFERENCES, 24)
    assert chosen.method == "layer_cam"
    assert "but not above a blob in the centre (+0.20)" in chosen.reason
    nothing = recommended([like_noise], REFERENCES, 24)
    assert (nothing.method, nothing.layer) == (None, None)
    assert nothing.reason == "On 24 photos, no method is better than noise at any of the layers."
    assert "look the same for every class" in recommended([like_noise, same], REFERENCES, 24).reason


def test_too_few_photos_are_not_taken_for_evidence_of_noise() -> None:
    """Four photos that all beat noise have p = 1/16."""
    chosen = recommended([evidence("grad_cam", "bn2", 0.4, p_random=1 / 16)], REFERENCES, 4)
    assert chosen.reason == "4 photos cannot tell 1 maps from noise; test more photos."


@pytest.mark.parametrize(
    ("p_random", "score", "sanity", "expected"),
    [
        (0.051, 0.9, 0.0, NOISE),
        (0.049, 0.19, 0.0, WEAK),
        (0.049, 0.21, 0.0, BELIEVABLE),
        (0.049, 0.21, 0.9, WEAK),
        (0.049, 0.21, None, BELIEVABLE),
    ],
)
def test_a_believable_pair_beats_noise_and_references_and_depends_on_the_weights(
    p_random: float, score: float, sanity: float | None, expected: str
) -> None:
    assert grade(p_random, score, 0.2, sanity) == expected
