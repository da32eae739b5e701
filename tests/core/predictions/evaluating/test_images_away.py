"""Where images go away or are damaged, earlier results stay."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.checkpoints import store
from core.checkpoints.paths import METRICS
from core.data.image_set import ImageSet
from core.errors import AwayImageError, DataError, ImageError
from core.files import regular
from core.passes.in_process import InProcess
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import samples_of
from tests.support.stored.tiny_evaluation import CLASSES


def _kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("workers", [0, 2])
def test_results_outlive_an_evaluation_whose_images_go_away(
    folder: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(regular, "_PAUSES_S", (0.0, 0.0))
    samples = samples_of(store.read_card(folder), images, "all")
    evaluate(folder, samples)
    before = _kept(folder)
    (images.root / "mole").rename(images.root.parent / "mole")
    with pytest.raises(
        DataError, match=r"^cannot read '.*mole/0.png': there is no such file; connect its disk"
    ):
        evaluate(folder, samples, InProcess(workers=workers))
    images.root.rename(images.root.parent / "elsewhere")
    with pytest.raises(DataError, match=r"^the folder '.*' is missing; connect its disk, then start again$"):
        evaluate(folder, samples, InProcess(workers=workers))
    assert _kept(folder) == before
    (images.root.parent / "elsewhere").rename(images.root)
    (images.root.parent / "mole").rename(images.root / "mole")
    assert evaluate(folder, samples)["num_samples"] == 10


def test_an_image_that_is_away_for_a_moment_is_read_again(
    folder: Path, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regular, "_PAUSES_S", (0.0, 0.0))
    failures = iter([True, True])

    def shaky(index: int) -> Image.Image:
        if index == 3 and next(failures, False):
            raise AwayImageError("cannot read: the share does not answer")
        return images.image(index)

    samples = samples_of(store.read_card(folder), replace(images, image=shaky), "all")
    assert evaluate(folder, samples)["num_samples"] == 10


@pytest.mark.parametrize(
    ("num_images", "num_broken", "stops"), [(20, 5, False), (20, 6, True), (300, 7, True)]
)
def test_more_damaged_images_than_a_few_stop_an_evaluation(
    folder: Path,
    num_images: int,
    num_broken: int,
    stops: bool,  # noqa: FBT001 (what is expected)
) -> None:
    def image(index: int) -> Image.Image:
        if index < num_broken:
            raise ImageError("got a file that is damaged")
        return Image.new("RGB", (8, 8))

    labels = np.arange(num_images) % 2
    many = ImageSet("many", CLASSES[:2], labels, [f"{index}" for index in range(num_images)], image, "0")
    samples = samples_of(store.read_card(folder), many, "all")
    if not stops:
        assert evaluate(folder, samples)["num_broken"] == num_broken
        return
    with pytest.raises(
        DataError, match=rf"^{num_broken} of {num_images} images of 'many' cannot be read, more than 2%"
    ):
        evaluate(folder, samples)
    assert not (folder / ".evaluation").exists()
    assert not (folder / METRICS).exists()
