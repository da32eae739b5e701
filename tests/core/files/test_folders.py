"""Folders take their place, and go, as a whole."""

from pathlib import Path

import pytest

from core import files
from core.errors import FileError


def _folder(path: Path, content: str) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_text(content)
    return path


def test_a_finished_folder_replaces_the_earlier_one(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    for content in ("first", "second"):
        files.replace_folder(_folder(tmp_path / ".draft", content), target)
        assert [path.name for path in tmp_path.iterdir()] == ["deep"]
        assert [path.name for path in target.parent.iterdir()] == ["target"]
        assert (target / "file").read_text() == content


def test_what_a_killed_process_has_left_is_not_in_the_way(tmp_path: Path) -> None:
    _folder(tmp_path / ".draft.old", "left")
    _folder(tmp_path / ".target.deleted", "left")
    files.replace_folder(_folder(tmp_path / ".draft", "new"), _folder(tmp_path / "target", "old"))
    assert (tmp_path / "target" / "file").read_text() == "new"
    files.remove_folder(tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_hidden_before_anything_in_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path, **_settings: object) -> None:
        if path.exists():
            raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        files.remove_folder(_folder(tmp_path / "target", "whole"))
    assert [path.name for path in tmp_path.iterdir()] == [".target.deleted"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot write .*target"):
        files.remove_folder(tmp_path / "target")
