"""Out of memory, a pass goes on with pieces of its batches: the rows are the same."""

import pyarrow as pa
import pytest
import torch

from core.passes.pieces import InPieces
from core.passes.work import InputBatch, together
from tests.support.effort.passes import plain


class Small:
    """The positions of a batch, with room for ``num_images``; ``tried`` are the sizes of batches."""

    def __init__(self, num_images: int) -> None:
        self.num_images, self.tried = num_images, list[int]()

    def __call__(self, batch: InputBatch) -> pa.Table:
        """The positions."""
        self.tried.append(len(batch.pixels))
        if len(batch.pixels) > self.num_images:
            raise torch.OutOfMemoryError("CUDA out of memory")
        assert (batch.pixels.flatten() == batch.positions).all()
        assert batch.sizes.tolist() == [[1, 1]] * len(batch.pixels)
        return pa.table({"position": batch.positions.numpy()})


def _batch(*positions: int) -> InputBatch:
    return together([(position, plain(position)) for position in positions])


def test_a_batch_is_halved_until_it_fits_and_later_batches_begin_small() -> None:
    small = Small(5)
    in_pieces = InPieces(small, pa.concat_tables)
    assert in_pieces(_batch(*range(27)))["position"].to_pylist() == [p for p in range(27) if p % 10 != 7]
    assert small.tried == [25, 12, 6, *[3] * 8, 1]
    small.tried.clear()
    assert in_pieces(_batch(*range(30, 37)))["position"].to_pylist() == list(range(30, 37))
    assert small.tried == [3, 3, 1]


def test_a_batch_that_fits_is_left_whole() -> None:
    small = Small(32)
    InPieces(small, pa.concat_tables)(_batch(*range(27)))
    assert small.tried == [25]


@pytest.mark.parametrize("positions", [(7, 17), ()])
def test_a_batch_of_damaged_samples_has_no_rows_in_pieces_either(positions: tuple[int, ...]) -> None:
    in_pieces = InPieces(Small(1), pa.concat_tables)
    in_pieces(_batch(1, 2))
    assert in_pieces(_batch(*positions)).num_rows == 0


def test_without_room_for_one_image_the_error_is_raised() -> None:
    small = Small(0)
    with pytest.raises(torch.OutOfMemoryError, match="CUDA out of memory"):
        InPieces(small, pa.concat_tables)(_batch(*range(4)))
    assert small.tried == [4, 2, 1]
