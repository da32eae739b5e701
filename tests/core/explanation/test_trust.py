"""Whether the maps of an explanation can be believed: numbers, a verdict and a sentence."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.store import Checkpoint
from core.explain.trust.verdict import BELIEVABLE, NOISE, WEAK, MapVerdict, Quoted
from core.explanation import trust as trust_module
from core.explanation.answer import Explanation
from core.explanation.question import Question, Score
from core.explanation.trust import UNTESTABLE, Trust, as_json, curves_csv, trust
from tests.support.results.questions import explained

HIDING = Quoted(showing=False, share=0.1, by_map=0.12, lowest=0.6, highest=0.9)
SHOWING = Quoted(showing=True, share=0.3, by_map=0.75, lowest=0.001, highest=0.2)


@pytest.fixture(scope="module")
def answer(small: Checkpoint) -> Explanation:
    batch = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    return explained(small, batch, Question(target_layers=("bn2", "blocks.2")))[0]


@pytest.fixture(scope="module")
def trusted(small: Checkpoint, answer: Explanation) -> dict[str, Trust]:
    batch = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    positive = {layer: replace(each, raw=np.abs(each.raw)) for layer, each in answer.maps.items()}
    return trust(small, batch, replace(answer, maps=positive))


@pytest.mark.slow
def test_the_score_is_insertion_less_deletion_and_every_reference_is_there(trusted: dict[str, Trust]) -> None:
    written = as_json(trusted["bn2"])
    assert written["score"] == pytest.approx(written["insertion"] - written["deletion"], abs=1e-12)
    by_way = written["score_by_hiding"]
    assert isinstance(by_way, dict)
    assert list(by_way) == ["blur", "mean colour"]
    assert written["score"] == pytest.approx(sum(by_way.values()) / 2, abs=1e-12)
    references = written["references"]
    assert isinstance(references, dict)
    assert list(references) == ["random", "centre", "edges"]
    assert references["random"]["score"] == 0
    assert references["random"]["spread"] > 0
    assert written["verdict"] in {BELIEVABLE, WEAK, NOISE}


def test_the_curves_begin_at_the_whole_photo_and_the_file_has_all_of_them(
    trusted: dict[str, Trust], answer: Explanation
) -> None:
    rows = list(csv.DictReader(io.StringIO(curves_csv(trusted["bn2"]).decode())))
    assert len(rows) == (1 + 2 + 6) * 2 * 2 * 6
    probability = float(answer.logits.softmax(0)[answer.class_idx])
    whole = {row["probability"] for row in rows if (row["curve"], row["share"]) == ("deletion", "0.0")}
    assert len(whole) == 1
    assert float(whole.pop()) == pytest.approx(probability, rel=1e-4)
    assert {row["order"] for row in rows} == {"map", "centre", "edges", *(f"random {n}" for n in range(1, 7))}


@pytest.mark.slow
def test_a_class_against_another_is_tested_by_their_two_probabilities(
    small: Checkpoint, batch: Tensor
) -> None:
    asked = explained(small, batch[:1], Question(scores=(Score(1, against=0),)))[0]
    (tested,) = trust(small, batch[:1], asked).values()
    one, other = (float(asked.logits[idx]) for idx in (1, 0))
    assert tested.verdict.whole == pytest.approx(1 / (1 + np.exp(other - one)), rel=1e-4)
    names = small.card.class_names
    assert f"{names[1]} (rather than {names[0]})" in tested.sentence


def test_a_map_without_positive_evidence_has_nothing_to_test(small: Checkpoint, answer: Explanation) -> None:
    empty = {layer: replace(each, raw=-np.abs(each.raw)) for layer, each in answer.maps.items()}
    assert trust(small, torch.zeros(1, 3, 160, 160), replace(answer, maps=empty)) == {}
    assert as_json(None) == {"verdict": None, "sentence": UNTESTABLE}


def _sentence(
    made: Trust, grade: str, failed: tuple[str, ...] = (), *, hidden: float = 0.12, shown: float = 0.75
) -> str:
    quoted = replace(HIDING, by_map=hidden), replace(SHOWING, by_map=shown)
    judged = MapVerdict(grade, 0.01, failed, 0.91, *quoted)
    return replace(made, verdict=judged, reason=trust_module._reason(judged, "elephant", None)).sentence


def test_the_sentence_quotes_what_was_measured(trusted: dict[str, Trust]) -> None:
    assert _sentence(trusted["bn2"], BELIEVABLE) == (
        "Believable: hiding the brightest 10% of the photo takes elephant from 91% to 12% (a random 10%: "
        "60% to 90%); the brightest 30% alone give 75% (a random 30%: <1% to 20%)."
    )


def test_the_sentence_of_a_believable_map_says_what_speaks_against_it(trusted: dict[str, Trust]) -> None:
    assert _sentence(trusted["bn2"], BELIEVABLE, shown=0.05) == (
        "Believable: hiding the brightest 10% of the photo takes elephant from 91% to 12% (a random 10%: "
        "60% to 90%), but the brightest 30% alone give 5% (a random 30%: <1% to 20%). Over all shares from "
        "10% to 90%, the map beats random places."
    )


def test_a_step_within_what_random_places_give_speaks_against_a_believable_map(
    trusted: dict[str, Trust],
) -> None:
    assert "to 61% (a random 10%: 60% to 90%), but the brightest 30%" in _sentence(
        trusted["bn2"], BELIEVABLE, hidden=0.61
    )


def test_the_sentence_of_a_map_like_noise_sends_the_reader_elsewhere(trusted: dict[str, Trust]) -> None:
    assert _sentence(trusted["bn2"], NOISE, ("noise",), hidden=0.83, shown=0.2) == (
        "No better than noise: hiding the brightest 10% of the photo takes elephant from 91% to 83% (a "
        "random 10%: 60% to 90%); the brightest 30% alone give 20% (a random 30%: <1% to 20%). Another layer "
        "or method may do better."
    )


def test_the_sentence_of_a_map_like_noise_says_what_speaks_for_it(trusted: dict[str, Trust]) -> None:
    assert _sentence(trusted["bn2"], NOISE, ("noise",)) == (
        "No better than noise: hiding the brightest 10% of the photo takes elephant from 91% to 12% (a "
        "random 10%: 60% to 90%); the brightest 30% alone give 75% (a random 30%: <1% to 20%). Over all "
        "shares from 10% to 90%, the map does not beat random places. Another layer or method may do better."
    )


def test_the_sentence_of_a_weak_map_names_the_tests_that_it_failed(trusted: dict[str, Trust]) -> None:
    failed = ("noise with blur", "edges")
    assert _sentence(trusted["bn2"], WEAK, failed) == (
        "Weak: hiding the brightest 10% of the photo takes elephant from 91% to 12% (a random 10%: 60% to "
        "90%); the brightest 30% alone give 75% (a random 30%: <1% to 20%). But with blur it is no better "
        "than noise, and the photo's own edges score higher."
    )
