"""One process at a time: who holds a lock, and what the others get."""

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from core.errors import FileError
from core.files import locks

TAKEN = ValueError("another has it")


def test_a_lock_is_held_while_the_block_runs_and_free_after_an_error(tmp_path: Path) -> None:
    path, was_held = tmp_path / ".lock", list[bool]()

    def fail() -> None:
        with locks.held(path, TAKEN):
            was_held.append(locks.is_held(path))
            raise KeyError("mine")

    assert not locks.is_held(path)
    assert not path.exists()
    with pytest.raises(KeyError, match="mine"):
        fail()
    assert was_held == [True]
    assert path.exists()
    assert not locks.is_held(path)


def test_the_second_gets_the_error_that_it_gave(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with locks.held(path, ValueError("first")), pytest.raises(ValueError, match=r"^another has it$"):
        locks.acquired(path, TAKEN)
    locks.acquired(path, TAKEN).release()


def test_an_error_of_the_block_is_never_taken_for_a_held_lock(tmp_path: Path) -> None:
    """A second lock inside the block that is taken, too, is another matter."""
    other = tmp_path / ".other"
    with FileLock(other), pytest.raises(ValueError, match=r"^inner$"), locks.held(tmp_path / ".lock", TAKEN):
        locks.acquired(other, ValueError("inner"))


def test_one_waits_for_its_turn(tmp_path: Path) -> None:
    path, order = tmp_path / "new" / ".lock", list[str]()

    def second() -> None:
        with locks.in_turn(path):
            order.append("second")

    with locks.in_turn(path):
        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="a part of its path is a file"), locks.in_turn(tmp_path / "file/a/b"):
        pass
