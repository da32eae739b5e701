"""Known trouble is a sentence; a fault of ours is in the log in full, under a number that stays the same."""

import re
from pathlib import Path

import pytest

from core import __main__, error_log
from core.error_log import LOG
from core.errors import DataError
from core.files import places


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEEWHY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError("there is no 'x'"), "there is no 'x'"),
        (
            OSError(28, "No space left on device", "/a/b"),
            "cannot read or write '/a/b': no space left on device",
        ),
        (
            MemoryError(),
            "there is not enough memory for this; close other programs, or choose something smaller",
        ),
        (KeyError("x"), None),
        (ValueError("x"), None),
    ],
)
def test_known_trouble_is_one_sentence(error: Exception, said: str | None) -> None:
    assert error_log.sentence(error) == said


def test_a_fault_is_written_in_full_under_its_number(cache: Path) -> None:
    found = error_log.record(raised(KeyError("secret")), "a test ran")
    assert re.fullmatch("[0-9a-f]{6}", found.number)
    assert found.log == cache / LOG
    written = found.log.read_text()
    assert f"error {found.number} while a test ran" in written
    assert "raise error" in written
    assert "KeyError: 'secret'" in written


def test_the_same_fault_has_the_same_number_whatever_its_values() -> None:
    one, other = (error_log.record(raised(KeyError(value)), "a test ran").number for value in "ab")
    assert one == other != error_log.record(raised(TypeError("a")), "a test ran").number


def test_the_log_does_not_grow_for_ever(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_log, "_LONGEST_LOG", 10)
    for _ in range(3):
        error_log.record(KeyError("x"), "a test ran")
    assert sorted(path.name for path in cache.iterdir()) == ["errors.log", "errors.old.log"]
    assert (cache / LOG).read_text().count("error ") == 1


def test_a_log_that_cannot_be_written_loses_nothing(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    found = error_log.record(raised(KeyError("x")), "a test ran")
    assert found.log is None
    assert "KeyError: 'x'" in found.traceback


def command_that_raises(error: Exception, monkeypatch: pytest.MonkeyPatch) -> int:
    def fail(_options: object) -> int:
        raise error

    monkeypatch.setattr("core.commands.training._recipes", fail)
    return __main__.main(["recipes"])


def test_a_command_says_a_fault_in_one_line_with_its_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    assert command_that_raises(KeyError("x"), monkeypatch) == 1
    said = capsys.readouterr().err
    assert re.fullmatch(rf"error: unexpected KeyError, number [0-9a-f]{{6}}: see {cache / LOG}\n", said)


@pytest.mark.parametrize(
    "error", [OSError(30, "Read-only file system", "/x"), KeyboardInterrupt(), MemoryError()]
)
def test_a_command_says_known_trouble_in_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    assert command_that_raises(error, monkeypatch) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Error" not in said
    assert not cache.exists()


def test_caches_lie_somewhere_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEEWHY_CACHE")

    def homeless(_: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(homeless))
    assert places.cache_root().name.startswith("seewhy-")
