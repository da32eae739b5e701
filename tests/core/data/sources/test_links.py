"""Links are followed where they may be, never in a circle, and nothing counts twice."""

from pathlib import Path

import pytest

from core.data.sources import catalogue
from core.data.sources.folder import listing, tree
from core.files.places import ROOTS
from tests.support.images.image_folders import counts, left_out, planted


def test_links_to_folders_are_followed_and_never_in_a_circle(tmp_path: Path) -> None:
    root, store = planted(tmp_path / "root", "a/*1 b/*1"), planted(tmp_path / "store", "more/*5")
    (root / "b" / "linked").symlink_to(store / "more")
    (root / "a" / "again").symlink_to(store / "more")
    (root / "a" / "up").symlink_to(root)
    (root / "c").symlink_to(root / "c")
    images = catalogue.open_folder(root)
    assert len(images) == 7
    assert all((root / each).is_file() for each in images.sample_ids)
    assert left_out(images) == {tree.CYCLE: 1, tree.TWICE: 1, listing.DEAD_LINK: 1}


def test_a_link_to_all_of_the_disk_is_not_followed(tmp_path: Path) -> None:
    root = planted(tmp_path / "root", "a/*1 b/*1")
    planted(tmp_path, "other/*5")
    for name, target in (("parent", tmp_path), ("disk", Path("/")), ("processes", Path("/proc"))):
        (root / "a" / name).symlink_to(target)
    images = catalogue.open_folder(root)
    assert (counts(images), left_out(images)) == ("a 1, b 1", {tree.CYCLE: 2, tree.FORBIDDEN: 1})


def test_links_out_of_the_folders_that_may_be_opened_are_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, store = planted(tmp_path / "root", "a/*1 b/*1"), planted(tmp_path / "store", "more/*5")
    (root / "b" / "linked").symlink_to(store / "more")
    monkeypatch.setenv(ROOTS, str(root))
    images = catalogue.open_folder(root)
    assert (counts(images), left_out(images)) == ("a 1, b 1", {tree.FORBIDDEN: 1})


def test_a_link_to_a_part_or_a_class_does_not_count_its_images_twice(tmp_path: Path) -> None:
    planted(tmp_path / "one", "train/a/*2 train/b/*2")
    (tmp_path / "one/val").symlink_to(tmp_path / "one/train")
    images = catalogue.open_folder(tmp_path / "one")
    assert counts(images) == "a 2, b 2"
    assert left_out(images) == {f"images in 'val/{name}', a link to 'train/{name}'": 2 for name in "ab"}
    planted(tmp_path / "two", "b/*2 c/*1")
    (tmp_path / "two/a").symlink_to(tmp_path / "two/b")
    images = catalogue.open_folder(tmp_path / "two")
    assert counts(images) == "b 2, c 1"
    assert left_out(images) == {"images in 'a', a link to 'b'": 2}
