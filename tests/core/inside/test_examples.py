"""Examples of what excites channels: against a slow sort, after interruptions, and of which data they are."""

import json
from dataclasses import astuple, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from filelock import FileLock
from PIL import Image

from core.checkpoints import store
from core.checkpoints.paths import EXAMPLES
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.data.sources.folder.class_folders import SOURCE
from core.data.sources.photos import photos_at_hand, photos_below
from core.errors import CheckpointError, DataError, EvaluationError, ImageError, LayerError
from core.explain.network.activations import activations
from core.images.preprocess import Preprocess, Window
from core.inside.examples import search, stored_examples
from core.inside.examples.patch_table import in_image
from core.inside.examples.search import collect, examples_among
from core.inside.examples.stored_examples import METADATA, open_photos, read, remember_photos
from core.passes import parts
from core.passes.in_process import InProcess
from core.passes.progress import PassProgress
from tests.support.tiny_evaluation import noisy_pictures, random_checkpoint

LAYERS = ["block1", "block2"]
# Field and stride of the cells; there is no padding.
GEOMETRY = {"block1": (6, 2), "block2": (16, 4)}


@pytest.fixture
def loaded() -> Checkpoint:
    """Random weights, in a folder of its own."""
    return store.load(random_checkpoint())


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    """Eleven images of 40 x 30, the seventh of them broken."""
    return SOURCE.load(noisy_pictures(tmp_path / "data"))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of two images."""
    monkeypatch.setattr(search, "_SMALLEST", 2)


def _slow_rows(loaded: Checkpoint, images: ImageSet, layer: str) -> list[tuple[object, ...]]:
    """One image after another, all peaks sorted: channel, rank, sample, class, row, column, peak, mean."""
    every: dict[int, list[tuple[float, float, int, int]]] = {}
    width = 0
    for index in range(len(images)):
        try:
            batch = loaded.card.preprocess.batch([images.image(index)])
        except ImageError:
            continue
        maps = activations(loaded.model, batch, [layer])[layer][0]
        width = maps.shape[2]
        for channel, values in enumerate(maps.flatten(1)):
            if values.min() < values.max():
                peak = (-float(values.max()), -float(values.mean()), index, int(values.argmax()))
                every.setdefault(channel, []).append(peak)
    return [
        (
            *(channel, rank, images.sample_ids[index], images.class_names[images.labels[index]]),
            *(*divmod(cell, width), pytest.approx(-peak, rel=1e-5), pytest.approx(-mean, rel=1e-5)),
        )
        for channel, peaks in sorted(every.items())
        for rank, (peak, mean, index, cell) in enumerate(sorted(peaks)[:9])
    ]


def _at_hand(loaded: Checkpoint, images: ImageSet) -> tuple[ImageSet, torch.Tensor]:
    """The whole ones of these images in memory, and what the network sees of them."""
    whole = [images.image(index) for index in range(len(images)) if images.sample_ids[index] != "mole/1.png"]
    names = [name for name in images.sample_ids if name != "mole/1.png"]
    pixels = torch.stack([loaded.card.preprocess.pixels(image) for image in whole])
    return photos_at_hand(names, whole.__getitem__, "fingerprint"), pixels


@pytest.mark.parametrize("at_once", [1, 3, 8, 100])
@pytest.mark.parametrize("layer", LAYERS)
def test_photos_at_hand_give_the_nine_of_a_slow_sort_and_leave_nothing_on_disk(
    loaded: Checkpoint, images: ImageSet, layer: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_AT_ONCE", at_once)
    before = {path.name for path in loaded.folder.iterdir()}
    photos, pixels = _at_hand(loaded, images)
    found = examples_among(loaded, layer, photos, pixels)
    names = ("channel", "rank", "sample_id", "class_name", "row", "column", "activation", "mean_activation")
    assert [tuple(row[name] for name in names) for row in found.table.to_pylist()] == _slow_rows(
        loaded, photos, layer
    )
    assert (found.about.num_images, found.about.num_broken) == (10, 0)
    assert {path.name for path in loaded.folder.iterdir()} == before


def test_photos_at_hand_are_found_as_a_pass_over_their_folder_finds_them(
    loaded: Checkpoint, images: ImageSet
) -> None:
    found = examples_among(loaded, "block2", *_at_hand(loaded, images)).of("block2")
    collected = collect(loaded, ["block2"], images).of("block2")
    for nine, others in zip(found, collected, strict=True):
        for each, other in zip(nine, others, strict=True):
            assert replace(each, activation=0, class_name="") == replace(other, activation=0, class_name="")
            assert each.activation == pytest.approx(other.activation, rel=1e-5)


def test_places_are_in_pixels_of_the_copies_at_hand(loaded: Checkpoint, images: ImageSet) -> None:
    """Copies of half the size: every place is at half the distance, every value the same."""
    photos, pixels = _at_hand(loaded, images)
    half = replace(photos, image=lambda index: photos.image(index).resize((20, 15)))
    whole = examples_among(loaded, "block1", photos, pixels)
    small = examples_among(loaded, "block1", half, pixels)
    for name in ("x", "y", "left", "top", "right", "bottom"):
        np.testing.assert_allclose(2 * small.table[name].to_numpy(), whole.table[name].to_numpy(), rtol=1e-6)
    assert small.table["activation"].equals(whole.table["activation"])


@pytest.mark.parametrize("batch_size", [1, 4, 32])
def test_the_table_is_that_of_a_slow_sort(
    loaded: Checkpoint, images: ImageSet, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_BATCH", batch_size)
    found = collect(loaded, LAYERS, images)
    names = ("channel", "rank", "sample_id", "class_name", "row", "column", "activation", "mean_activation")
    for layer in LAYERS:
        rows = [row for row in pq.read_table(loaded.folder / EXAMPLES).to_pylist() if row["layer"] == layer]
        assert [tuple(row[name] for name in names) for row in rows] == _slow_rows(loaded, images, layer)
        assert {row["path"] == row["sample_id"] for row in rows} == {True}
    assert (found.about.num_images, found.about.num_broken) == (11, 1)


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


@pytest.mark.usefixtures("small_parts")
def test_a_killed_pass_goes_on_and_ends_as_if_it_had_not_been(loaded: Checkpoint, images: ImageSet) -> None:
    read_again: list[int] = []

    def image(index: int) -> Image.Image:
        read_again.append(index)
        return images.image(index)

    def kill(progress: PassProgress) -> None:
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(loaded, LAYERS, images, on_progress=kill)
    assert not (loaded.folder / EXAMPLES).exists()
    resumed = collect(loaded, LAYERS, replace(images, image=image))
    assert read_again == list(range(4, 11))
    assert not list((loaded.folder / ".examples").glob("*/*.parquet"))
    other = store.load(random_checkpoint("other"))
    assert resumed.table.equals(collect(other, LAYERS, images).table)
    assert resumed.about.num_broken == 1


@pytest.mark.usefixtures("small_parts")
def test_a_state_of_other_images_or_layers_or_a_damaged_one_is_not_gone_on_from(
    loaded: Checkpoint, images: ImageSet
) -> None:
    def kill(progress: PassProgress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(loaded, LAYERS, images, on_progress=kill)
    started: list[int] = []
    for layers, data in ((LAYERS[:1], images), (LAYERS, replace(images, fingerprint="other"))):
        collect(loaded, layers, data, on_progress=lambda progress: started.append(progress.done))
    (state,) = [*(loaded.folder / ".examples").glob("*/*.parquet")] or [None]
    assert state is None
    assert started.count(0) == 2
    with pytest.raises(KeyboardInterrupt):
        collect(loaded, LAYERS, images, on_progress=kill)
    (state,) = (loaded.folder / ".examples").glob("*/*.parquet")
    state.write_bytes(state.read_bytes()[:100])
    collect(loaded, LAYERS, images, on_progress=lambda progress: started.append(progress.done))
    assert started.count(0) == 3


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


def test_a_table_knows_whose_it_is(loaded: Checkpoint, images: ImageSet) -> None:
    found = collect(loaded, ["block2"], images)
    assert found.is_of(loaded.card, images)
    assert not found.is_of(replace(loaded.card, weights_sha256="0" * 64), images)
    assert not found.is_of(loaded.card, replace(images, fingerprint="other"))


def test_a_channel_that_nothing_excites_has_no_examples(loaded: Checkpoint, images: ImageSet) -> None:
    torch.nn.init.zeros_(loaded.model.block1.conv.weight[3])
    found = collect(loaded, ["block1"], images).of("block1")
    assert [len(each) for each in found] == [9, 9, 9, 0, 9, 9, 9, 9, 9, 9]


def test_what_goes_wrong_is_said(loaded: Checkpoint, images: ImageSet, tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="no layer named 'conv9'"):
        collect(loaded, ["conv9"], images)
    (loaded.folder / ".examples").mkdir(exist_ok=True)
    with (
        FileLock(loaded.folder / ".examples" / ".lock"),
        pytest.raises(EvaluationError, match="another process is collecting examples of 'random'"),
    ):
        collect(loaded, ["block1"], images)
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.png").write_text("no picture")
    with pytest.raises(DataError, match="none of the 1 images can be read"):
        collect(loaded, ["block1"], photos_below(tmp_path / "text"))
    torch.nn.init.constant_(loaded.model.block1.conv.bias, torch.nan)
    with pytest.raises(CheckpointError, match="the logits of 'random' are not finite: the weights"):
        collect(loaded, ["block1"], images)
    assert read(loaded.folder) is None


def test_a_damaged_table_is_named_and_replaced(loaded: Checkpoint, images: ImageSet) -> None:
    (loaded.folder / EXAMPLES).write_bytes(b"PAR1")
    with pytest.raises(CheckpointError, match=r"examples\.parquet is damaged"):
        read(loaded.folder)
    collect(loaded, ["block1"], images)
    assert read(loaded.folder) is not None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("channel", 10_000, "has 10000 in 'channel': expected a channel, 0 to"),
        ("rank", -1, "has -1 in 'rank': expected a whole number"),
        ("x", np.nan, "has nan in 'x': expected a number"),
        ("activation", np.inf, "has inf in 'activation'"),
        ("right", 1e30, "has 1.*e.30 in 'right': expected a number"),
        ("sample_id", None, "has null in 'sample_id'"),
    ],
)
def test_an_example_that_cannot_be_is_named(
    loaded: Checkpoint, images: ImageSet, name: str, value: object, message: str
) -> None:
    collect(loaded, ["block1"], images)
    table = pq.read_table(loaded.folder / EXAMPLES)
    values = pa.array([value, *table[name].to_pylist()[1:]], table.schema.field(name).type)
    pq.write_table(table.set_column(table.column_names.index(name), name, values), loaded.folder / EXAMPLES)
    with pytest.raises(CheckpointError, match=rf"examples\.parquet is damaged: {message}.*; collect the"):
        read(loaded.folder)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"layers": 3}, "layers is 3: expected an object"),
        ({"num_images": -1}, "num_images is -1"),
        ({"layers": {"block1": {"num_channels": 0, "cells": [1, 1], "field": [1, 1]}}}, "num_channels is 0"),
        ({"network": None}, "network is null"),
    ],
)
def test_what_examples_say_of_themselves_is_checked(
    loaded: Checkpoint, images: ImageSet, about: dict[str, object], message: str
) -> None:
    collect(loaded, ["block1"], images)
    table = pq.read_table(loaded.folder / EXAMPLES)
    said = json.dumps(json.loads(table.schema.metadata[METADATA]) | about).encode()
    pq.write_table(table.replace_schema_metadata({METADATA: said}), loaded.folder / EXAMPLES)
    with pytest.raises(CheckpointError, match=message):
        read(loaded.folder)


def test_any_photos_will_do(loaded: Checkpoint, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    (folder / "beach").mkdir(parents=True)
    for name in ("10.png", "9.png", "beach/sea.png"):
        Image.new("RGB", (8, 8)).save(folder / name)
    images = open_photos(loaded.folder, folder)
    assert (images.name, list(images.sample_ids)) == ("photos", ["9.png", "10.png", "beach/sea.png"])
    with pytest.raises(DataError, match="is not a folder of labelled images"):
        open_photos(loaded.folder, tmp_path / "nothing")


def test_the_images_are_those_of_the_last_time(loaded: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="choose the images to search for examples of 'random': --data DIR"):
        open_photos(loaded.folder, None)
    data = noisy_pictures(tmp_path / "data")
    remember_photos(loaded.folder, data)
    assert (open_photos(loaded.folder, None).name, len(open_photos(loaded.folder, None))) == ("folder", 11)


def test_a_table_is_written_whole_or_not_at_all(
    loaded: Checkpoint, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = collect(loaded, ["block1"], images)

    write_table = pq.write_table

    def fail(table: pa.Table, *args: Path, **kwargs: str) -> None:
        if METADATA in table.schema.metadata:
            raise OSError("no space left")
        write_table(table, *args, **kwargs)  # Parts are written.

    monkeypatch.setattr("core.predictions.prediction_table.pq.write_table", fail)
    with pytest.raises(OSError, match="no space left"):
        collect(loaded, ["block2"], images)
    stored = read(loaded.folder)
    assert stored is not None
    assert stored.about == first.about
    monkeypatch.undo()
    read_again: list[int] = []
    collect(loaded, ["block2"], replace(images, image=read_again.append))
    assert read_again == []
    assert stored_examples.read(loaded.folder) is not None
