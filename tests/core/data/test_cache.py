"""Images are decoded once, as `Preprocess.batch` has them, by one of all who ask, within bounded room."""

import errno
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core import files
from core.data import cache
from core.data.cache import Decoded, decode
from core.data.image_set import Files, ImageSet, Pixels, fingerprint_of_files
from core.errors import CoreError, DataError, FileError, ImageError
from core.files import atomic, regular
from core.images.preprocess import Preprocess
from core.places import cache_root

SMALL = Preprocess((12, 12), 18, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), "bicubic")
NUM_BYTES = 3 * 18 * 18  # Of one image of SMALL, with its margin of 3.
GREY = Preprocess((12, 12), 15, (0.13,), (0.31,))
SIZES = [(300, 400), (400, 300), (257, 257), (333, 500), (501, 334), (1, 1), (2, 1), (37, 900), (255, 256)]
CROPS = [(224, 256), (224, 255), (224, 225), (224, 224), (223, 256), (64, 71), (64, 73)]


class Counted:
    """Seeded noise by index; it knows which images it was asked for."""

    def __init__(self, broken: frozenset[int] = frozenset()) -> None:
        self.asked: list[int] = []
        self.broken = broken

    def __call__(self, index: int) -> Image.Image:
        """The picture, and a note of it."""
        self.asked.append(index)
        if index in self.broken:
            raise ImageError(f"got nothing at {index}")
        return _photo(index)


def _photo(seed: int, size: tuple[int, int] = (40, 31)) -> Image.Image:
    width, height = size
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def _set_of(image: Callable[[int], Image.Image], number: int = 4, fingerprint: str = "0") -> ImageSet:
    labels = np.arange(number) % 2
    return ImageSet("x", ("a", "b"), labels, [f"x/{each}" for each in range(number)], image, fingerprint)


def _folder_of(root: Path, names: list[str]) -> ImageSet:
    labels = np.zeros(len(names), np.int64)
    present = [name for name in names if (root / name).exists()]
    fingerprint = fingerprint_of_files(root, present, labels)
    return ImageSet("files", ("any",), labels, names, Files(root, names), fingerprint, root=root)


@pytest.fixture
def mixed(tmp_path: Path) -> ImageSet:
    """Four readable files: a turned JPEG, one with transparency, a grey one, one with a palette."""
    root = tmp_path / "data"
    root.mkdir()
    turned = Image.Exif()
    turned[274] = 6
    _photo(0, (41, 23)).save(root / "turned.jpg", exif=turned)
    values = np.random.default_rng(1).integers(0, 256, (20, 30, 4), np.uint8)
    Image.fromarray(values, "RGBA").save(root / "clear.png")
    _photo(2, (19, 50)).convert("L").save(root / "grey.png")
    _photo(3).convert("P").save(root / "palette.png")
    return _folder_of(root, ["turned.jpg", "clear.png", "grey.png", "palette.png"])


# Preprocess in two steps.


@pytest.mark.parametrize("preprocess", [SMALL, GREY, Preprocess((9, 14), None, (0.5,) * 3, (0.5,) * 3)])
def test_a_batch_is_its_pixels_normalised_to_the_bit(preprocess: Preprocess) -> None:
    photos = [_photo(index, size) for index, size in enumerate(SIZES)]
    pixels = torch.stack([preprocess.pixels(photo) for photo in photos])
    assert pixels.dtype == torch.uint8
    assert torch.equal(preprocess.batch(photos), preprocess.normalised(pixels))
    shape = (1, -1, 1, 1)
    mean, std = (torch.tensor(each).reshape(shape) for each in (preprocess.mean, preprocess.std))
    torch.testing.assert_close(preprocess.normalised(pixels), (pixels / 255 - mean) / std)


@pytest.mark.parametrize(("side", "resize"), CROPS)
def test_the_centre_of_pixels_with_a_margin_is_the_pixels_without(side: int, resize: int) -> None:
    preprocess = Preprocess((side, side), resize, (0.5,) * 3, (0.5,) * 3)
    margin = preprocess.margin
    assert margin == (resize - side) // 2
    for index, size in enumerate(SIZES):
        photo = _photo(index, size)
        wide = preprocess.pixels(photo, margin=margin)
        assert wide.shape == (3, side + 2 * margin, side + 2 * margin)
        centre = wide[:, margin : margin + side, margin : margin + side]
        assert torch.equal(centre, preprocess.pixels(photo))


def test_a_margin_never_reaches_past_the_image() -> None:
    """A white photo stays white to its corners: Pillow would pad a crop with black."""
    for side, resize in CROPS:
        preprocess = Preprocess((side, side), resize, (0.5,), (0.5,))
        for size in SIZES:
            assert preprocess.pixels(Image.new("RGB", size, "white"), margin=preprocess.margin).min() == 255


def test_an_oblong_input_has_a_margin_too() -> None:
    preprocess = Preprocess((10, 16), 21, (0.5,) * 3, (0.5,) * 3)
    photo = _photo(0, (33, 50))
    wide = preprocess.pixels(photo, margin=preprocess.margin)
    assert (preprocess.margin, tuple(wide.shape)) == (2, (3, 14, 20))
    assert torch.equal(wide[:, 2:-2, 2:-2], preprocess.pixels(photo))


def test_a_squeezed_image_has_no_margin() -> None:
    assert Preprocess((9, 14), None, (0.5,), (0.5,)).margin == 0


# Decoded once.


@pytest.mark.parametrize("preprocess", [SMALL, GREY])
@pytest.mark.parametrize("max_bytes", [2**30, 0], ids=["cached", "on the fly"])
def test_inputs_are_the_pixels_of_a_batch_to_the_bit(
    mixed: ImageSet, tmp_path: Path, preprocess: Preprocess, max_bytes: int
) -> None:
    decoded = decode(mixed, preprocess, folder=tmp_path / "cache", max_bytes=max_bytes)
    assert (decoded.array is None) == (max_bytes == 0)
    for indices in ([0, 1, 2, 3], [3, 0, 3]):
        images = [mixed.image(index) for index in indices]
        inputs = decoded.inputs(indices)
        assert torch.equal(inputs, torch.stack([preprocess.pixels(image) for image in images]))
        assert torch.equal(preprocess.normalised(inputs), preprocess.batch(images))
        expected = [preprocess.pixels(image, margin=preprocess.margin) for image in images]
        assert torch.equal(decoded.pixels(indices), torch.stack(expected))


def test_a_second_call_reads_no_image_again(tmp_path: Path) -> None:
    image = Counted()
    first = decode(_set_of(image), SMALL, folder=tmp_path)
    second = decode(_set_of(image), SMALL, folder=tmp_path)
    assert sorted(image.asked) == [0, 1, 2, 3]
    assert torch.equal(first.pixels([2, 0]), second.pixels([2, 0]))
    assert image.asked.count(2) == 1


def test_other_settings_and_other_data_are_decoded_anew(tmp_path: Path) -> None:
    image = Counted()
    decode(_set_of(image), SMALL, folder=tmp_path)
    decode(_set_of(image), GREY, folder=tmp_path)
    decode(_set_of(image, fingerprint="1"), SMALL, folder=tmp_path)
    assert sorted(image.asked) == sorted([0, 1, 2, 3] * 3)
    assert len(list((tmp_path / "images").glob("*.u8"))) == 3


def test_progress_is_told_image_by_image(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    image = Counted()
    decode(_set_of(image), SMALL, folder=tmp_path, on_progress=lambda *each: told.append(each))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    decode(_set_of(image), SMALL, folder=tmp_path, on_progress=lambda *each: told.append(each))
    assert len(told) == 4


def test_a_file_changed_in_place_is_decoded_anew(tmp_path: Path) -> None:
    """Of the same size, and so much the same that only the time tells."""
    root = tmp_path / "data"
    root.mkdir()
    path = root / "a.bmp"
    _photo(0).save(path)
    images = _folder_of(root, ["a.bmp"])
    before = decode(images, SMALL, folder=tmp_path).pixels([0])
    size, stat = path.stat().st_size, path.stat()
    _photo(1).save(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert path.stat().st_size == size
    after = decode(images, SMALL, folder=tmp_path).pixels([0])
    assert torch.equal(after[0], SMALL.pixels(_photo(1), margin=3))
    assert not torch.equal(before, after)


def test_the_cache_lies_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "here"))
    assert cache_root() == tmp_path / "here"
    decode(_set_of(Counted()), SMALL)
    (file,) = (tmp_path / "here" / "images").glob("*.u8")
    assert file.stat().st_size == 4 * NUM_BYTES
    monkeypatch.delenv("SEEWHY_CACHE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_root() == tmp_path / ".cache" / "seewhy"


# Killed, full, broken.


def test_a_writer_that_fails_leaves_no_file_and_the_next_starts_again(tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt("stopped")

    image = Counted()
    with pytest.raises(KeyboardInterrupt, match="stopped"):
        decode(_set_of(image), SMALL, folder=tmp_path, on_progress=stop)
    assert {path.suffix for path in (tmp_path / "images").iterdir()} <= {".lock"}
    decoded = decode(_set_of(image), SMALL, folder=tmp_path)
    assert torch.equal(decoded.pixels([3])[0], SMALL.pixels(_photo(3), margin=3))


def test_what_a_killed_writer_leaves_is_not_taken_and_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after ``kill -9``: nothing is tidied up."""
    with monkeypatch.context() as killed:
        killed.setattr(Path, "unlink", lambda _self, **_kwargs: None)
        killed.setattr(Path, "replace", lambda _self, _target: (_ for _ in ()).throw(SystemExit("killed")))
        with pytest.raises(SystemExit, match="killed"):
            decode(_set_of(Counted()), SMALL, folder=tmp_path)
    (draft,) = (tmp_path / "images").glob("*.draft")
    draft.write_bytes(b"half")
    draft.rename(draft.with_name(f".{atomic._HOST}-99999999-0.draft"))  # Of a process that is no more.
    image = Counted()
    decoded = decode(_set_of(image), SMALL, folder=tmp_path)
    assert sorted(image.asked) == [0, 1, 2, 3]
    assert torch.equal(decoded.pixels([1])[0], SMALL.pixels(_photo(1), margin=3))
    assert not list((tmp_path / "images").glob("*.draft"))


def test_pixels_that_are_cut_short_are_decoded_again(tmp_path: Path) -> None:
    decode(_set_of(Counted()), SMALL, folder=tmp_path)
    (pixels,) = (tmp_path / "images").glob("*.u8")
    os.truncate(pixels, 100)
    decoded = decode(_set_of(Counted()), SMALL, folder=tmp_path)
    assert torch.equal(decoded.pixels([3])[0], SMALL.pixels(_photo(3), margin=3))


@pytest.mark.parametrize("content", [b"", b"PK rubbish"])
def test_a_survey_that_a_faulty_disk_has_spoilt_is_made_again(tmp_path: Path, content: bytes) -> None:
    decode(_set_of(Counted()), SMALL, folder=tmp_path)
    (table,) = (tmp_path / "images").glob("*.npz")
    table.write_bytes(content)
    assert decode(_set_of(Counted()), SMALL, folder=tmp_path).survey.ok.tolist() == [True] * 4


def test_a_cache_that_cannot_be_written_says_how_to_have_another(tmp_path: Path) -> None:
    (tmp_path / "images").touch()
    with pytest.raises(DataError, match=r"cannot write '.*images': .*; SEEWHY_CACHE may name another folder"):
        decode(_set_of(Counted()), SMALL, folder=tmp_path)


def test_killed_between_pixels_and_survey_it_is_read_again(tmp_path: Path) -> None:
    image = Counted()
    decode(_set_of(image), SMALL, folder=tmp_path)
    for table in (tmp_path / "images").glob("*.npz"):
        table.unlink()
    assert decode(_set_of(image), SMALL, folder=tmp_path).survey.ok.tolist() == [True] * 4
    assert len(image.asked) == 8


def test_the_file_used_longest_ago_makes_room(tmp_path: Path) -> None:
    """Three data sets in room for two: the second, as the first was used again after it."""
    room = 2 * 4 * NUM_BYTES
    place = tmp_path / "images"
    names: list[set[str]] = []
    clock = iter(range(1000, 2000))

    def ask(fingerprint: str) -> Decoded:
        decoded = decode(_set_of(Counted(), fingerprint=fingerprint), SMALL, folder=tmp_path, max_bytes=room)
        names.append({path.name for path in place.glob("*.u8")})
        (used,) = {Path(str(decoded.array.filename)).name}
        os.utime(place / used, (time := next(clock), time))
        return decoded

    kept = [ask(each) for each in ("one", "two", "one", "three")]
    assert [len(each) for each in names] == [1, 2, 2, 2]
    assert names[0] < names[3]
    assert not (names[1] - names[0]) & names[3]
    # Who has the deleted file open keeps it.
    assert torch.equal(kept[1].pixels([0])[0], SMALL.pixels(_photo(0), margin=3))


@pytest.mark.parametrize("max_bytes", [0, 4 * NUM_BYTES - 1])
def test_what_does_not_fit_is_not_cached_and_pushes_nothing_out(tmp_path: Path, max_bytes: int) -> None:
    decode(_set_of(Counted(), number=1, fingerprint="small"), SMALL, folder=tmp_path)
    image = Counted()
    decoded = decode(_set_of(image), SMALL, folder=tmp_path, max_bytes=max_bytes)
    assert decoded.array is None
    assert torch.equal(decoded.pixels([2, 1])[0], SMALL.pixels(_photo(2), margin=3))
    assert decode(_set_of(image), SMALL, folder=tmp_path, max_bytes=max_bytes).survey.ok.all()
    assert sorted(image.asked) == [0, 1, 1, 2, 2, 3]  # Surveyed once, then as asked for.
    assert len(list((tmp_path / "images").glob("*.u8"))) == 1


def test_exactly_enough_room_is_enough(tmp_path: Path) -> None:
    assert decode(_set_of(Counted()), SMALL, folder=tmp_path, max_bytes=4 * NUM_BYTES).array is not None


def test_a_tenth_of_the_disk_is_kept_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        total, free = 100 * NUM_BYTES, 13 * NUM_BYTES

    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _folder: Usage)
    assert decode(_set_of(Counted(), number=3), SMALL, folder=tmp_path / "a").array is not None
    assert decode(_set_of(Counted(), number=4), SMALL, folder=tmp_path / "b").array is None


def test_pushed_out_before_it_is_opened_it_is_decoded_on_the_fly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may take the room between one's writing and one's opening."""
    save = cache.SurveyTable.save

    def save_and_lose(table: cache.SurveyTable, path: Path) -> None:
        save(table, path)
        for file in (tmp_path / "images").glob("*.u8"):
            file.unlink()

    monkeypatch.setattr(cache.SurveyTable, "save", save_and_lose)
    decoded = decode(_set_of(Counted()), SMALL, folder=tmp_path)
    assert decoded.array is None
    assert torch.equal(decoded.pixels([1])[0], SMALL.pixels(_photo(1), margin=3))


def test_a_broken_image_is_not_ok_and_the_others_are_as_ever(mixed: ImageSet, tmp_path: Path) -> None:
    root = mixed.root
    (root / "broken.jpg").write_bytes((root / "turned.jpg").read_bytes()[:200])
    names = [*mixed.sample_ids[:2], "broken.jpg", *mixed.sample_ids[2:]]
    decoded = decode(_folder_of(root, names), SMALL, folder=tmp_path)
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
        decode(_set_of(Counted()), SMALL, folder=tmp_path)
    assert {path.suffix for path in (tmp_path / "images").iterdir()} == {".lock"}


def test_data_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    for _ in range(2):  # Also when an earlier call has found it out.
        with pytest.raises(DataError, match="none of the 4 images of 'x' can be read"):
            decode(_set_of(Counted(frozenset(range(4)))), SMALL, folder=tmp_path)


def test_several_who_ask_at_once_decode_once(tmp_path: Path) -> None:
    image = Counted()
    together = threading.Barrier(4)

    def ask(_who: int) -> Decoded:
        together.wait()
        return decode(_set_of(image), SMALL, folder=tmp_path)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert sorted(image.asked) == [0, 1, 2, 3]
    assert all(torch.equal(a.pixels([0, 3]), b.pixels([0, 3])) for a, b in pairwise(found))


def test_grey_pixels_of_an_array_come_back_as_they_are(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (3, 8, 8), np.uint8)
    plain = Preprocess((8, 8), None, (0.5,), (0.5,))
    decoded = decode(_set_of(Pixels(array), number=3), plain, folder=tmp_path)
    assert np.array_equal(decoded.inputs([2, 0]).numpy()[:, 0], array[[2, 0]])
