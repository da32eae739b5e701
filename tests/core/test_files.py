"""Files are read only if they are files and end; ours are written whole, or nothing of them is left."""

import errno
import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core import files
from core.errors import AwayError, CoreError, FileError
from core.files import atomic, regular


def _fail_with(number: int) -> object:
    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_what_is_written_is_read_back_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    files.write(path, b"old")
    files.write(path, b"new")
    assert files.read(path, 3) == b"new"
    assert files.head(path, 2) == b"ne"
    assert [each.name for each in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("a folder", lambda path: path.mkdir()),
        ("a pipe", os.mkfifo),
        ("a socket", lambda path: socket.socket(socket.AF_UNIX).bind(path.name)),
        ("a device", lambda path: path.symlink_to("/dev/zero")),
    ],
)
def test_what_is_no_regular_file_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, make: object
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "odd.png")
    with pytest.raises(FileError, match=rf"odd.png' is {kind}; choose a file") as caught:
        files.head(tmp_path / "odd.png", 10)
    assert not isinstance(caught.value, AwayError)


def test_files_without_a_size_are_read_to_their_end() -> None:
    """The system's own, such as Linux has them, say that they have 0 bytes."""
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("there is no such file on this system")
    assert files.read(path, 2**40).startswith(b"Name:")
    with pytest.raises(FileError, match="has more than 100 bytes"):
        files.read(path, 100)


def test_a_link_leads_to_its_file_and_a_dead_one_is_away(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"there")
    (tmp_path / "a").symlink_to("b")
    assert files.read(tmp_path / "a", 10) == b"there"
    (tmp_path / "b").unlink()
    with pytest.raises(AwayError, match=r"cannot read '.*a': there is no such file"):
        files.read(tmp_path / "a", 10)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "slide.tif"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(FileError, match=r"slide.tif' has more than 20 MB; choose a smaller file"):
        files.read(path, 20 * 2**20)
    assert files.head(path, 5) == b"\0" * 5


@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, AwayError), (errno.ESTALE, AwayError)])
def test_a_disk_that_does_not_answer_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[FileError]
) -> None:
    (tmp_path / "a").write_bytes(b"")
    monkeypatch.setattr(os, "open", _fail_with(number))
    with pytest.raises(kind, match="cannot read"):
        files.read(tmp_path / "a", 10)


def test_a_protected_file_and_an_impossible_name_are_not_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("x" * 300, "null\0"):
        with pytest.raises(FileError, match="cannot read") as caught:
            files.read(tmp_path / name, 10)
        assert not isinstance(caught.value, AwayError)
    (tmp_path / "a").write_bytes(b"")
    monkeypatch.setattr(os, "open", _fail_with(errno.EACCES))
    with pytest.raises(FileError, match="permission denied") as caught:
        files.read(tmp_path / "a", 10)
    assert not isinstance(caught.value, AwayError)


def test_what_is_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(regular.time, "sleep", pauses.append)
    answers = iter([AwayError("gone"), AwayError("gone"), 7])

    def answer() -> int:
        given = next(answers)
        if isinstance(given, AwayError):
            raise given
        return given

    assert files.patiently(answer) == 7
    assert pauses == [0.2, 0.8]
    answers = iter([AwayError("first"), AwayError("second"), AwayError("third")])
    with pytest.raises(AwayError, match="third"):
        files.patiently(answer)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_texts_are_read_with_or_without_their_mark(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "names.txt").write_text("Käfer\n", encoding=encoding)
    assert files.read_text(tmp_path / "names.txt").splitlines() == ["Käfer"]


def test_other_bytes_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes("Käfer".encode("latin-1"))
    with pytest.raises(FileError, match=r"names.txt' is not a text file in UTF-8; save it as UTF-8"):
        files.read_text(tmp_path / "names.txt")


def test_a_checksum_is_that_of_the_whole_file(tmp_path: Path) -> None:
    content = os.urandom(2**20 + 17)
    (tmp_path / "a").write_bytes(content)
    assert files.checksum(tmp_path / "a") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; make room and try again"),
        (errno.EROFS, "the disk is read-only; choose a folder on another disk"),
        (errno.EACCES, "permission denied; choose a folder that you may write to"),
    ],
)
def test_a_write_that_fails_is_one_sentence_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    path = tmp_path / "a.bin"
    files.write(path, b"old")
    monkeypatch.setattr(os, "fsync", _fail_with(number))
    with pytest.raises(CoreError, match=rf"^cannot write '.*a.bin': {words}$"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.bin"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with files.draft_folder(tmp_path / "new" / "folder") as folder:
        (folder / "a").write_bytes(b"a")
        assert not (tmp_path / "new" / "folder").exists()
    assert [each.name for each in (tmp_path / "new" / "folder").iterdir()] == ["a"]
    with (
        pytest.raises(FileError, match="cannot write"),
        files.draft_folder(tmp_path / "new" / "other") as folder,
    ):
        (folder / "a").with_name("b").joinpath("c").write_bytes(b"a")
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["folder"]


def test_a_folder_that_cannot_be_written_is_called_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _fail_with(errno.ENOSPC))
    with (
        pytest.raises(FileError, match=rf"^cannot write '{tmp_path}/new/a': the disk is full; make room"),
        files.draft_folder(tmp_path / "new") as folder,
    ):
        files.write(folder / "a", b"a")
    assert list(tmp_path.iterdir()) == []


def test_drafts_of_killed_processes_are_deleted_and_those_of_living_ones_kept(tmp_path: Path) -> None:
    code = "import os, sys; from core.files import atomic; print(atomic._draft_name())"
    found = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    (tmp_path / found.stdout.strip()).mkdir()
    (tmp_path / found.stdout.strip() / "model.safetensors").write_bytes(b"half")
    own, elsewhere, old = (
        tmp_path / name for name in (atomic._draft_name(), ".00000000-1-1.draft", ".00000000-1-2.draft")
    )
    for path in (own, elsewhere, old):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    files.clean(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([own, elsewhere])


def test_sizes_are_said_as_people_do() -> None:
    assert [files.in_words(size) for size in (20 * 2**20, 3 * 2**30, 2048, 7)] == [
        "20 MB",
        "3 GB",
        "2 kB",
        "7 bytes",
    ]


def test_a_scratch_folder_goes_with_its_block_and_one_of_a_killed_process_later(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import os; print(os.getpid())"]
    gone = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 (our own interpreter)
    left = tmp_path / f".{atomic._HOST}-{int(gone.stdout)}-0.draft"
    left.mkdir()
    (left / "weights.pt").touch()
    with files.scratch_folder(tmp_path) as folder:
        (folder / "weights.pt").touch()
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []
