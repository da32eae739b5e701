"""What runs in Ray's processes, run here: both kinds of actors give the rows of one process."""

from dataclasses import dataclass, field
from typing import cast

import pyarrow as pa
import pytest

from core.errors import DataError
from core.passes.actors import Computing, ReadingToo, Reference, read, table_of
from core.passes.parts import Chunk
from core.passes.work import Input, Work
from tests.support.effort.passes import Squares, plain, squares_of

THREE = [Chunk(0, 0, 8), Chunk(0, 8, 12), Chunk(1, 12, 21)]


@dataclass(frozen=True, slots=True)
class Here:
    """The work and three batches, as they come out of Ray's memory."""

    work: Work = field(default_factory=Squares)

    def read(self) -> tuple[Work, list[Chunk]]:
        """The work and its batches."""
        return self.work, THREE


def _numbers(*numbers: int) -> pa.Table:
    return pa.table({"id": list(numbers)})


def _tables(answers: list[pa.Table]) -> list[pa.Table]:
    return [table_of(row) for row in pa.concat_tables(answers).to_pylist()]


def _failing(position: int) -> Input | None:
    if position == 9:
        raise DataError("the disk: it is away")
    return plain(position)


EXPECTED = [position**2 for position in range(21) if position % 10 != 7]


def test_an_actor_that_reads_gives_the_rows_of_its_batches_in_order() -> None:
    actor = ReadingToo(cast(Reference, Here()), "cpu", 2)
    answers = [actor(_numbers(0, 1)), actor(_numbers(2))]
    assert squares_of(_tables(answers)) == EXPECTED


def test_an_actor_gives_the_rows_of_batches_that_a_task_has_read() -> None:
    reference = cast(Reference, Here())
    actor = Computing(reference, "cpu", 1)
    assert squares_of(_tables([actor(read(_numbers(number), reference)) for number in range(3)])) == EXPECTED


def test_an_error_of_reading_arrives_as_it_was_and_ends_the_task() -> None:
    reference = cast(Reference, Here(Squares(_failing)))
    answers = [
        ReadingToo(reference, "cpu", 2)(_numbers(0, 1, 2)),
        Computing(reference, "cpu", 1)(read(_numbers(1), reference)),
    ]
    assert [len(answer) for answer in answers] == [2, 1]
    for answer in answers:
        with pytest.raises(DataError, match=r"^the disk: it is away$"):
            table_of(answer.to_pylist()[-1])
