"""The search finds the windows that a slow sort finds, in pixels of the originals."""

from dataclasses import astuple, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from core.checkpoints import store
from core.checkpoints.paths import EXAMPLES
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.data.sources.photos import photos_below
from core.images.preprocess import Preprocess, Window
from core.inside.examples import search
from core.inside.examples.patch_table import in_image
from core.inside.examples.search import collect
from core.inside.examples.stored_examples import read
from core.passes import parts
from core.passes.in_process import InProcess
from tests.support.results.example_search import LAYERS, slow_rows
from tests.support.stored.tiny_evaluation import random_checkpoint
from tests.support.trainings.scarce_memory import room_for

# Field and stride of the cells; there is no padding.
GEOMETRY = {"block1": (6, 2), "block2": (16, 4)}


@pytest.mark.parametrize("batch_size", [1, 4, 32])
def test_the_table_is_that_of_a_slow_sort(
    loaded: Checkpoint, images: ImageSet, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_BATCH", batch_size)
    found = collect(loaded, LAYERS, images)
    names = ("channel", "rank", "sample_id", "class_name", "row", "column", "activation", "mean_activation")
    for layer in LAYERS:
        rows = [row for row in pq.read_table(loaded.folder / EXAMPLES).to_pylist() if row["layer"] == layer]
        assert [tuple(row[name] for name in names) for row in rows] == slow_rows(loaded, images, layer)
        assert {row["path"] == row["sample_id"] for row in rows} == {True}
    assert (found.about.num_images, found.about.num_broken) == (11, 1)


def test_without_memory_for_a_batch_the_examples_are_the_same(loaded: Checkpoint, images: ImageSet) -> None:
    whole = collect(loaded, LAYERS, images)
    with room_for(3):
        pieces = collect(loaded, LAYERS, images)
    assert pieces.about == whole.about
    exact = ["layer", "channel", "rank", "sample_id", "row", "column"]
    assert pieces.table.select(exact).equals(whole.table.select(exact))


def test_windows_are_receptive_fields_in_pixels_of_the_original(loaded: Checkpoint, images: ImageSet) -> None:
    """An image of 40 x 30 is squeezed into 28 x 28."""
    found = collect(loaded, LAYERS, images)
    for layer, (size, stride) in GEOMETRY.items():
        for each in chain.from_iterable(found.of(layer)):
            first = (each.column * stride * 40 / 28, each.row * stride * 30 / 28)
            last = ((each.column * stride + size) * 40 / 28, (each.row * stride + size) * 30 / 28)
            window = each.window
            expected = pytest.approx((*first, *last), rel=1e-6)
            assert (window.left, window.top, window.right, window.bottom) == expected
            num_rows, num_columns = found.about.layers[layer].cells
            expected = pytest.approx(
                ((each.column + 0.5) * 40 / num_columns, (each.row + 0.5) * 30 / num_rows)
            )
            assert (each.x, each.y) == expected
        assert found.about.layers[layer].field == (size, size)


def test_a_bright_spot_lies_in_the_window_that_it_excites(loaded: Checkpoint, tmp_path: Path) -> None:
    """A channel that is the sum of its field; the photo is cut at its sides."""
    for convolution in (loaded.model.block1.conv, loaded.model.block2.conv):
        torch.nn.init.constant_(convolution.weight, 0.01)
        torch.nn.init.constant_(convolution.bias, 10)
    card = replace(loaded.card, preprocess=Preprocess((28, 28), 28, (0.5,), (0.5,)))
    pixels = np.zeros((60, 120, 3), np.uint8)
    pixels[10:14, 70:74] = 255
    (tmp_path / "photos").mkdir()
    Image.fromarray(pixels).save(tmp_path / "photos" / "spot.png")
    found = collect(replace(loaded, card=card), ["block1"], photos_below(tmp_path / "photos"))
    for (example,) in found.of("block1"):
        window = example.window
        assert window.left <= 70
        assert window.right >= 74
        assert abs(example.x - 72) <= 8
        assert abs(example.y - 12) <= 8
        assert window.top <= 10
        assert window.bottom >= 14
        assert (window.right - window.left, window.bottom - window.top) == (
            pytest.approx(6 * 60 / 28, rel=1e-5),
            pytest.approx(6 * 60 / 28, rel=1e-5),
        )


def test_the_whole_input_is_the_window_that_the_network_sees() -> None:
    window = Preprocess((224, 224), 256, (0.5,) * 3, (0.5,) * 3).window((500, 375))
    seen = np.array([astuple(window)] * 2)
    (left, top), (right, bottom) = in_image(np.array([[0, 0], [1, 1]]), seen).tolist()
    assert Window(left, top, right, bottom) == window
    assert in_image(np.array([[0.25, 1]]), np.array([[16, 20, 240, 244]])).tolist() == [[72, 244]]


def test_parts_are_small_where_there_are_few_images() -> None:
    assert [search._part_size(number) for number in (1, 400, 20_000, 10**6)] == [32, 32, 64, 1024]


def test_workers_give_the_same_table(loaded: Checkpoint, images: ImageSet) -> None:
    other = store.load(random_checkpoint("other"))
    alone, helped = collect(loaded, LAYERS, images), collect(other, LAYERS, images, InProcess(workers=1))
    assert alone.table.equals(helped.table)


def test_layers_join_the_table_of_the_same_images_and_no_other(loaded: Checkpoint, images: ImageSet) -> None:
    first = collect(loaded, ["block2"], images)
    both = collect(loaded, ["block1"], images)
    assert list(both.about.layers) == ["block2", "block1"]
    assert both.of("block2") == first.of("block2")
    stored = read(loaded.folder)
    assert stored is not None
    assert stored.about == both.about
    assert stored.of("block1") == both.of("block1")
    again = collect(loaded, ["block2"], images)
    assert len(again.table) == len(both.table)
    other = collect(loaded, ["block2"], replace(images, fingerprint="other"))
    assert list(other.about.layers) == ["block2"]
