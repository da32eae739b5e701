"""Grids of patches, what maps are worth in them, and the values that hidden patches show."""

import pytest
import torch
from torch.nn import functional as F

from core.explain.trust.absent import absent_values, blurred
from core.explain.trust.patches import Patches, patches_for, ranks
from core.explain.trust.references import centre, edges


@pytest.mark.parametrize(
    ("cells", "size", "grid"),
    [
        ((7, 7), (224, 224), (14, 14)),
        ((14, 14), (224, 224), (14, 14)),
        ((56, 56), (224, 224), (14, 14)),
        ((224, 224), (224, 224), (14, 14)),
        ((6, 12), (96, 192), (12, 12)),
        ((2, 2), (8, 8), (4, 4)),
        ((1, 1), (3, 3), (1, 1)),
    ],
)
def test_each_cell_has_whole_patches_or_each_patch_whole_cells(
    cells: tuple[int, int], size: tuple[int, int], grid: tuple[int, int]
) -> None:
    patches = patches_for(cells, size)
    assert (patches.rows, patches.columns) == grid


def test_masks_cover_the_share_of_the_photo_that_they_are_asked_for() -> None:
    patches = patches_for((7, 7), (224, 224))
    order = ranks(torch.randn(14, 14, generator=torch.Generator().manual_seed(0)))
    masks = patches.masks(order, (0.25, 0.5))
    assert masks.shape == (2, 1, 224, 224)
    assert masks.double().mean((1, 2, 3)).tolist() == [0.25, 0.5]
    assert (masks[1] | ~masks[0]).all(), "the smaller share is part of the larger"


def test_a_patch_is_worth_the_mean_of_the_drawn_map() -> None:
    maps = torch.randn(2, 7, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    drawn = F.interpolate(maps[:, None], (224, 224), mode="bilinear", align_corners=False)
    expected = F.avg_pool2d(drawn, 16)[:, 0]
    torch.testing.assert_close(patches_for((7, 7), (224, 224)).values(maps), expected)
    torch.testing.assert_close(Patches(7, 7, (224, 224)).values(maps), maps)


def test_equal_values_rank_in_an_order_that_only_the_seed_decides() -> None:
    flat = torch.zeros(5, 5)
    assert torch.equal(ranks(flat, seed=3), ranks(flat, seed=3))
    assert not torch.equal(ranks(flat, seed=3), ranks(flat, seed=4))
    assert sorted(ranks(flat).flatten().tolist()) == list(range(25))


def test_blurring_keeps_the_mean_colour_and_removes_what_is_smaller_than_a_patch() -> None:
    stripes = torch.zeros(1, 3, 112, 112, dtype=torch.float64)
    stripes[..., ::2] = 1
    torch.testing.assert_close(blurred(stripes), torch.full_like(stripes, 0.5), rtol=0, atol=1e-3)
    flat = torch.full((1, 3, 20, 30), 0.7, dtype=torch.float64)
    torch.testing.assert_close(blurred(flat), flat)
    assert absent_values(flat)["mean colour"].count_nonzero() == 0


def test_the_centre_ranks_the_middle_first_and_a_corner_last() -> None:
    order = ranks(centre(Patches(5, 5, (50, 50))))[0]
    assert order[2, 2] == 0
    assert set(order[[0, 0, 4, 4], [0, 4, 0, 4]].tolist()) == {21, 22, 23, 24}


def test_edges_are_where_the_brightness_changes() -> None:
    photo = torch.zeros(1, 3, 64, 64)
    photo[..., 40:] = 1  # One vertical edge, between columns 39 and 40: in the third of four patches.
    strength = edges(photo, Patches(4, 4, (64, 64)))[0]
    assert strength.argmax(1).tolist() == [2, 2, 2, 2]
    assert strength[:, [0, 3]].abs().max() < 1e-6
