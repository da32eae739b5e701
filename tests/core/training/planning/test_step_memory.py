"""The memory of a step follows from shapes: computed by hand for a small network, and linear in the batch."""

import pytest

from core.models import registry
from core.training.planning.step_memory import StepMemory, step_memory
from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe


def _recipe(*changes: str) -> Recipe:
    return recipes.read("digits", changes)


def test_weights_gradients_and_the_optimiser_are_counted() -> None:
    count = sum(each.numel() for each in registry.skeleton("seewhy:chollet-mnist", 10).parameters())
    for optimiser, copies in (("adam", 4), ("sgd", 2), ("rmsprop", 3)):
        assert step_memory(_recipe(f"optimiser.name={optimiser}"), 10).fixed == 4 * copies * count
    with_momentum = step_memory(_recipe("optimiser.name=sgd", "optimiser.momentum=0.9"), 10)
    assert with_momentum.fixed == 4 * 3 * count


def test_activations_are_those_of_each_layer_counted_by_hand() -> None:
    """Input; after each ReLU; what pooling chose, as int64, and gives; the mean, which the head reads."""
    numbers = 28 * 28 + 64 * 26**2 + 128 * 11**2 + 256 * 3**2 + 64 * 13**2 + 128 * 5**2 + 256
    chosen = 64 * 13**2 + 128 * 5**2
    expected = 4 * numbers + 8 * chosen
    measured = step_memory(_recipe(), 10).per_image - 2 * 4 * 64 * 26**2 - 4 * 28 * 28
    # The loss, and the shape of the mean, are no activations of the network: a few bytes.
    assert measured == pytest.approx(expected, rel=0.02)


def test_what_is_frozen_keeps_no_activations() -> None:
    whole = step_memory(_recipe(), 10)
    head = step_memory(_recipe("model.train_from=head"), 10)
    assert head.per_image < whole.per_image / 20
    assert head.fixed < whole.fixed / 3


def test_the_largest_batch_is_the_one_that_still_fits() -> None:
    memory = StepMemory(fixed=1000, per_image=30)
    assert memory.of(4) == 1120
    assert [memory.most_images(size) for size in (900, 1029, 1030, 1120)] == [0, 0, 1, 4]


def test_mixed_precision_halves_activations_only() -> None:
    full, mixed = step_memory(_recipe(), 10), step_memory(_recipe("speed.precision=bf16-mixed"), 10)
    assert mixed.fixed == full.fixed
    size = 4 * 28 * 28  # The input stays in single precision.
    assert mixed.per_image - size == pytest.approx((full.per_image - size) / 2, abs=1)
