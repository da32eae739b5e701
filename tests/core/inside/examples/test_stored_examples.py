"""A stored table knows its network, images and layers, and names what is damaged."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from filelock import FileLock
from PIL import Image

from core.checkpoints.paths import EXAMPLES
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.data.sources.photos import photos_below
from core.errors import CheckpointError, DataError, EvaluationError, LayerError
from core.inside.examples import stored_examples
from core.inside.examples.search import collect
from core.inside.examples.stored_examples import METADATA, open_photos, read, remember_photos
from tests.support.stored.tiny_evaluation import noisy_pictures


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
