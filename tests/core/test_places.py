"""Which folders a person may name: where roots are set, only what lies in them, wherever links lead."""

import os
from pathlib import Path

import pytest

from core.errors import DataError
from core.places import ROOTS, data_roots, named_folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that may be opened, with one inside it, and others that may not."""
    for name in ("ours/photos", "ours-too", "theirs/photos"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "ours" / "out").symlink_to(tmp_path / "theirs")
    (tmp_path / "in").symlink_to(tmp_path / "ours")
    monkeypatch.setenv(ROOTS, f"{tmp_path / 'ours'}{os.pathsep}")
    return tmp_path


def test_without_roots_any_folder_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOTS, raising=False)
    assert data_roots() == ()
    assert named_folder(f"  {tmp_path} ") == tmp_path.resolve()


def test_what_lies_in_a_root_may_be_named(root: Path) -> None:
    assert named_folder(str(root / "ours")) == root / "ours"
    assert named_folder(str(root / "in" / "photos")) == root / "ours" / "photos"


@pytest.mark.parametrize(
    "name", ["theirs/photos", "ours-too", "ours/../theirs", "ours/out", "ours/out/photos", "no"]
)
def test_nothing_else_may_however_it_is_written(root: Path, name: str) -> None:
    with pytest.raises(DataError, match="is not in a folder that may be opened here"):
        named_folder(str(root / name))


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "a\nb", "x" * 5000, "~nosuchuser/pets"])
def test_what_is_no_folder_is_refused_in_words(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOTS, raising=False)
    with pytest.raises(DataError, match=r"is not the name of a folder|there is no folder"):
        named_folder(text)


def test_a_circle_of_links_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOTS, raising=False)
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(DataError, match=r"there is no folder|cannot open"):
        named_folder(str(tmp_path / "a"))
