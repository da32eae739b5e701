"""Which folders a person may name: where roots are set, only what lies in them, wherever links lead."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import DataError
from core.files.places import ROOTS, cache_root, data_root, data_roots, named_folder


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
    with pytest.raises(DataError, match="is not in a folder that this server may open"):
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


@pytest.mark.parametrize(("variable", "place"), [("SEEWHY_CACHE", cache_root), ("SEEWHY_DATA", data_root)])
def test_a_folder_of_the_environment_is_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, place: Callable[[], Path]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for named, meant in {"~/x": tmp_path / "x", "x": Path("x").absolute(), " ": tmp_path / ".cache"}.items():
        monkeypatch.setenv(variable, named)
        assert place().is_relative_to(meant)
    monkeypatch.setenv(variable, "~nobody-at-all/x")
    assert place() == Path("~nobody-at-all/x").absolute()


def test_who_has_no_home_keeps_things_among_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("SEEWHY_DATA", raising=False)
    assert data_root().is_relative_to(tempfile.gettempdir())


def test_roots_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(ROOTS, "~/photos")
    assert data_roots() == ((tmp_path / "photos").resolve(),)
