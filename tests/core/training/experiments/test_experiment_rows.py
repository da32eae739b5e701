"""The rows of a table: means, intervals, and comparisons on the same test images only."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from core.data.image_set import ImageSet
from core.evaluation.comparing.significance import mcnemar
from core.training.experiments import table
from core.training.experiments.plan import Plan, PlannedRun
from core.training.experiments.rows import VariantRow, rows
from core.training.experiments.scores import RunScores
from core.training.experiments.table import ExperimentTable
from tests.support.trainings.short_experiments import SLOW, SMOOTH, short_plan

BOTH = {"name": "both", "builds_on": "smooth", "change": {"optimiser": {"lr": 0.0}}}


def images(groups: list[int] | None = None) -> ImageSet:
    numbers = None if groups is None else np.array(groups)
    ids = tuple(f"s{number}" for number in range(8))
    return ImageSet("made", ("a", "b"), np.arange(8) % 2, ids, _no_image, "f00", groups=numbers)


def _no_image(index: int) -> Image.Image:
    raise AssertionError(index)


def scores(run: PlannedRun, right: str, first: int = 0) -> RunScores:
    """A run with these right and wrong test images, from sample ``first`` on."""
    share = right.count("+") / len(right)
    predictions = pa.table(
        {
            "sample_id": [f"s{first + number}" for number in range(len(right))],
            "label": pa.array([1] * len(right), pa.int32()),
            "predicted": pa.array([int(each == "+") for each in right], pa.int32()),
        }
    )
    test = {"accuracy": share, "balanced_accuracy": share / 2, "lowest_recall": share / 4}
    validation = dict.fromkeys(test, 0.5 + run.seed / 10)
    return RunScores(run, predictions, test, validation, 10.0 + run.seed, 1_234)


def _table(plan: Plan, of: Iterable[VariantRow]) -> ExperimentTable:
    return ExperimentTable(plan, tuple(of), None, {})


def made(plan: Plan, *right: str, of: ImageSet | None = None) -> dict[str, VariantRow]:
    measured = [scores(run, each) for run, each in zip(plan.runs, right, strict=False)]
    return {row.variant.name: row for row in rows(plan, measured, of or images())}


def test_a_row_has_the_means_of_its_seeds() -> None:
    found = made(short_plan(SMOOTH), "+-+-++++", "++++++++", "++++++--", "++++++--")
    plain, smooth = found["plain"], found["smooth"]
    assert plain.score is not None
    assert (plain.score.mean, plain.test["balanced_accuracy"]) == (0.75, 0.375)
    assert (plain.validation, plain.seconds, plain.parameters) == (0.55, 10.5, 1_234)
    assert (plain.against_base, plain.against_parent) == (None, None)
    assert smooth.against_base is not None
    assert smooth.against_base.difference.mean == pytest.approx(0.125)
    assert smooth.against_base.by_seed == {0: _plain(2, 0), 1: _plain(0, 0)}
    assert smooth.against_base.pooled.p_value == mcnemar(2, 0).p_value


def _plain(num_fixed: int, num_broken: int) -> object:
    """McNemar's test where each sample is a group."""
    test = mcnemar(num_fixed, num_broken)
    return type(test)(num_fixed, num_broken, test.p_value, (num_fixed, num_broken))


def test_a_variant_is_compared_with_the_one_that_it_builds_on() -> None:
    found = made(short_plan(SMOOTH, BOTH, seeds=1), "+-+-++++", "++++++++", "++++++--")
    assert found["smooth"].against_parent is None
    against = found["both"].against_parent
    assert against is not None
    assert (against.pooled.num_fixed, against.pooled.num_broken) == (0, 2)


def test_frames_of_one_group_count_as_one() -> None:
    grouped = images([0, 0, 0, 0, 1, 1, 2, 2])
    found = made(short_plan(SMOOTH, seeds=1), "----++++", "++++++++", of=grouped)
    against, score = found["smooth"].against_base, found["plain"].score
    assert against is not None
    assert score is not None
    assert against.pooled.p_value == 1.0
    assert (score.method, against.difference.method) == ("groups of 1 seed", "groups of 1 seed")


def test_other_test_images_are_not_compared() -> None:
    plan = short_plan(SMOOTH, SLOW, seeds=1)
    first, second, third = plan.runs
    measured = [scores(first, "++--++--"), scores(second, "++++", first=4), scores(third, "++++++++")]
    by_name = {row.variant.name: row for row in rows(plan, measured, images())}
    assert by_name["smooth"].against_base is None
    assert by_name["slow"].against_base is not None
    assert table.as_frame(list(by_name.values())).set_index("variant")["p_vs_base"].isna().tolist() == [
        True,
        True,
        False,
    ]


def test_an_interval_without_width_is_explained() -> None:
    plan = short_plan(SMOOTH)
    found = made(plan, "++++++--", "+++++++-", "++++++--", "++++++++")
    said = "every seed gives the same for plain: an interval over seeds has no width there"
    assert any(line.startswith(said) for line in table.lines(_table(plan, found.values())))
    varied = made(plan, "++++++--", "+++++++-", "+++++---", "++++++++")
    assert not any("every seed" in line for line in table.lines(_table(plan, varied.values())))


def test_unfinished_variants_have_a_row_of_their_name_only() -> None:
    found = made(short_plan(SMOOTH), "++++++--")
    assert found["smooth"] == VariantRow(found["smooth"].variant)
    printed = "\n".join(table.lines(_table(short_plan(SMOOTH), found.values())))
    assert "smooth  not finished" in printed
    assert "75.00 (40.93 to 92.85)" in printed


def test_of_one_seed_only_accuracy_has_an_interval() -> None:
    plan = short_plan(SMOOTH, measure="balanced_accuracy")
    found = made(plan, "++++++--", "++++++++")
    score, against = found["plain"].score, found["smooth"].against_base
    assert score is not None
    assert against is not None
    assert (score.mean, against.difference.mean) == (0.375, 0.125)
    assert np.isnan([score.low, score.high, against.difference.low]).all()
    assert table.as_frame(list(found.values()))["p_vs_base"].tolist()[1] == against.p_value
    # One class only: two of the four ways to swap the two samples that differ are as far apart.
    assert against.p_value == mcnemar(2, 0).p_value == 0.5
    printed = list(table.lines(_table(plan, found.values())))
    assert "p of McNemar's test on accuracy: smooth 0.5" in printed
    assert "recall of the worst class: plain 18.8%, smooth 25.0%" in printed


def test_a_sweep_names_the_best_on_the_validation_images_and_not_on_the_test_images() -> None:
    plan = short_plan(sweep={"values": {"batch_size": [8, 16]}}, seeds=1)
    measured = [
        scores(run, right) for run, right in zip(plan.runs, ("++++++++", "++++----", "----++++"), strict=True)
    ]
    measured[1].validation["accuracy"] = 0.75
    printed = list(table.lines(_table(plan, rows(plan, measured, images()))))
    assert "best on the validation images: batch_size=8, 75.0%" in printed


def test_a_book_s_number_is_printed_beside_ours_with_the_reason() -> None:
    book = {"value": 0.991, "source": "Chollet, section 8.1", "because": "its digits are larger"}
    plan = short_plan(SMOOTH | {"book": book})
    printed = list(table.lines(_table(plan, rows(plan, [], images()))))
    assert "smooth: Chollet, section 8.1 has 99.1%; its digits are larger" in printed
