"""The groups that two checkpoints keep as tests, before and after a change."""

from core.data.image_set import ImageSet
from core.evaluation.comparing.comparison import Pair
from core.evaluation.comparing.group_rows import GroupRow, group_row
from core.predictions import group_tests
from core.predictions.evaluations import Evaluation


def rows(first: Evaluation, second: Evaluation, pair: Pair, images: ImageSet | None = None) -> list[GroupRow]:
    """A row for each test of either checkpoint, on the samples of the pair.

    Where ``images`` are known and have groups, such as the frames of one video, only these count as
    independent.

    Raises:
        EvaluationError: the tests or the properties are damaged.
    """
    known = (images.sample_ids, images.groups) if images is not None else ((), None)
    tests = group_tests.union(group_tests.read(first.of), group_tests.read(second.of))
    return [group_row(pair, each, group_tests.members(each, first), *known) for each in tests]
