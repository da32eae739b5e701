"""A cache that is killed, full, broken or unreadable is made again or says what is wrong."""

import errno
import os
from pathlib import Path

import pytest
import torch

from core import files
from core.data.cache import decode
from core.data.image_set import ImageSet
from core.errors import CoreError, DataError, FileError
from core.files import atomic, regular
from tests.support.images.counted_images import SMALL, Counted, folder_of, random_photo, set_of


def test_a_writer_that_fails_leaves_no_file_and_the_next_starts_again(tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt("stopped")

    image = Counted()
    with pytest.raises(KeyboardInterrupt, match="stopped"):
        decode(set_of(image), SMALL, folder=tmp_path, on_progress=stop)
    assert {path.suffix for path in (tmp_path / "images").iterdir()} <= {".lock"}
    decoded = decode(set_of(image), SMALL, folder=tmp_path)
    assert torch.equal(decoded.pixels([3])[0], SMALL.pixels(random_photo(3), margin=3))


def test_what_a_killed_writer_leaves_is_not_taken_and_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after ``kill -9``: nothing is tidied up."""
    with monkeypatch.context() as killed:
        killed.setattr(Path, "unlink", lambda _self, **_kwargs: None)
        killed.setattr(Path, "replace", lambda _self, _target: (_ for _ in ()).throw(SystemExit("killed")))
        with pytest.raises(SystemExit, match="killed"):
            decode(set_of(Counted()), SMALL, folder=tmp_path)
    (draft,) = (tmp_path / "images").glob("*.draft")
    draft.write_bytes(b"half")
    draft.rename(draft.with_name(f".{atomic._HOST}-99999999-0.draft"))  # Of a process that is no more.
    image = Counted()
    decoded = decode(set_of(image), SMALL, folder=tmp_path)
    assert sorted(image.asked) == [0, 1, 2, 3]
    assert torch.equal(decoded.pixels([1])[0], SMALL.pixels(random_photo(1), margin=3))
    assert not list((tmp_path / "images").glob("*.draft"))


def test_pixels_that_are_cut_short_are_decoded_again(tmp_path: Path) -> None:
    decode(set_of(Counted()), SMALL, folder=tmp_path)
    (pixels,) = (tmp_path / "images").glob("*.u8")
    os.truncate(pixels, 100)
    decoded = decode(set_of(Counted()), SMALL, folder=tmp_path)
    assert torch.equal(decoded.pixels([3])[0], SMALL.pixels(random_photo(3), margin=3))


@pytest.mark.parametrize("content", [b"", b"PK rubbish"])
def test_a_survey_that_a_faulty_disk_has_spoilt_is_made_again(tmp_path: Path, content: bytes) -> None:
    decode(set_of(Counted()), SMALL, folder=tmp_path)
    (table,) = (tmp_path / "images").glob("*.npz")
    table.write_bytes(content)
    assert decode(set_of(Counted()), SMALL, folder=tmp_path).survey.ok.tolist() == [True] * 4


def test_a_cache_that_cannot_be_written_says_how_to_have_another(tmp_path: Path) -> None:
    (tmp_path / "images").touch()
    with pytest.raises(DataError, match=r"cannot write '.*images': .*; SEEWHY_CACHE may name another folder"):
        decode(set_of(Counted()), SMALL, folder=tmp_path)


def test_killed_between_pixels_and_survey_it_is_read_again(tmp_path: Path) -> None:
    image = Counted()
    decode(set_of(image), SMALL, folder=tmp_path)
    for table in (tmp_path / "images").glob("*.npz"):
        table.unlink()
    assert decode(set_of(image), SMALL, folder=tmp_path).survey.ok.tolist() == [True] * 4
    assert len(image.asked) == 8


def test_a_broken_image_is_not_ok_and_the_others_are_as_ever(mixed: ImageSet, tmp_path: Path) -> None:
    root = mixed.root
    (root / "broken.jpg").write_bytes((root / "turned.jpg").read_bytes()[:200])
    names = [*mixed.sample_ids[:2], "broken.jpg", *mixed.sample_ids[2:]]
    decoded = decode(folder_of(root, names), SMALL, folder=tmp_path)
    assert decoded.survey.ok.tolist() == [True, True, False, True, True]
    assert "incomplete" in decoded.survey.errors[2]
    expected = [SMALL.pixels(mixed.image(index)) for index in range(4)]
    assert torch.equal(decoded.inputs([0, 1, 3, 4]), torch.stack(expected))


def test_an_image_that_is_away_stops_it_and_is_read_when_it_is_back(
    mixed: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regular, "_PAUSES_S", (0.0, 0.0))
    last = mixed.path(3)
    last.rename(tmp_path / "away")
    for _ in range(2):
        with pytest.raises(DataError, match=r"^cannot read '.*': there is no such file; connect its disk"):
            decode(mixed, SMALL, folder=tmp_path)
    (tmp_path / "away").rename(last)
    assert decode(mixed, SMALL, folder=tmp_path).survey.ok.tolist() == [True] * 4
    assert {path.suffix for path in (tmp_path / "images").iterdir()} == {".lock", ".npz", ".u8"}


def test_a_file_that_may_be_read_from_now_on_is_read_anew(
    mixed: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights are in neither the name nor the time of a file; here, the first of four is protected."""
    first, access, read_it = mixed.path(0), os.access, files.head

    def protected(path: Path, num_bytes: int) -> bytes:
        if path == first:
            raise FileError(f"cannot read {str(path)!r}: permission denied; make it readable for this user")
        return read_it(path, num_bytes)

    with monkeypatch.context() as before:
        before.setattr(files, "head", protected)
        before.setattr(os, "access", lambda path, mode: path != first and access(path, mode))
        assert decode(mixed, SMALL, folder=tmp_path).survey.ok.tolist() == [False, True, True, True]
    assert decode(mixed, SMALL, folder=tmp_path).survey.ok.tolist() == [True] * 4


def test_a_disk_that_fills_up_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(CoreError, match=r"cannot write '.*\.u8': the disk is full; make room and try again"):
        decode(set_of(Counted()), SMALL, folder=tmp_path)
    assert {path.suffix for path in (tmp_path / "images").iterdir()} == {".lock"}


def test_data_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    for _ in range(2):  # Also when an earlier call has found it out.
        with pytest.raises(DataError, match="none of the 4 images of 'x' can be read"):
            decode(set_of(Counted(frozenset(range(4)))), SMALL, folder=tmp_path)
