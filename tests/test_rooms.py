"""What a stranger may rely on in every room: sizes, names, and that a page opens at once."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.source import CORE, PAGES, imports_at_start, offenders, parsed, under

# Each takes a second or more to import: a page that needs one imports it where it is used.
HEAVY = ("lightning", "torchmetrics", "timm", "captum", "sklearn", "skimage")
# A module of such a name holds what has no home.
_VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc", "shared", "tools"}


@cache
def _file(name: str) -> Path | None:
    """The module of the project that an import names, or the one that has the name in it."""
    path = ROOT.joinpath(*name.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py", path.parent.with_suffix(".py"))
    return next((each for each in candidates if each.is_file()), None)


def _started(path: Path, seen: set[Path]) -> Iterator[str]:
    """All that is imported when the module is, by itself and by modules of the project that it imports."""
    if path in seen:
        return
    seen.add(path)
    for name in imports_at_start(parsed(path)):
        yield name
        module = _file(name) if under(name, "core", "pages") else None
        if module is not None:
            for each in (module, *_packages(module)):
                yield from _started(each, seen)


def _packages(module: Path) -> list[Path]:
    """The ``__init__.py`` of each package that a module lies in."""
    folders = [folder for folder in module.parents if folder.is_relative_to(ROOT) and folder != ROOT]
    return [init for folder in folders if (init := folder / "__init__.py").is_file()]


def _heavy(path: Path) -> set[str]:
    return {name for name in _started(path, set()) if under(name, *HEAVY)}


@pytest.mark.slow
def test_a_page_imports_no_heavy_library_before_it_is_needed() -> None:
    pages = [path for path in PAGES if path.parent in {ROOT, ROOT / "pages"}]
    assert len(pages) > 5
    assert offenders(pages, _heavy) == {}


def test_a_heavy_library_is_seen_through_the_modules_between() -> None:
    assert under("timm.models", *HEAVY)
    assert _heavy(ROOT / "core/training/lightning/train.py") >= {"lightning"}
    inside = ast.parse("import a\nif a:\n    import b\ndef f():\n    import c")
    assert imports_at_start(inside) == {"a", "b"}
    assert _file("core.checkpoints.store.Card") == ROOT / "core/checkpoints/store.py"
    assert _file("core.files") == ROOT / "core/files/__init__.py"


def _too_long(path: Path) -> list[int]:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    return [lines] if lines > 300 else []


def test_a_module_stops_at_300_lines(tmp_path: Path) -> None:
    assert offenders([*CORE, *PAGES], _too_long) == {}
    (tmp_path / "long.py").write_text("1\n" * 301)
    assert _too_long(tmp_path / "long.py") == [301]


def test_no_module_has_a_name_that_says_nothing() -> None:
    def vague(path: Path) -> set[str]:
        return _VAGUE & set(path.relative_to(ROOT).with_suffix("").parts)

    tests = sorted((ROOT / "tests").rglob("*.py"))
    assert offenders([*CORE, *PAGES, *tests], vague) == {}
    assert vague(ROOT / "core" / "utils.py") == {"utils"}


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, number in Counter(names).items() if number > 1]


def test_files_of_tests_have_names_of_their_own() -> None:
    """Pytest imports them by their file name alone."""
    assert _twice(path.name for path in (ROOT / "tests").rglob("test_*.py")) == []
    assert _twice(["test_a.py", "test_b.py", "test_a.py"]) == ["test_a.py"]
