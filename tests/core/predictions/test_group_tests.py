"""Groups kept as tests: who is in them in other evaluations, their scores, and their file."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from core.checkpoints import paths
from core.errors import EvaluationError
from core.predictions import evaluations, group_tests
from core.predictions.evaluations import Evaluation
from core.predictions.groups import read
from tests.support.paths import ROOT
from tests.support.results import kept_groups

_BRICK = "brick behind 0, 1, 2, 3, 4"
_NAME = "digits on brick"


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    """An evaluation with groups, of a checkpoint that keeps none as a test."""
    shutil.copytree(ROOT / "checkpoints" / "shortcut", tmp_path / "shortcut")
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path))
    return evaluations.find(tmp_path / "shortcut", "shortcut-val")


def _rows(evaluation: Evaluation) -> pd.DataFrame:
    """A row for each sample: whether it is right, and whether it is a digit of 0 to 4 on brick."""
    table = pd.read_parquet(evaluation.table)
    known = pd.read_parquet(evaluation.folder / paths.PROPERTIES)
    inside = (known["background"] == "brick") & (table["label"] < 5)
    return pd.DataFrame(
        {"id": table["sample_id"], "right": table["label"] == table["predicted"], "in": inside}
    )


def test_in_its_own_evaluation_a_test_has_the_samples_and_the_score_of_its_group(found: Evaluation) -> None:
    test = group_tests.keep(found, _BRICK, name=_NAME, percent=60)
    (group,) = [each for each in read(found).groups if each.name == _BRICK]  # type: ignore[union-attr]
    (score,) = group_tests.scores(found)
    assert (score.test, score.num_samples) == (test, group.size)
    assert score.accuracy == pytest.approx(1 - group.error_inside)
    assert score.has_passed


def test_in_other_samples_a_rule_decides_who_is_in_it(found: Evaluation) -> None:
    group_tests.keep(found, _BRICK, percent=70)
    other = evaluations.find(found.of, "shortcut-test")
    rows = _rows(other)
    (score,) = group_tests.scores(other)
    assert (score.num_right, score.num_samples) == (rows[rows["in"]]["right"].sum(), rows["in"].sum())
    assert not score.has_passed


def test_in_a_part_of_the_same_samples_it_has_those_that_are_left(found: Evaluation) -> None:
    """Also if the rule cannot be decided: the evaluation has no properties."""
    group_tests.keep(found, _BRICK)
    (found.folder / paths.PROPERTIES).unlink()
    table = pd.read_parquet(found.table)
    table.iloc[::2].to_parquet(found.table)
    expected = set(group_tests.read(found.of)[0].sample_ids) & set(table["sample_id"][::2])
    assert group_tests.scores(found)[0].num_samples == len(expected) > 20


def test_a_cluster_has_no_samples_in_other_data(found: Evaluation) -> None:
    ids = pd.read_parquet(found.table)["sample_id"][:30].tolist()
    kept_groups.keep(found, {"a cluster": ids})
    test = group_tests.keep(found, "a cluster", percent=50)
    other = evaluations.find(found.of, "shortcut-test")
    assert [group_tests.members(test, each).to_pylist() for each in (found, other)] == [ids, []]


def test_a_group_of_what_is_predicted_as_a_class_has_no_rule(found: Evaluation) -> None:
    path = found.folder / paths.GROUPS
    path.write_text(path.read_text().replace('"kind": "true"', '"kind": "predicted"'))
    assert group_tests.keep(found, _BRICK).rule is None


def test_the_same_name_in_other_data_is_another_sample(found: Evaluation) -> None:
    ids = pd.read_parquet(found.table)["sample_id"][:30].tolist()
    kept_groups.keep(found, {"a cluster": ids})
    group_tests.keep(found, "a cluster")
    facts = found.folder / paths.FACTS
    facts.write_text(facts.read_text().replace(found.facts.fingerprint or "", "0" * 32))
    assert group_tests.scores(evaluations.find(found.of, found.name))[0].num_samples == 0


def test_without_a_demand_a_test_asks_for_the_accuracy_of_all_other_samples(found: Evaluation) -> None:
    rows = _rows(found)
    elsewhere = rows[~rows["in"]]["right"].mean()
    assert 0 <= elsewhere - group_tests.keep(found, _BRICK).at_least < 0.01


def test_tests_are_renamed_changed_and_dropped_by_name(found: Evaluation) -> None:
    kept = [group_tests.keep(found, _BRICK), group_tests.keep(found, "grass behind 5, 6, 7, 8, 9")]
    group_tests.change(found.of, _BRICK, new=" on brick ", percent=95)
    first, second = group_tests.read(found.of)
    assert (first.name, first.at_least, first.sample_ids) == ("on brick", 0.95, kept[0].sample_ids)
    assert (first.rule, second) == (kept[0].rule, kept[1])
    group_tests.drop(found.of, "on brick")
    assert group_tests.read(found.of) == (kept[1],)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"group": "dogs"}, "no group 'dogs'"),
        ({"group": _BRICK, "percent": 0}, "expected more than 0"),
        ({"group": _BRICK, "name": _NAME}, "kept as 'digits on brick' already"),
    ],
)
def test_what_cannot_be_kept_says_why(found: Evaluation, arguments: dict[str, object], message: str) -> None:
    group_tests.keep(found, "grass behind 5, 6, 7, 8, 9", name=_NAME)
    with pytest.raises(EvaluationError, match=message):
        group_tests.keep(found, **arguments)  # type: ignore[arg-type]
    assert len(group_tests.read(found.of)) == 1


def test_a_derived_checkpoint_has_the_tests_of_its_parent(found: Evaluation, tmp_path: Path) -> None:
    group_tests.keep(found, _BRICK, name=_NAME)
    group_tests.inherit(tmp_path, found.of)
    assert group_tests.read(tmp_path) == group_tests.read(found.of) != ()


def test_of_two_tests_with_one_name_the_first_counts(found: Evaluation) -> None:
    one, other = group_tests.keep(found, _BRICK), group_tests.keep(found, "grass behind 5, 6, 7, 8, 9")
    group_tests.change(found.of, _BRICK, new=_BRICK, percent=50)
    assert group_tests.union((one,), group_tests.read(found.of)) == (one, other)


@pytest.mark.parametrize("content", ["{}", '{"tests": [{"name": "x", "at_least": 2, "sample_ids": []}]}'])
def test_a_damaged_file_is_a_message(found: Evaluation, content: str) -> None:
    (found.of / paths.GROUP_TESTS).write_text(content)
    with pytest.raises(EvaluationError, match=r"group_tests\.json' is damaged"):
        group_tests.read(found.of)
