"""The smallest parts of a photo for a network that looks at one cell only: that cell."""

import torch
from torch import Tensor, nn

from core.explain.smallest.parts import PartQuestion, flipping_part, sufficient_part
from core.explain.smallest.units import Units, of_alike_colour, patches
from tests.support.networks.tiny_models import noise

SIZE = (28, 28)
GRID = patches((7, 7), SIZE)
CELL = (slice(8, 10), slice(18, 20))  # Of the 14 x 14 patches, that in row 4, column 9.
CELL_NUMBER = 4 * 14 + 9


class OneCell(nn.Module):
    """Two classes; the first one's logit is four times the mean brightness of one cell, the other's is 1."""

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 2)."""
        seen = batch[:, :, CELL[0], CELL[1]].mean((1, 2, 3))
        return torch.stack([4 * seen, torch.ones_like(seen)], 1)


def _question(class_idx: int = 0, level: float = 1.0) -> PartQuestion:
    photo = torch.full((1, 3, *SIZE), level, dtype=torch.float64)
    whole = float(OneCell()(photo).softmax(1)[0, class_idx])
    return PartQuestion(photo, torch.zeros_like(photo), class_idx, whole)


def test_both_smallest_parts_are_the_cell_whatever_the_map() -> None:
    for raw in (noise(7, 7), -noise(7, 7)):
        for find in (sufficient_part, flipping_part):
            part = find(OneCell(), _question(), raw, [GRID])
            assert part is not None
            assert part.chosen.nonzero()[:, 0].tolist() == [CELL_NUMBER]


def test_a_true_map_begins_with_the_cell_and_random_orders_need_more() -> None:
    raw = torch.zeros(14, 14)
    raw[4, 9] = 1
    part = sufficient_part(OneCell(), _question(), raw, [patches((14, 14), SIZE)])
    assert part is not None
    assert (part.by, int(part.start.sum()), int(part.order[0])) == ("map", 1, CELL_NUMBER)
    assert min(int(each.sum()) for each in part.random) > 1


def test_the_effect_of_each_unit_alone_finds_what_the_map_misses() -> None:
    quarters = Units("patches", torch.arange(2).repeat_interleave(14)[:, None] * 2 + torch.arange(28) // 14)
    part = flipping_part(OneCell(), _question(), -torch.eye(2).flip(0), [quarters])
    assert part is not None
    assert (part.by, part.start.tolist()) == ("effect", [False, True, False, False])


def test_no_part_of_a_black_photo_keeps_a_class_that_only_light_raises() -> None:
    assert sufficient_part(OneCell(), _question(level=0.0), noise(7, 7), [GRID]) is None


def test_a_class_that_an_empty_photo_has_too_needs_nothing() -> None:
    part = sufficient_part(OneCell(), _question(class_idx=1, level=0.0), noise(7, 7), [GRID])
    assert part is not None
    assert int(part.chosen.sum()) == 0
    assert flipping_part(OneCell(), _question(class_idx=1, level=0.0), noise(7, 7), [GRID]) is None


def test_margins_are_zero_where_a_class_is_at_its_limit() -> None:
    question = PartQuestion(torch.zeros(1), torch.zeros(1), class_idx=1, whole=0.8, kept=0.75)
    logits = torch.tensor([[0.4, 0.6], [0.3, 0.7], [0.6, 0.4]]).double().log()
    torch.testing.assert_close(
        question.sufficient(logits).exp(), torch.tensor([1.0, 7 / 6, 2 / 3]).double(), rtol=1e-6, atol=0
    )
    torch.testing.assert_close(
        question.flipped(logits).exp(), torch.tensor([2 / 3, 3 / 7, 1.5]).double(), rtol=1e-6, atol=0
    )


def test_patches_have_the_mean_of_the_map_drawn_over_them() -> None:
    raw = noise(7, 7)
    drawn = nn.functional.interpolate(raw[None, None], SIZE, mode="bilinear", align_corners=False)[0, 0]
    torch.testing.assert_close(GRID.values(raw)[CELL_NUMBER], drawn[CELL].mean())


def test_units_divide_the_input() -> None:
    for units in (GRID, of_alike_colour(noise(3, *SIZE))):
        assert units.pixels(torch.eye(len(units)).bool()).sum(0).unique().tolist() == [1]
