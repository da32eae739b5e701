"""The project's code as trees: what each module imports and calls, and which modules break a rule."""

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.support.paths import ROOT

CORE = sorted((ROOT / "core").rglob("*.py"))
PAGES = [*sorted((ROOT / "pages").rglob("*.py")), *ROOT.glob("app.py")]
# Imports within these are executed by a call; no class here imports in its body.
_LATER = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def named(path: Path) -> str:
    """A path as one writes it from the project's folder."""
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    """A module's tree; parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All nodes of a tree; walked once."""
    return tuple(ast.walk(tree))


@cache
def imports(tree: ast.AST) -> set[str]:
    """Full names of all that is imported, in functions too: ``from core import layers`` is core.layers."""
    imported: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            imported |= {f"{node.module or ''}.{alias.name}" for alias in node.names}
    return imported


@cache
def imports_at_start(tree: ast.Module) -> set[str]:
    """Of `imports`, those that are executed as soon as the module is imported."""
    return set().union(*(imports(node) for node in tree.body if not isinstance(node, _LATER)))


def under(name: str, *packages: str) -> bool:
    """Whether a full name lies in one of these packages."""
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def forbidden(tree: ast.AST, *packages: str) -> set[str]:
    """Imports from any of these packages."""
    return {name for name in imports(tree) if under(name, *packages)}


def beyond(tree: ast.AST, package: str, *allowed: str) -> set[str]:
    """Imports from ``package`` that are none of those allowed."""
    return {name for name in imports(tree) if under(name, package) and not under(name, *allowed)}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Calls with the function as written: ``torch.load``."""
    for node in nodes(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def offenders(paths: Iterable[Path], broken: Callable[[Path], Iterable[object]]) -> dict[str, list[object]]:
    """What breaks a rule in each file that breaks it."""
    return {named(path): broke for path in paths if (broke := list(broken(path)))}
