"""The groups that a checkpoint keeps as tests, in ``group_tests.json``, and their scores in an evaluation."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from core import files
from core.checkpoints import paths, store
from core.errors import EvaluationError, FileError
from core.evaluation.groups.group_test import GroupRule, GroupScore, GroupTest, usual_percent
from core.evaluation.metrics import column, distinct_names, is_right
from core.files import stored
from core.predictions import groups, properties
from core.predictions.evaluations import Evaluation
from core.predictions.groups import KeptGroup

GroupTests = tuple[GroupTest, ...]
_SCHEMA = TypeAdapter(GroupTest)
_ID = "sample_id"
_NEEDED = [_ID, "label", "predicted", "p_label"]


def read(folder: Path) -> GroupTests:
    """The tests of the checkpoint in a folder, in the order in which they were kept.

    Raises:
        EvaluationError: the file is damaged.
    """
    path = folder / paths.GROUP_TESTS
    if not path.exists():
        return ()
    try:
        return tuple(stored.checked(_SCHEMA, each) for each in stored.read_json(path)["tests"])
    except (ValueError, TypeError, KeyError, FileError) as error:
        raise EvaluationError(f"{str(path)!r} is damaged: {error}; delete it, or repair it") from error


def stamp(folder: Path) -> int:
    """When the tests of a checkpoint were last changed, in nanoseconds; 0 where it has none."""
    path = folder / paths.GROUP_TESTS
    return path.stat().st_mtime_ns if path.exists() else 0


def keep(evaluation: Evaluation, group: str, *, name: str = "", percent: int | None = None) -> GroupTest:
    """Keep a group that was found in an evaluation as a test of the checkpoint.

    Without a ``name`` the test has that of the group. It asks that ``percent`` of the samples be right;
    without it, as many as of all other samples.

    Raises:
        EvaluationError: there is no such group, the name is taken, or the demand is out of range.
    """
    known, before = groups.read(evaluation), read(evaluation.of)
    listed = known.groups if known else ()
    found = next((each for each in listed if each.name == group), None)
    if found is None:
        there = ", ".join(repr(each.name) for each in listed) or "none; find groups first"
        raise EvaluationError(f"no group {group!r} in {evaluation.name!r}; there is {there}")
    made = _test(evaluation, found, name.strip() or group, percent)
    _refuse_taken(before, made.name)
    _write(evaluation.of, (*before, made))
    return made


def drop(folder: Path, name: str) -> None:
    """Keep a test no longer; EvaluationError if there is none of that name."""
    test = _named(read(folder), name)
    _write(folder, tuple(each for each in read(folder) if each != test))


def change(folder: Path, name: str, *, new: str, percent: int) -> None:
    """Give a test the name ``new``, and ask that ``percent`` of its samples be right.

    Raises:
        EvaluationError: there is no such test, the new name is taken or empty, or the demand is out of range.
    """
    before, wanted = read(folder), new.strip()
    test = _named(before, name)
    if wanted != name:
        _refuse_taken(before, wanted)
    changed = _checked(lambda: replace(test, name=wanted, at_least=percent / 100))
    _write(folder, tuple(changed if each == test else each for each in before))


def inherit(folder: Path, parent: Path) -> None:
    """Keep the tests of the checkpoint in ``parent`` for the one that was derived from it."""
    if inherited := read(parent):
        _write(folder, inherited)


def union(*several: Sequence[GroupTest]) -> GroupTests:
    """The tests of several checkpoints; of two with one name, the first."""
    named: dict[str, GroupTest] = {}
    for test in (each for tests in several for each in tests):
        named.setdefault(test.name, test)
    return tuple(named.values())


def scores(evaluation: Evaluation, table: pa.Table | None = None) -> list[GroupScore]:
    """How an evaluation does on each test of its checkpoint; in ``table``, a part of it, if that is given.

    Raises:
        EvaluationError: the tests or the properties are damaged.
    """
    rows = pq.read_table(evaluation.table, columns=_NEEDED) if table is None else table
    return [_score(each, evaluation, rows) for each in read(evaluation.of)]


def members(test: GroupTest, evaluation: Evaluation) -> pa.Array:
    """The sample ids of a test in an evaluation; none where it has none of them, or they cannot be told.

    Raises:
        EvaluationError: the properties are damaged.
    """
    ids = pq.read_table(evaluation.table, columns=[_ID])[_ID].combine_chunks()
    if len({test.fingerprint, evaluation.facts.fingerprint} - {None}) < 2:
        same = ids.filter(pc.is_in(ids, value_set=pa.array(test.sample_ids, pa.string())))
        if len(same):
            return same
    return ids.filter(pa.array(_by_rule(test.rule, evaluation, len(ids))))


def _by_rule(rule: GroupRule | None, evaluation: Evaluation, number: int) -> np.typing.NDArray[np.bool_]:
    known = None if rule is None else properties.read(evaluation)
    if rule is None or known is None or not rule.columns <= set(known.columns):
        return np.zeros(number, bool)
    labels = column(pq.read_table(evaluation.table, columns=["label"]), "label")
    return rule.holds(known, labels, tuple(distinct_names(store.read_card(evaluation.of).class_names)))


def _score(test: GroupTest, evaluation: Evaluation, rows: pa.Table) -> GroupScore:
    inside = np.flatnonzero(pc.is_in(rows[_ID], value_set=members(test, evaluation)))
    right = is_right(rows)[inside]
    order = np.lexsort((column(rows, "p_label")[inside], right))
    ids = rows[_ID].take(pa.array(inside[order])).to_pylist()
    return GroupScore(test, int(right.sum()), tuple(ids))


def _test(evaluation: Evaluation, group: KeptGroup, name: str, percent: int | None) -> GroupTest:
    least = (usual_percent(group.error_outside) if percent is None else percent) / 100
    return _checked(
        lambda: GroupTest(name, least, group.sample_ids, evaluation.facts.fingerprint, group.rule)
    )


def _checked(make: Callable[[], GroupTest]) -> GroupTest:
    """The test that is made; its faults are those of what was entered."""
    try:
        return make()
    except ValueError as error:
        raise EvaluationError(str(error)) from error


def _named(tests: GroupTests, name: str) -> GroupTest:
    for each in tests:
        if each.name == name:
            return each
    there = ", ".join(repr(each.name) for each in tests) or "none"
    raise EvaluationError(f"no kept group {name!r}; there is {there}")


def _refuse_taken(tests: GroupTests, name: str) -> None:
    if any(each.name == name for each in tests):
        raise EvaluationError(f"a group is kept as {name!r} already; choose another name")


def _write(folder: Path, tests: GroupTests) -> None:
    content = {"tests": [_entry(each) for each in tests]}
    text = f"{json.dumps(content, indent=1, ensure_ascii=False)}\n"
    files.write(folder / paths.GROUP_TESTS, text.encode())


def _entry(test: GroupTest) -> dict[str, Any]:
    conditions = [groups.condition_entry(each) for each in test.rule.conditions] if test.rule else []
    rule = {"conditions": conditions, "classes": test.rule.classes} if test.rule else None
    return asdict(test) | {"rule": rule}
