"""Where images lie on this machine is kept beside a checkpoint, and read back with care."""

import json
import os
from pathlib import Path

import pytest

from core.checkpoints import local, paths
from core.errors import CheckpointError


def test_at_first_the_place_is_unknown(tmp_path: Path) -> None:
    assert local.remembered_data(tmp_path) is None
    assert local.remembered_layout(tmp_path) == ""
    assert local.place_in_words(tmp_path) == "None"


def test_a_layout_is_that_of_its_folder_only(tmp_path: Path) -> None:
    local.remember_data(tmp_path, tmp_path / "photos", "names")
    assert local.remembered_layout(tmp_path) == "names"
    assert local.remembered_layout(tmp_path, tmp_path / "other" / ".." / "photos") == "names"
    assert local.remembered_layout(tmp_path, tmp_path / "other") == ""


def test_the_place_of_data_comes_back_also_where_its_name_is_not_utf8(tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode(b"photos-\xff")
    local.remember_data(tmp_path, place)
    assert local.remembered_data(tmp_path) == place


@pytest.mark.parametrize("data", [3, ["a"], "", "a\0b", "x" * 5_000])
def test_a_place_that_cannot_be_is_named(tmp_path: Path, data: object) -> None:
    (tmp_path / paths.LOCAL).write_text(json.dumps({"data": data}))
    with pytest.raises(
        CheckpointError, match=r"local.json' cannot be used: data is .*, then choose the folder of"
    ):
        local.remembered_data(tmp_path)
    assert "expected the path of a folder, or null" in local.place_in_words(tmp_path)
