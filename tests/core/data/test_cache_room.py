"""The cache keeps within its size and leaves a tenth of the disk free."""

import os
from pathlib import Path

import pytest
import torch

from core.data import cache
from core.data.cache import Decoded, decode
from tests.support.images.counted_images import NUM_BYTES, SMALL, Counted, random_photo, set_of


def test_the_file_used_longest_ago_makes_room(tmp_path: Path) -> None:
    """Three data sets in room for two: the second, as the first was used again after it."""
    room = 2 * 4 * NUM_BYTES
    place = tmp_path / "images"
    names: list[set[str]] = []
    clock = iter(range(1000, 2000))

    def ask(fingerprint: str) -> Decoded:
        decoded = decode(set_of(Counted(), fingerprint=fingerprint), SMALL, folder=tmp_path, max_bytes=room)
        names.append({path.name for path in place.glob("*.u8")})
        (used,) = {Path(str(decoded.array.filename)).name}
        os.utime(place / used, (time := next(clock), time))
        return decoded

    kept = [ask(each) for each in ("one", "two", "one", "three")]
    assert [len(each) for each in names] == [1, 2, 2, 2]
    assert names[0] < names[3]
    assert not (names[1] - names[0]) & names[3]
    # Who has the deleted file open keeps it.
    assert torch.equal(kept[1].pixels([0])[0], SMALL.pixels(random_photo(0), margin=3))


@pytest.mark.parametrize("max_bytes", [0, 4 * NUM_BYTES - 1])
def test_what_does_not_fit_is_not_cached_and_pushes_nothing_out(tmp_path: Path, max_bytes: int) -> None:
    decode(set_of(Counted(), number=1, fingerprint="small"), SMALL, folder=tmp_path)
    image = Counted()
    decoded = decode(set_of(image), SMALL, folder=tmp_path, max_bytes=max_bytes)
    assert decoded.array is None
    assert torch.equal(decoded.pixels([2, 1])[0], SMALL.pixels(random_photo(2), margin=3))
    assert decode(set_of(image), SMALL, folder=tmp_path, max_bytes=max_bytes).survey.ok.all()
    assert sorted(image.asked) == [0, 1, 1, 2, 2, 3]  # Surveyed once, then as asked for.
    assert len(list((tmp_path / "images").glob("*.u8"))) == 1


def test_exactly_enough_room_is_enough(tmp_path: Path) -> None:
    assert decode(set_of(Counted()), SMALL, folder=tmp_path, max_bytes=4 * NUM_BYTES).array is not None


def test_a_tenth_of_the_disk_is_kept_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        total, free = 100 * NUM_BYTES, 13 * NUM_BYTES

    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _folder: Usage)
    assert decode(set_of(Counted(), number=3), SMALL, folder=tmp_path / "a").array is not None
    assert decode(set_of(Counted(), number=4), SMALL, folder=tmp_path / "b").array is None


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
    decoded = decode(set_of(Counted()), SMALL, folder=tmp_path)
    assert decoded.array is None
    assert torch.equal(decoded.pixels([1])[0], SMALL.pixels(random_photo(1), margin=3))
