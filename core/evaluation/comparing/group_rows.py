"""Groups kept as tests, row by row: a network before and after a change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.arrays import IntArray
from core.evaluation.comparing.comparison import Pair, part_of, piles
from core.evaluation.comparing.verdict import Verdict, by_group, interval, p_words, verdict
from core.evaluation.groups.group_test import GroupTest, passes


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A test on the samples that both tables have; ``verdict`` is None where it has none of them."""

    test: GroupTest
    verdict: Verdict | None

    @property
    def passed_before(self) -> bool:
        """Whether the first network passes."""
        return self.verdict is not None and passes(self.test, self.verdict.first_accuracy)

    @property
    def passed_after(self) -> bool:
        """Whether the second network passes."""
        return self.verdict is not None and passes(self.test, self.verdict.second_accuracy)


def group_row(
    pair: Pair,
    test: GroupTest,
    members: pa.Array,
    sample_ids: Sequence[str] = (),
    groups: IntArray | None = None,
) -> GroupRow:
    """The row of a test with the sample ids ``members``.

    ``groups`` (n,) numbers which of ``sample_ids`` (n,) belong together, such as the frames of one video.
    """
    inside = np.asarray(pc.is_in(pair.first["sample_id"], value_set=members))
    if not inside.any():
        return GroupRow(test, None)
    of_test = part_of(pair, inside)
    return GroupRow(test, verdict(piles(of_test), by_group(of_test, sample_ids, groups)))


def summary(rows: Sequence[GroupRow]) -> str:
    """``kept groups passed: 1 of 2 before, 2 of 2 after``; tests without samples do not count."""
    tested = [each for each in rows if each.verdict is not None]
    before = sum(each.passed_before for each in tested)
    after = sum(each.passed_after for each in tested)
    return f"kept groups passed: {before} of {len(tested)} before, {after} of {len(tested)} after"


def table(rows: Sequence[GroupRow]) -> pd.DataFrame:
    """A row for each test that has samples; shares in percent, changes in points of accuracy."""
    tested = [(each, each.verdict) for each in rows if each.verdict is not None]
    return pd.DataFrame(
        [
            {
                "group": row.test.name,
                "samples": on.num_samples,
                "asked": 100 * row.test.at_least,
                "before": 100 * on.first_accuracy,
                "after": 100 * on.second_accuracy,
                "passed": f"{_passed(row.passed_before)} → {_passed(row.passed_after)}",
                "change": 100 * on.difference.value,
                "interval": interval(on.difference),
                "fixed": on.test.num_fixed,
                "broken": on.test.num_broken,
                "test": p_words(on.test.p_value),
            }
            for row, on in tested
        ]
    )


def _passed(passed: bool) -> str:  # noqa: FBT001 (the word for a fact)
    return "passed" if passed else "failed"
