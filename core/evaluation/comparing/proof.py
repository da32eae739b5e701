"""Did a fix help? The network before and after it, on samples that the fix did not use."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.errors import DataError
from core.evaluation.comparing.comparison import Pair, part_of, piles
from core.evaluation.comparing.verdict import Verdict, interval, p_words, points, verdict
from core.shares import percent

ALL_SAMPLES = "all samples"  # The name of the group that has all of them.
ELSEWHERE, NO_GROUP = "elsewhere", "in no known group"


@dataclass(frozen=True, slots=True)
class Worst:
    """The part of the samples with the lowest accuracy, in [0, 1]: a group, or all that is in none."""

    name: str
    accuracy: float


@dataclass(frozen=True, slots=True)
class Proof:
    """The second network against the first: on all samples, in the fixed group, and on all others.

    ``groups`` has the same for each known group that has samples here, by name, the fixed one included.
    ``elsewhere`` is None if the group has all samples. ``worst_before`` and ``worst_after`` are over the
    known groups and the samples in none of them.
    """

    name: str
    overall: Verdict
    group: Verdict
    elsewhere: Verdict | None
    groups: Mapping[str, Verdict]
    worst_before: Worst
    worst_after: Worst


def proof(pair: Pair, name: str, groups: Mapping[str, Collection[str]]) -> Proof:
    """Both tables of a pair compared in the group ``name``; ``groups`` has the sample ids of all groups.

    Raises:
        DataError: no sample of the pair is in the group.
    """
    inside = {each: _are_in(pair, ids) for each, ids in groups.items()}
    if not inside[name].any():
        raise DataError(f"no sample of the group {name!r} is left to test the fix on")
    known = {each: verdict_ for each, mask in inside.items() if (verdict_ := _of(pair, mask)) is not None}
    rest = _of(pair, _in_none(pair, [inside[each] for each in inside if each != ALL_SAMPLES]))
    judged = known | ({NO_GROUP: rest} if rest is not None else {})
    return Proof(
        name,
        verdict(piles(pair), None),
        known[name],
        _of(pair, ~inside[name]),
        known,
        _worst({each: judged[each].first_accuracy for each in judged}),
        _worst({each: judged[each].second_accuracy for each in judged}),
    )


def has_helped(proof_: Proof) -> bool:
    """Whether fewer samples of the group are wrong, beyond what chance would do: its interval is above 0."""
    return proof_.group.difference.low > 0


def has_cost(proof_: Proof) -> bool:
    """Whether more of the other samples are wrong, beyond what chance would do."""
    return proof_.elsewhere is not None and proof_.elsewhere.difference.high < 0


def in_words(proof_: Proof) -> str:
    """The answer first, then wrong answers in the group and elsewhere, before and after."""
    return f"{_answer(proof_)} {_numbers(proof_)}"


def parts(proof_: Proof) -> dict[str, Verdict]:
    """The verdict on all samples, in the fixed group, elsewhere, and in each other known group, by name."""
    first = {ALL_SAMPLES: proof_.overall, f"in {proof_.name!r}": proof_.group, ELSEWHERE: proof_.elsewhere}
    if proof_.name == ALL_SAMPLES:
        first = {ALL_SAMPLES: proof_.overall}
    others = {f"in {name!r}": each for name, each in proof_.groups.items() if name != proof_.name}
    return {name: each for name, each in (first | others).items() if each is not None}


def lines(proof_: Proof) -> list[str]:
    """One line for each part of the samples: wrong before and after, change with interval, McNemar's test."""
    before, after = proof_.worst_before, proof_.worst_after
    worst = f"worst part: {percent(before.accuracy)} right ({before.name})"
    return [
        *(_line(name, each) for name, each in parts(proof_).items()),
        f"{worst} before, {percent(after.accuracy)} ({after.name}) after",
    ]


def _are_in(pair: Pair, ids: Collection[str]) -> NDArray[np.bool_]:
    return np.asarray(pc.is_in(pair.first["sample_id"], value_set=pa.array(list(ids), pa.string())))


def _in_none(pair: Pair, masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    left = np.ones(pair.first.num_rows, bool)
    for mask in masks:
        left &= ~mask
    return left


def _of(pair: Pair, mask: NDArray[np.bool_]) -> Verdict | None:
    """The verdict on some of the rows; None for none."""
    return verdict(piles(part_of(pair, mask)), None) if mask.any() else None


def _worst(accuracies: Mapping[str, float]) -> Worst:
    name = min(accuracies, key=lambda each: accuracies[each])
    return Worst(name, accuracies[name])


def _answer(proof_: Proof) -> str:
    if has_helped(proof_):
        return "It helped, at a cost elsewhere." if has_cost(proof_) else "It helped."
    change = proof_.group.difference
    if change.high < 0:
        return f"It did not help: more {_of_what(proof_)} wrong now."
    if change.value <= 0:
        return "It did not help."
    where = "" if proof_.name == ALL_SAMPLES else " in the group"
    return f"It may have helped: the change{where} could be chance."


def _of_what(proof_: Proof) -> str:
    return "samples are" if proof_.name == ALL_SAMPLES else "of the group is"


def _numbers(proof_: Proof) -> str:
    group, other = proof_.group, proof_.elsewhere
    where = "" if proof_.name == ALL_SAMPLES else " in this group"
    said = f"Wrong{where}: {_wrong(group)} ({_evidence(group)})"
    return f"{said}; elsewhere {_wrong(other)}" if other is not None else said


def _line(name: str, part: Verdict) -> str:
    test = part.test
    changed = f"{test.num_fixed} fixed, {test.num_broken} broken"
    return f"{name}: {part.num_samples} samples, wrong {_wrong(part)} ({changed}; {_evidence(part)})"


def _wrong(part: Verdict) -> str:
    return f"{percent(1 - part.first_accuracy)} → {percent(1 - part.second_accuracy)}"


def _evidence(part: Verdict) -> str:
    """The change in accuracy with its interval, and the test."""
    change = part.difference
    test = f"McNemar {p_words(part.test.p_value)}"
    return f"accuracy {points(change.value)} points, 95% interval {interval(change)}, {test}"
