"""Photos explained a few at a time: as one by one, in order, and a broken one harms no other."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from core.checkpoints.store import Checkpoint
from core.errors import CheckpointError, CoreError, ImageError, LayerError
from core.explanation import photo_series
from core.explanation.asking import explain, images_at_once
from core.explanation.photo_series import Explained, explain_each
from core.explanation.question import Question
from tests.support.results.questions import OF_CONVOLUTIONS, take_few_samples

QUESTION = Question(target_layers=("bn2",))


def _photos(number: int, side: int = 160) -> list[Image.Image]:
    chance = np.random.default_rng(0)
    return [
        Image.fromarray(chance.integers(0, 256, (side, side + 20, 3), np.uint8), "RGB") for _ in range(number)
    ]


def _openers(photos: Sequence[Image.Image]) -> list[Callable[[], Image.Image]]:
    return [photo.copy for photo in photos]


def _broken() -> Image.Image:
    raise ImageError("got an empty file")


def _sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of photos in each pass, as the passes are made."""
    sizes: list[int] = []

    def counted(checkpoint: Checkpoint, batch: Tensor, question: Question) -> object:
        sizes.append(len(batch))
        return explain(checkpoint, batch, question)

    monkeypatch.setattr(photo_series, "explain", counted)
    return sizes


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than hundreds for each map."""
    take_few_samples(monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("method", OF_CONVOLUTIONS)
def test_each_photo_gets_the_maps_it_would_get_alone(small: Checkpoint, method: str) -> None:
    photos, question = _photos(3), replace(QUESTION, method=method)
    preprocess = replace(small.card.preprocess, input_size=(64, 64), resize=64)
    tiny = replace(small, card=replace(small.card, preprocess=preprocess))
    series = list(explain_each(tiny, _openers(photos), question))
    for photo, each in zip(photos, series, strict=True):
        assert isinstance(each, Explained)
        ((alone,),) = explain(tiny, preprocess.batch([photo]), question)
        (answer,) = each.explanations
        assert torch.equal(each.opened.pixels, preprocess.pixels(photo))
        assert answer.class_idx == alone.class_idx
        torch.testing.assert_close(answer.logits, alone.logits, rtol=1e-5, atol=1e-5)
        # Rounding turns a principal component further where the next one is nearly as large.
        limit = 1e-4 if method == "eigen_cam" else 1e-5
        for layer, expected in alone.maps.items():
            top = np.abs(expected.raw).max()
            assert answer.maps[layer].raw / top == pytest.approx(expected.raw / top, abs=limit)


def test_photos_share_passes_in_fours_on_a_cpu_and_keep_their_order(
    small: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, photos = _sizes(monkeypatch), _photos(6)
    series = list(explain_each(small, _openers(photos), QUESTION))
    assert [each.opened.image.tobytes() for each in series if isinstance(each, Explained)] == [
        photo.tobytes() for photo in photos
    ]
    assert (images_at_once("cpu"), sizes) == (4, [4, 2])


def test_a_photo_that_cannot_be_read_harms_no_other(
    small: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, whole = _sizes(monkeypatch), _openers(_photos(4))
    series = list(explain_each(small, [whole[0], _broken, *whole[1:]], QUESTION))
    assert [isinstance(each, Explained) for each in series] == [True, False, True, True, True]
    assert str(series[1]) == "got an empty file"
    assert sizes == [3, 1]


def test_photos_that_all_cannot_be_read_run_no_pass(
    small: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = _sizes(monkeypatch)
    assert [str(each) for each in explain_each(small, [_broken] * 5, QUESTION)] == ["got an empty file"] * 5
    assert sizes == []


class _NoWhite(nn.Module):
    """A network whose logits are infinite for an image that is white all over."""

    def __init__(self, network: nn.Module, white: float) -> None:
        super().__init__()
        self.network, self.white = network, white

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, C)."""
        is_white = (batch.amin((1, 2, 3)) >= self.white)[:, None]
        return torch.where(is_white, torch.inf, self.network(batch))


def test_a_photo_with_infinite_logits_fails_alone(small: Checkpoint) -> None:
    photos = _photos(3)
    photos[1] = Image.new("RGB", (180, 160), "white")
    white = float(small.card.preprocess.batch([photos[1]]).min())
    fragile = replace(small, model=_NoWhite(small.model, white))
    series = list(explain_each(fragile, _openers(photos), Question(target_layers=("network.bn2",))))
    assert [isinstance(each, Explained) for each in series] == [True, False, True]
    assert isinstance(series[1], CheckpointError)


def test_an_error_that_all_photos_meet_is_given_for_each(small: Checkpoint) -> None:
    series = list(explain_each(small, _openers(_photos(3)), Question(target_layers=("conv9",))))
    assert [type(each) for each in series] == [LayerError] * 3


def test_large_photos_are_not_kept_in_memory_together(
    small: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_series, "MAX_PIXELS", 2 * 160 * 180)
    sizes = _sizes(monkeypatch)
    errors = [
        each for each in explain_each(small, _openers(_photos(5)), QUESTION) if isinstance(each, CoreError)
    ]
    assert (errors, sizes) == ([], [2, 2, 1])
