"""Class lists are read in the order of their file, or refused."""

import re
from pathlib import Path

import pytest

from core.checkpoints.foreign.importing import (
    import_weights,
    parse_class_names,
    read_class_names,
)
from core.errors import CheckpointError


@pytest.mark.parametrize("names", [["cat", "cat", "dog"], ["cat", "", "dog"], ["cat", None, "dog"]])
def test_class_names_that_are_missing_or_repeated_are_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(CheckpointError, match="the class list has"):
        import_weights(tmp_path / "w.pt", architecture="timm:test_resnet", class_names=names, name="mine")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("names.txt", b"cat\ndog\ngreat white shark\n"),
        ("names.txt", b"cat\r\n  dog \r\ngreat white shark"),
        ("names.txt", b"\xef\xbb\xbfcat\ndog\n\ngreat white shark\n"),  # As Notepad writes it.
        ("names.json", b'["cat", "dog", "great white shark"]'),
        ("names.json", b'\n [\n"cat",\n"dog",\n"great white shark"\n]\n'),
        ("names.json", b'\xef\xbb\xbf["cat", "dog", "great white shark"]'),
    ],
)
def test_class_names_come_in_the_order_of_the_file(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    assert read_class_names(tmp_path / file) == ["cat", "dog", "great white shark"]


def test_numbers_are_names_too() -> None:
    assert parse_class_names("[0, 1, 2]") == ["0", "1", "2"]
    assert parse_class_names("größer\nkleiner") == ["größer", "kleiner"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cat\ndog\ncat\n", "the class list has 'cat' twice; expected each name once"),
        ('["cat", "cat ", "dog", "dog"]', "the class list has 'cat', 'dog' twice"),
        ("", "the class list has 0 names; expected two or more, one per line"),
        ("[]", "the class list has 0 names"),
        (" \n\n", "the class list has 0 names"),
        ("cat\n", "the class list has 1 names"),
        ('["cat", "dog"', "the class list starts like JSON but is not valid"),
    ],
)
def test_a_class_list_that_cannot_be_right_is_refused(text: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=re.escape(message)):
        parse_class_names(text)


def test_a_class_list_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes(b"\xff\xfe\x00")
    for name in ("names.txt", "gone.txt", "."):
        with pytest.raises(CheckpointError, match="cannot be read as a list of class names"):
            read_class_names(tmp_path / name)
