"""The guides name only what exists, and say the same as the rules do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.checkpoints import inventory
from tests.support.paths import ROOT
from tests.test_architecture import FLOORS

GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("*/README.md"))]
GUIDES += sorted(path for folder in ("core", "tests") for path in (ROOT / folder).glob("*/README.md"))
_TOP = {path.name for path in ROOT.iterdir()}
_PATH = re.compile(r"(?<![\w./~-])[\w.-]+(?:/[\w.-]+)*/?")
_DOTTED = re.compile(r"(?<![\w./-])(?:core|pages|tests)(?:\.\w+)+")
_ROW = re.compile(r"^\| `([\w./-]+\.py)` \| ((?:`[\w.]+`(?:, )?)+) \|", re.MULTILINE)


def _code(text: str) -> list[str]:
    """What is written as code, line by line, and the targets of links."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.partition("#")[0] for block in blocks for line in block.splitlines()]
    return [*lines, *re.findall(r"`([^`]+)`", prose), *re.findall(r"\]\((?!https?:)([^)#]+)", prose)]


def _names_of_files(text: str) -> Iterator[str]:
    """Paths that begin with something at the top of the project; placeholders in capitals are none."""
    for code in _code(text):
        for path in _PATH.findall(code):
            parts = [part for part in path.split("/") if part]
            is_placeholder = any(part.partition(".")[0].isupper() and part not in _TOP for part in parts)
            if parts and parts[0] in _TOP and not is_placeholder:
                yield path


def _defined(tree: ast.Module) -> set[str]:
    """Functions, classes, their methods and constants of a module, as ``function`` or ``Class.method``."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _has(path: Path, name: str) -> bool:
    return path.is_file() and name in _defined(ast.parse(path.read_text(encoding="utf-8")))


def _is_there(dotted: str) -> bool:
    """Whether ``package.module.name`` is a package, a module, or something that one of them defines."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        path, name = ROOT.joinpath(*parts[:length]), ".".join(parts[length:])
        if not name and (path.is_dir() or path.with_suffix(".py").is_file()):
            return True
        if name and any(_has(file, name) for file in (path.with_suffix(".py"), path / "__init__.py")):
            return True
    return False


@pytest.fixture(params=GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def guide(request: pytest.FixtureRequest) -> Path:
    """Each guide in turn."""
    path: Path = request.param
    return path


def test_every_file_that_a_guide_names_exists(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    assert [name for name in _names_of_files(text) if not (ROOT / name).exists()] == []
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not (guide.parent / link).exists()] == []


def test_every_function_that_a_guide_names_exists(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    dotted = [name for code in _code(text) for name in _DOTTED.findall(code)]
    assert [name for name in dotted if not _is_there(name)] == []
    steps = [(path, name) for path, names in _ROW.findall(text) for name in re.findall(r"`(.+?)`", names)]
    assert [step for step in steps if (ROOT / step[0]).exists() and not _has(ROOT / step[0], step[1])] == []


@pytest.mark.parametrize("folder", ["core", "pages"])
def test_the_steps_of_a_walk_are_read_from_the_guides(folder: str) -> None:
    """Five walks through each, of at least three steps."""
    assert len(_ROW.findall((ROOT / folder / "README.md").read_text(encoding="utf-8"))) >= 15


def test_the_floors_in_the_guide_are_those_of_the_rule() -> None:
    text = (ROOT / "core/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| (.+?) \|", text, re.MULTILINE)
    assert [tuple(re.findall(r"`(\w+)`", row)) for row in rows] == list(FLOORS)


@pytest.mark.parametrize("folder", ["benchmarks", "campaigns"])
def test_every_script_has_a_row_in_its_guide(folder: str) -> None:
    scripts = {path.name for path in (ROOT / "tests" / folder).glob("*.py")}
    text = (ROOT / "tests" / folder / "README.md").read_text(encoding="utf-8")
    assert scripts - set(re.findall(r"`(\w+\.py)", text)) == set()


def test_the_guide_beside_the_checkpoints_is_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEWHY_CHECKPOINTS", str(tmp_path))
    (tmp_path / "README.md").write_bytes((ROOT / "checkpoints/README.md").read_bytes())
    assert inventory.unusable() == {}
    assert inventory.folders() == inventory.available() == []


def test_what_a_guide_names_is_found() -> None:
    text = (
        "See `core/nothing.py`, `x.npy`, [that](pages/none.md).\n```sh\npython tests/gone.py NAME.py\n```\n"
    )
    assert list(_names_of_files(text)) == ["tests/gone.py", "core/nothing.py", "pages/none.md"]
    assert _is_there("core.errors.CoreError")
    assert _is_there("core.evaluation")
    assert not _is_there("core.errors.Nothing")
    assert not _is_there("core.nothing")
