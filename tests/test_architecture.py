"""The import rules of STYLE section 3, and what is allowed in one place only: read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "core").rglob("*.py"))
PAGES = [*sorted((ROOT / "pages").rglob("*.py")), *ROOT.glob("app.py")]
sources = pytest.mark.parametrize("path", [*CORE, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.AST) -> set[str]:
    """Full names of all that is imported, in functions too: ``from core import layers`` is core.layers."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module or ''}.{alias.name}" for alias in node.names}
    return found


def _under(name: str, *packages: str) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def _forbidden(tree: ast.AST, *packages: str) -> set[str]:
    return {name for name in _imports(tree) if _under(name, *packages)}


def _beyond(tree: ast.AST, package: str, *allowed: str) -> set[str]:
    """Imports from ``package`` that are none of those allowed."""
    return {name for name in _imports(tree) if _under(name, package) and not _under(name, *allowed)}


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Calls with the function as written: ``torch.load``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


# Who may import whom.


@sources
def test_imports_are_absolute_and_without_wildcards(path: Path) -> None:
    nodes = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.ImportFrom)]
    assert [node.module for node in nodes if node.level] == []
    assert [node.module for node in nodes if node.names[0].name == "*"] == []


@pytest.mark.parametrize("path", CORE, ids=_named)
def test_core_knows_no_browser_and_no_plots(path: Path) -> None:
    assert _forbidden(_tree(path), "streamlit", "pages", "app", "matplotlib", "plotly", "tests") == set()


@pytest.mark.parametrize("path", sorted((ROOT / "core" / "explain").glob("*.py")), ids=_named)
def test_explaining_needs_a_model_and_a_tensor_and_nothing_else_of_core(path: Path) -> None:
    assert _beyond(_tree(path), "core", "core.errors", "core.explain") == set()


@pytest.mark.parametrize("path", sorted((ROOT / "core").glob("training/**/*.py")), ids=_named)
def test_training_knows_nothing_of_explanations(path: Path) -> None:
    allowed = ("data", "models", "preprocess", "checkpoint", "predictions", "errors", "training")
    allowed += ("device", "evaluation.histograms", "evaluations", "files", "finite", "places")
    allowed += ("images", "prediction_table", "score_files", "stored")
    assert _beyond(_tree(path), "core", *(f"core.{name}" for name in allowed)) == set()


TABLES = [*sorted((ROOT / "core" / "evaluation").glob("*.py"))]
TABLES += [ROOT / "core" / f"{name}.py" for name in ("prediction_table", "score_files", "render")]


@pytest.mark.parametrize("path", TABLES, ids=_named)
def test_evaluation_and_render_take_arrays_and_tables_only(path: Path) -> None:
    allowed = ("core.errors", "core.evaluation", "core.files", "core.finite", "core.score_files")
    assert _beyond(_tree(path), "core", *allowed, "core.prediction_schema") == set()


@pytest.mark.parametrize("path", PAGES, ids=_named)
def test_a_page_does_not_compute_or_import_another_page(path: Path) -> None:
    assert _forbidden(_tree(path), "torch.nn", "matplotlib", "timm", "captum", "torchvision") == set()
    assert _beyond(_tree(path), "pages", "pages._ui") == set()


# What happens in one place only.


@sources
def test_hooks_are_registered_only_in_hooks(path: Path) -> None:
    """captum registers its own on a private copy of the network; that is not seen here, and fine."""
    registered = [
        node.attr
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr.startswith("register_") and "hook" in node.attr
    ]
    expected = ["register_forward_hook"] if _named(path) == "core/explain/hooks.py" else []
    assert registered == expected


@sources
def test_weights_are_never_unpickled(path: Path) -> None:
    tree = _tree(path)
    for name, call in _calls(tree):
        if name == "torch.load" or (name == "load" and "torch.load" in _imports(tree)):
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            assert given.get("weights_only") == "True", ast.unparse(call)
        assert name not in {"pickle.load", "pickle.loads", "pickle.Unpickler", "eval", "exec"}
        assert not (name == "np.load" and "allow_pickle" in ast.unparse(call))
    assert _forbidden(tree, "pickle.load", "pickle.loads", "pickle.Unpickler", "dill", "joblib") == set()


_WRITING = {"write_bytes", "write_text", "fsync", "mkstemp", "NamedTemporaryFile"}
_READING = {"read_bytes", "read_text"}
# Our own package's files, the system's, and logs that other processes write.
_READ_OTHERWISE = {"limits", "samples", "report", "components", "serving", "runs", "background"}


@sources
def test_files_are_written_whole_and_read_safely_by_one_module(path: Path) -> None:
    called = {name.rpartition(".")[2] for name, call in _calls(_tree(path)) if not name.startswith("files.")}
    assert path == ROOT / "core/files.py" or _WRITING & called <= ({"write_bytes"} & {_uploaded(path)})
    assert path.stem in _READ_OTHERWISE | {"files"} or _READING & called == set()


def _uploaded(path: Path) -> str:
    """The one page that writes a file that a visitor sends, into a temporary folder."""
    return "write_bytes" if _named(path) == "pages/_ui/own_model.py" else ""


@sources
def test_only_commands_print(path: Path) -> None:
    printed = [call.lineno for name, call in _calls(_tree(path)) if name == "print"]
    assert _named(path).startswith("core/commands/") or printed == []


@sources
def test_explaining_never_calls_backward(path: Path) -> None:
    """`torch.autograd.grad` leaves no ``.grad`` behind on shared parameters."""
    if _under(_named(path).replace("/", "."), "core.explain"):
        assert [call.lineno for name, call in _calls(_tree(path)) if name.endswith(".backward")] == []


# The rules themselves.


def test_imports_are_found_wherever_and_however_they_are_written() -> None:
    tree = ast.parse(
        "import core.layers\nfrom core import data\n"
        "def f():\n    from core.explain import cam as c\n    import streamlit as st"
    )
    assert _imports(tree) == {"core.layers", "core.data", "core.explain.cam", "streamlit"}
    assert _beyond(tree, "core", "core.explain") == {"core.layers", "core.data"}
    assert _forbidden(tree, "streamlit", "core.lay") == {"streamlit"}
    assert [name for name, _ in _calls(ast.parse("torch.load(x)\nprint(load(y))"))] == [
        "torch.load",
        "print",
        "load",
    ]


def test_there_is_code_to_read() -> None:
    assert len(CORE) > 20
    assert all(path.is_file() for path in PAGES)
