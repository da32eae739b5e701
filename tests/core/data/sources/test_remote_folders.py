"""Folders of images on other file systems: what a folder on this machine gives, and errors as sentences."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from core.__main__ import main
from core.data.sources.folder.class_folders import SOURCE
from core.data.sources.folder.remote import is_address, open_address, open_remote
from core.errors import AwayImageError, DataError, ImageError
from core.predictions import evaluations
from tests.support.stored.tiny_evaluation import noisy_pictures, random_checkpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eleven images, a broken one among them, in train and test; and files that are none."""
    noisy_pictures(tmp_path / "data" / "train")
    for name in ("apple", "mole", "zebra"):
        (tmp_path / "data" / "test" / name).mkdir(parents=True)
        (tmp_path / "data" / "train" / name / "0.png").rename(tmp_path / "data" / "test" / name / "10.png")
    (tmp_path / "data" / "train" / "apple" / "notes.txt").write_text("red")
    (tmp_path / "data" / "train" / "mole" / ".DS_Store").write_text("x")
    return tmp_path / "data"


def test_an_address_gives_what_the_folder_itself_gives(folder: Path) -> None:
    local, remote = SOURCE.load(folder), open_address(folder.as_uri())
    assert remote.sample_ids == local.sample_ids
    assert remote.class_names == local.class_names == ("apple", "mole", "zebra")
    assert remote.labels.tolist() == local.labels.tolist()
    assert remote.fingerprint == local.fingerprint
    assert remote.published is not None
    assert local.published is not None
    assert remote.published.tolist() == local.published.tolist()
    assert remote.left_out == local.left_out
    for index, name in enumerate(local.sample_ids):
        if name != "train/mole/1.png":
            np.testing.assert_array_equal(remote.image(index), local.image(index))


def test_a_part_of_a_bucket_is_a_folder_too(folder: Path) -> None:
    bucket = SubTreeFileSystem(str(folder.parent), LocalFileSystem())
    images = open_remote(bucket, "data/train", "mock://data/train")
    assert list(images.sample_ids[:2]) == ["apple/1.png", "apple/2.png"]
    assert (images.name, images.root, len(images)) == ("train", None, 8)


def test_files_that_are_broken_or_gone_differ(folder: Path) -> None:
    images = open_address(folder.as_uri())
    broken = images.sample_ids.index("train/mole/1.png")
    with pytest.raises(ImageError, match="not an image in a known format"):
        images.image(broken)
    (folder / "train" / "mole" / "1.png").unlink()
    with pytest.raises(AwayImageError, match=r"cannot read 'train/mole/1\.png'"):
        images.image(broken)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("file:///no/such/folder", "cannot read 'file:///no/such/folder'"),
        ("ftp://host/photos", "cannot open 'ftp://host/photos'"),
    ],
)
def test_an_address_that_cannot_be_opened_is_named(address: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_address(address)


@pytest.mark.parametrize(
    ("text", "expected"), [("s3://b/c", True), ("C:/photos", False), ("a:b", False), ("/a//b", False)]
)
def test_local_paths_are_no_addresses(text: str, expected: bool) -> None:  # noqa: FBT001 (a case's answer)
    assert is_address(text) is expected


def test_an_evaluation_of_an_address_is_that_of_the_folder(folder: Path) -> None:
    checkpoint = random_checkpoint()
    for name, data in (("local", str(folder)), ("remote", folder.as_uri())):
        options = ["--data", data, "--split", "all", "--as", name, "--device", "cpu"]
        assert main(["evaluate", "random", *options]) == 0
    local, remote = (
        pd.read_parquet(evaluations.find(checkpoint, name).table) for name in ("local", "remote")
    )
    pd.testing.assert_frame_equal(local.drop(columns="path"), remote.drop(columns="path"))
    assert set(remote["path"]) == {""}
