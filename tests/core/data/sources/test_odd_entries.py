"""No odd entry of a folder blocks the others, and no folder is walked without an end."""

import errno
import os
from functools import partial
from pathlib import Path

import pytest

from core.data.sources import catalogue
from core.data.sources.folder import listing, tree
from core.errors import AwayError, CoreError, DataError
from tests.support.images.image_folders import counts, left_out, planted
from tests.support.images.image_sets import picture


def test_no_odd_entry_blocks_the_others(tmp_path: Path) -> None:
    planted(tmp_path, "a/*2 b/*2")
    (tmp_path / "a" / "gone.png").symlink_to("/nowhere/1.png")
    (tmp_path / "a" / "folder.png").mkdir()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "a" / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    os.mkfifo(tmp_path / "a" / "pipe")
    (tmp_path / "a" / "empty.png").touch()
    Path(os.fsdecode(os.fsencode(tmp_path / "a") + b"/caf\xe9.png")).touch()
    picture(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")) / "1.png")
    with (tmp_path / "a" / "slide.tif").open("wb") as file:
        file.truncate(10 * 2**30)
    images = catalogue.open_folder(tmp_path)
    assert images.empty == ()
    # Two of these cannot be opened; an error says so when the images are read.
    assert counts(images) == "a 4, b 2"
    assert left_out(images) == {listing.DEAD_LINK: 1, listing.NO_FILE: 3, listing.NOT_UTF8: 2}
    for each in images.left_out or ():
        assert all(path.isprintable() and path.encode() for path in each.examples)


def test_an_empty_system_folder_leaves_no_file_out(tmp_path: Path) -> None:
    planted(tmp_path, "a/*2 b/*2")
    (tmp_path / ".thumb").mkdir()
    assert left_out(catalogue.open_folder(tmp_path)) == {}
    (tmp_path / ".thumb" / "1.png").touch()
    assert left_out(catalogue.open_folder(tmp_path)) == {listing.SYSTEM: 1}


def test_a_folder_that_may_not_be_read_is_left_out_and_a_disk_that_is_away_is_not_a_small_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(tmp_path, "a/*2 a/private/*3 b/*2")
    scandir = os.scandir

    def failing(path: Path, code: int = errno.EACCES) -> object:
        if str(path).endswith("private"):
            raise OSError(code, os.strerror(code), str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    images = catalogue.open_folder(tmp_path)
    assert (counts(images), left_out(images)) == ("a 2, b 2", {tree.CLOSED: 1})
    monkeypatch.setattr(os, "scandir", partial(failing, code=errno.EIO))
    with pytest.raises(AwayError, match="its disk reports an error"):
        catalogue.open_folder(tmp_path)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    with pytest.raises(DataError, match="is a file, not a folder of labelled images; choose its folder"):
        catalogue.open_folder(tmp_path / "1.png")
    with pytest.raises(DataError, match="is not a folder of labelled images: it does not exist"):
        catalogue.open_folder(tmp_path / "gone")
    with pytest.raises(CoreError, match="cannot read"):
        catalogue.open_folder(tmp_path / ("x" * 300))


def test_folders_without_an_end_end(tmp_path: Path) -> None:
    planted(tmp_path, "a/*1 b/*1")
    deep = tmp_path / "a"
    for _ in range(100):
        deep /= "d"
    picture(deep / "1.png")
    images = catalogue.open_folder(tmp_path)
    assert (counts(images), left_out(images)) == ("a 1, b 1", {tree.DEEP: 1})
