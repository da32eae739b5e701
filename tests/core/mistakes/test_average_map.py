"""Mean maps over many images: against the maps one by one, in any order, with broken images among them."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from core.checkpoints.store import Checkpoint
from core.errors import ImageError, LayerError
from core.explanation import display
from core.explanation.answer import Map
from core.explanation.asking import explain
from core.explanation.question import Question, Score
from core.mistakes.average_map import AverageMap, RunningAverage, average, pictures

SEEN = np.zeros((4, 6, 3), np.uint8)


def _images(number: int, size: tuple[int, int] = (200, 170)) -> list[Image.Image]:
    chance = np.random.default_rng(0)
    return [
        Image.fromarray(chance.integers(0, 256, (size[1], size[0], 3), np.uint8)).resize(size)
        for _ in range(number)
    ]


def _openers(images: Sequence[Image.Image]) -> list[Callable[[], Image.Image]]:
    return [image.copy for image in images]


def _broken() -> Image.Image:
    raise ImageError("this is no image")


def _last(checkpoint: Checkpoint, images: Sequence[Image.Image], question: Question) -> AverageMap:
    return _maps(checkpoint, _openers(images), question)[-1]


def _maps(
    checkpoint: Checkpoint, openers: Sequence[Callable[[], Image.Image]], question: Question
) -> list[AverageMap]:
    """The average after each image from the first readable one on."""
    steps = average(checkpoint, openers, question)
    return [step.average for step in steps if step.average is not None]


def _fed(maps: Sequence[NDArray[np.float32]]) -> AverageMap:
    running = RunningAverage()
    for each in maps:
        running.add(Map(each), SEEN)
    return running.average()


def _random_maps(number: int, cells: tuple[int, int] = (7, 7)) -> list[NDArray[np.float32]]:
    chance = np.random.default_rng(1)
    return [chance.normal(size=cells).astype(np.float32) for _ in range(number)]


# The mean.


@pytest.mark.slow
@pytest.mark.parametrize("method", ["grad_cam", "layer_cam", "saliency"])
def test_the_average_is_the_mean_of_the_single_maps(small: Checkpoint, method: str) -> None:
    images, question = _images(3), Question(method)
    found = _last(small, images, question)
    batch = small.card.preprocess.batch(images)
    maps = [next(iter(each.maps.values())) for (each,) in explain(small, batch, question)]
    signed = [each.raw if each.evidence is None else each.evidence for each in maps]
    pixels = np.stack([small.card.preprocess.pixels(image).numpy() for image in images])
    assert (found.count, found.num_broken, found.in_logits) == (3, 0, method == "grad_cam")
    assert found.signed == pytest.approx(np.mean(signed, 0), rel=1e-4, abs=1e-7)
    assert found.heat == pytest.approx(np.mean([display.heat(each.raw) for each in maps], 0), abs=1e-5)
    assert np.abs(found.seen - pixels.mean(0).transpose(1, 2, 0)).max() <= 0.5
    assert found.signed.shape == maps[0].raw.shape


def test_the_mean_evidence_and_the_mean_bias_sum_to_the_mean_logit(small: Checkpoint) -> None:
    images = _images(3)
    found = _last(small, images, Question("cam", scores=(Score(2),)))
    with torch.inference_mode():
        logits = small.model(small.card.preprocess.batch(images))[:, 2]
    bias = float(small.model.get_submodule("classifier").bias[2])
    assert found.signed.sum() + bias == pytest.approx(float(logits.mean()), abs=1e-4)


def test_the_order_does_not_matter(small: Checkpoint) -> None:
    images, question = _images(4), Question("hires_cam", ("blocks.2",))
    one, other = _last(small, images, question), _last(small, images[::-1], question)
    assert one.signed == pytest.approx(other.signed, rel=1e-6)
    assert one.heat == pytest.approx(other.heat, rel=1e-6)
    assert np.array_equal(one.seen, other.seen)
    assert one.agreement == pytest.approx(other.agreement)


def test_one_image_gives_its_own_map_and_no_agreement(small: Checkpoint) -> None:
    (image,) = _images(1)
    found = _last(small, [image], Question())
    single = explain(small, small.card.preprocess.batch([image]), Question())[0][0].maps["bn2"]
    assert single.evidence is not None
    assert np.array_equal(found.signed, single.evidence)
    assert np.array_equal(found.heat, display.heat(single.raw))
    assert np.array_equal(found.seen, small.card.preprocess.pixels(image).permute(1, 2, 0))
    assert (found.count, found.agreement) == (1, None)


def test_every_step_is_the_average_so_far(small: Checkpoint) -> None:
    images = _images(3)
    steps = _maps(small, _openers(images), Question())
    assert [step.count for step in steps] == [1, 2, 3]
    # Another batch rounds differently.
    assert steps[1].signed == pytest.approx(_last(small, images[:2], Question()).signed, rel=1e-5, abs=1e-7)


def test_images_are_opened_only_when_their_pass_is_due(small: Checkpoint) -> None:
    opened: list[int] = []
    images = _images(6)

    def image(place: int) -> Image.Image:
        opened.append(place)
        return images[place]

    steps = average(small, [partial(image, place) for place in range(6)], Question())
    next(steps)
    steps.close()
    assert opened == [0, 1, 2, 3]


def test_broken_images_are_counted_and_change_nothing_else(small: Checkpoint) -> None:
    whole = _openers(_images(2))
    steps = _maps(small, [_broken, whole[0], _broken, whole[1]], Question())
    expected = _maps(small, whole, Question())[-1]
    assert [(step.count, step.num_broken) for step in steps] == [(1, 1), (1, 2), (2, 2)]
    assert np.array_equal(steps[-1].signed, expected.signed)
    assert _maps(small, [_broken], Question()) == []


def test_the_progress_counts_all_images(small: Checkpoint) -> None:
    whole = _openers(_images(2))
    steps = list(average(small, [_broken, whole[0], _broken, whole[1]], Question()))
    assert [(step.progress.done, step.progress.total) for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [step.average is None for step in steps] == [True, False, False, False]


def test_evidence_of_some_only_gives_the_mean_of_the_raw_maps() -> None:
    raw = np.full((2, 2), 6, np.float32)
    for order in ((Map(raw, evidence=raw / 6), Map(raw)), (Map(raw), Map(raw, evidence=raw / 6))):
        running = RunningAverage()
        for each in order:
            running.add(each, SEEN)
        found = running.average()
        assert not found.in_logits
        assert np.array_equal(found.signed, raw)


def test_strong_maps_weigh_more_in_the_signed_mean_and_as_much_in_the_heat() -> None:
    found = _fed([np.array([[100, 0]], np.float32), np.array([[0, 1]], np.float32)])
    assert found.signed.tolist() == [[50, 0.5]]
    assert found.heat.tolist() == [[0.5, 0.5]]


def test_grey_input_is_averaged_as_a_grey_picture() -> None:
    from core.checkpoints import store

    digits = store.load(store.find("digits"))
    found = _last(digits, _images(2, (8, 8)), Question())
    assert found.seen.shape == (28, 28, 3)
    assert (found.seen[..., 0] == found.seen[..., 2]).all()


# Agreement.


def test_agreement_is_the_mean_correlation_of_all_pairs_of_heat_maps() -> None:
    maps = _random_maps(6)
    matrix = np.corrcoef([display.heat(each).ravel() for each in maps])
    assert _fed(maps).agreement == pytest.approx(matrix[np.triu_indices(6, 1)].mean())


def test_maps_alike_agree_wholly_whatever_their_strength() -> None:
    (one,) = _random_maps(1)
    assert _fed([one, one * 7, one / 100]).agreement == pytest.approx(1)


def test_two_maps_that_avoid_each_other_have_the_least_agreement() -> None:
    halves = [np.array([[1, 1, 0, 0]], np.float32), np.array([[0, 0, 1, 1]], np.float32)]
    assert _fed(halves).agreement == pytest.approx(-1)
    assert _fed(halves * 2).agreement == pytest.approx(-1 / 3)


def test_unrelated_maps_have_no_agreement_and_a_shared_spot_shows() -> None:
    maps = _random_maps(200)
    assert _fed(maps).agreement == pytest.approx(0, abs=1 / 200)
    for each in maps:
        each[0, 0] = 5
    assert (_fed(maps).agreement or 0) > 0.3


def test_maps_that_are_the_same_everywhere_are_left_out_of_the_agreement() -> None:
    maps = _random_maps(3)
    nothing, even = np.full((7, 7), -1, np.float32), np.full((7, 7), 0.3, np.float32)
    found = _fed([*maps, nothing, even])
    assert found.count == 5
    assert found.agreement == pytest.approx(_fed(maps).agreement)
    assert _fed([maps[0], nothing, even]).agreement is None


# Pictures.


def test_pictures_are_enlarged_and_the_hot_cell_stays_in_its_place() -> None:
    hot = np.zeros((4, 6), np.float32)
    hot[0, 5] = 1
    running = RunningAverage()
    running.add(Map(hot), np.full((8, 12, 3), 40, np.uint8))
    found = pictures(running.average())
    assert found.seen.shape == found.heat.shape == found.signed.shape == (299, 448, 3)
    for picture in (found.heat, found.signed):
        rows, columns = np.nonzero((picture != 40).any(2))
        assert rows.max() < 299 * 1.5 / 4 + 1
        assert columns.min() > 448 * 4.5 / 6 - 1


def test_a_tiny_input_is_drawn_pixel_by_pixel_and_a_larger_one_smoothly() -> None:
    for side, is_tiny in ((2, True), (128, False)):
        halves = np.zeros((side, side, 3), np.uint8)
        halves[:, side // 2 :] = 255
        running = RunningAverage()
        running.add(Map(np.zeros((2, 2), np.float32)), halves)
        assert (set(np.unique(pictures(running.average()).seen)) == {0, 255}) is is_tiny


def test_maps_that_disagree_are_drawn_paler() -> None:
    left = np.array([[1, 0], [0, 0]], np.float32)
    alike, apart = pictures(_fed([left, left])).heat, pictures(_fed([left, left[:, ::-1]])).heat
    assert alike[0, 0].sum() > 2 * apart[0, 0].sum() > 0


# What cannot be averaged.


def test_several_layers_are_refused(small: Checkpoint) -> None:
    question = Question(target_layers=("blocks.1", "bn2"))
    with pytest.raises(ValueError, match="2 layers, expected one: their maps differ in size"):
        next(average(small, _openers(_images(1)), question))


def test_a_layer_that_is_not_there_is_named(small: Checkpoint) -> None:
    with pytest.raises(LayerError, match="no layer named 'conv9'"):
        next(average(small, _openers(_images(1)), Question(target_layers=("conv9",))))


def test_maps_of_different_sizes_and_no_maps_are_refused() -> None:
    running = RunningAverage()
    with pytest.raises(ValueError, match="there is no average of no maps"):
        running.average()
    running.add(Map(np.ones((2, 2), np.float32)), SEEN)
    with pytest.raises(ValueError, match=r"a map \(3, 3\) of an input \(4, 6, 3\) after maps \(2, 2\)"):
        running.add(Map(np.ones((3, 3), np.float32)), SEEN)
    with pytest.raises(
        ValueError, match=r"of an input \(5, 6, 3\) after maps \(2, 2\) of inputs \(4, 6, 3\)"
    ):
        running.add(Map(np.ones((2, 2), np.float32)), np.zeros((5, 6, 3), np.uint8))
    assert running.count == 1
