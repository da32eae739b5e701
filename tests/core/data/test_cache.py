"""Images are decoded once, and again where data or settings differ."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.cache import Decoded, decode
from core.data.image_set import ImageSet, Pixels
from core.files.places import cache_root
from core.images.preprocess import Preprocess
from tests.support.images.counted_images import (
    GREY,
    NUM_BYTES,
    SMALL,
    Counted,
    folder_of,
    random_photo,
    set_of,
)


@pytest.mark.parametrize("preprocess", [SMALL, GREY])
@pytest.mark.parametrize("max_bytes", [2**30, 0], ids=["cached", "on the fly"])
def test_inputs_are_the_pixels_of_a_batch_to_the_bit(
    mixed: ImageSet, tmp_path: Path, preprocess: Preprocess, max_bytes: int
) -> None:
    decoded = decode(mixed, preprocess, folder=tmp_path / "cache", max_bytes=max_bytes)
    assert (decoded.array is None) == (max_bytes == 0)
    for indices in ([0, 1, 2, 3], [3, 0, 3]):
        images = [mixed.image(index) for index in indices]
        inputs = decoded.inputs(indices)
        assert torch.equal(inputs, torch.stack([preprocess.pixels(image) for image in images]))
        assert torch.equal(preprocess.normalised(inputs), preprocess.batch(images))
        expected = [preprocess.pixels(image, margin=preprocess.margin) for image in images]
        assert torch.equal(decoded.pixels(indices), torch.stack(expected))


def test_a_second_call_reads_no_image_again(tmp_path: Path) -> None:
    image = Counted()
    first = decode(set_of(image), SMALL, folder=tmp_path)
    second = decode(set_of(image), SMALL, folder=tmp_path)
    assert sorted(image.asked) == [0, 1, 2, 3]
    assert torch.equal(first.pixels([2, 0]), second.pixels([2, 0]))
    assert image.asked.count(2) == 1


def test_other_settings_and_other_data_are_decoded_anew(tmp_path: Path) -> None:
    image = Counted()
    decode(set_of(image), SMALL, folder=tmp_path)
    decode(set_of(image), GREY, folder=tmp_path)
    decode(set_of(image, fingerprint="1"), SMALL, folder=tmp_path)
    assert sorted(image.asked) == sorted([0, 1, 2, 3] * 3)
    assert len(list((tmp_path / "images").glob("*.u8"))) == 3


def test_progress_is_reported_image_by_image(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    image = Counted()
    decode(set_of(image), SMALL, folder=tmp_path, on_progress=lambda *each: told.append(each))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    decode(set_of(image), SMALL, folder=tmp_path, on_progress=lambda *each: told.append(each))
    assert len(told) == 4


def test_a_file_changed_in_place_is_decoded_anew(tmp_path: Path) -> None:
    """Of the same size, and so much the same that only the time tells."""
    root = tmp_path / "data"
    root.mkdir()
    path = root / "a.bmp"
    random_photo(0).save(path)
    images = folder_of(root, ["a.bmp"])
    before = decode(images, SMALL, folder=tmp_path).pixels([0])
    size, stat = path.stat().st_size, path.stat()
    random_photo(1).save(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert path.stat().st_size == size
    after = decode(images, SMALL, folder=tmp_path).pixels([0])
    assert torch.equal(after[0], SMALL.pixels(random_photo(1), margin=3))
    assert not torch.equal(before, after)


def test_the_cache_lies_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "here"))
    assert cache_root() == tmp_path / "here"
    decode(set_of(Counted()), SMALL)
    (file,) = (tmp_path / "here" / "images").glob("*.u8")
    assert file.stat().st_size == 4 * NUM_BYTES
    monkeypatch.delenv("SEEWHY_CACHE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_root() == tmp_path / ".cache" / "seewhy"


def test_several_who_ask_at_once_decode_once(tmp_path: Path) -> None:
    image = Counted()
    together = threading.Barrier(4)

    def ask(_who: int) -> Decoded:
        together.wait()
        return decode(set_of(image), SMALL, folder=tmp_path)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert sorted(image.asked) == [0, 1, 2, 3]
    assert all(torch.equal(a.pixels([0, 3]), b.pixels([0, 3])) for a, b in pairwise(found))


def test_grey_pixels_of_an_array_come_back_as_they_are(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (3, 8, 8), np.uint8)
    plain = Preprocess((8, 8), None, (0.5,), (0.5,))
    decoded = decode(set_of(Pixels(array), number=3), plain, folder=tmp_path)
    assert np.array_equal(decoded.inputs([2, 0]).numpy()[:, 0], array[[2, 0]])
