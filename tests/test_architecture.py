"""The import rules, and what is allowed in one place only, read from the code. Each test lists offenders."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.source import (
    CORE,
    PAGES,
    beyond,
    calls,
    forbidden,
    imports,
    named,
    nodes,
    offenders,
    parsed,
)

# From the ground floor up: a room imports from its own floor and from those before it.
FLOORS = (
    ("arrays", "errors", "device", "shares"),
    ("files",),
    ("processes", "error_log"),
    ("images", "drawing"),
    ("explain",),
    ("models",),
    ("checkpoints",),
    ("data",),
    ("passes",),
    ("evaluation",),
    ("predictions",),
    ("training",),
    ("explanation",),
    ("mistakes", "inside", "trust"),
    ("commands",),
    ("__main__",),
)
_FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def _below(*rooms: str) -> list[Path]:
    """Modules of these rooms of core."""
    return [path for path in CORE if _room(path) in rooms]


def _room(path: Path) -> str:
    return path.relative_to(ROOT / "core").parts[0].removesuffix(".py")


# Who may import whom.


@pytest.mark.slow
def test_imports_are_absolute_and_without_wildcards() -> None:
    def broken(path: Path) -> list[str]:
        written = [node for node in nodes(parsed(path)) if isinstance(node, ast.ImportFrom)]
        return [ast.unparse(node) for node in written if node.level or node.names[0].name == "*"]

    assert offenders([*CORE, *PAGES], broken) == {}


def test_every_room_has_a_floor() -> None:
    assert {_room(path) for path in CORE} - {"__init__"} == set(_FLOOR_OF)


def test_a_lower_floor_never_imports_a_higher_one() -> None:
    def broken(path: Path) -> list[str]:
        own = _FLOOR_OF.get(_room(path), 0)
        imported = [name for name in imports(parsed(path)) if name.startswith("core.")]
        return sorted(name for name in imported if _FLOOR_OF.get(name.split(".")[1], 0) > own)

    assert offenders(CORE, broken) == {}


def test_rooms_of_one_floor_do_not_import_each_other() -> None:
    def broken(path: Path) -> list[str]:
        rooms = FLOORS[_FLOOR_OF[_room(path)]]
        return sorted(forbidden(parsed(path), *(f"core.{room}" for room in rooms if room != _room(path))))

    assert offenders([path for path in CORE if path.name != "__init__.py"], broken) == {}


def test_core_knows_no_browser_and_no_plots() -> None:
    unknown = ("streamlit", "pages", "app", "matplotlib", "plotly", "tests")
    assert offenders(CORE, lambda path: forbidden(parsed(path), *unknown)) == {}


def test_explaining_needs_a_model_and_a_tensor_and_nothing_else_of_core() -> None:
    allowed = ("core.errors", "core.explain")
    assert offenders(_below("explain"), lambda path: beyond(parsed(path), "core", *allowed)) == {}


def test_training_knows_nothing_of_explanations() -> None:
    assert offenders(_below("training"), lambda path: forbidden(parsed(path), "core.explain")) == {}


def test_evaluation_and_drawing_know_arrays_and_tables_only() -> None:
    def broken(path: Path) -> set[str]:
        below = (f"core.{room}" for room in ("arrays", "errors", "shares"))
        return beyond(parsed(path), "core", *below, f"core.{_room(path)}")

    assert offenders(_below("evaluation", "drawing"), broken) == {}


def test_pages_do_not_compute() -> None:
    unknown = ("torch.nn", "matplotlib", "timm", "captum", "torchvision")
    assert offenders(PAGES, lambda path: forbidden(parsed(path), *unknown)) == {}


# Of tensors, arrays and tables: if a page needs one of these, core lacks a function.
_REDUCING = {"mean", "sum", "std", "var", "norm", "softmax"}


def _reductions(tree: ast.AST) -> set[str]:
    return {name for name, _ in calls(tree) if "." in name and name.rpartition(".")[2] in _REDUCING}


def test_pages_reduce_no_arrays() -> None:
    assert offenders(PAGES, lambda path: _reductions(parsed(path))) == {}
    assert _reductions(ast.parse("logits.softmax(0)\nsum([1])\nnp.mean(x)")) == {"logits.softmax", "np.mean"}


def test_a_page_takes_from_its_own_folder_and_from_what_all_share() -> None:
    own = {path.stem for path in (ROOT / "pages").glob("*.py")}

    def broken(path: Path) -> set[str]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        mine = next((part for part in parts[1:] if part in own), "")
        others = [f"pages._ui.{page}" for page in own if page != mine]
        return forbidden(parsed(path), *others, *(f"pages.{page}" for page in own))

    assert offenders([path for path in PAGES if path.name != "app.py"], broken) == {}


# What happens in one place only.


def _in_place(path: Path, *rooms: str) -> bool:
    return any(named(path).startswith(room) for room in rooms)


def test_hooks_are_registered_only_in_hooks() -> None:
    """captum registers its own on a private copy of the network; that is not seen here, and fine."""

    def broken(path: Path) -> list[str]:
        attributes = [node.attr for node in nodes(parsed(path)) if isinstance(node, ast.Attribute)]
        return [name for name in attributes if name.startswith("register_") and "hook" in name]

    assert offenders([*CORE, *PAGES], broken) == {"core/explain/network/hooks.py": ["register_forward_hook"]}


def test_weights_are_never_unpickled() -> None:
    def broken(path: Path) -> Iterator[str]:
        tree = parsed(path)
        yield from forbidden(tree, "pickle.load", "pickle.loads", "pickle.Unpickler", "dill", "joblib")
        for name, call in calls(tree):
            is_torch = name == "torch.load" or (name == "load" and "torch.load" in imports(tree))
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            if is_torch and given.get("weights_only") != "True":
                yield ast.unparse(call)
            if name in {"pickle.load", "pickle.loads", "pickle.Unpickler", "eval", "exec"}:
                yield ast.unparse(call)
            if name == "np.load" and "allow_pickle" in given:
                yield ast.unparse(call)

    assert offenders([*CORE, *PAGES], broken) == {}


_WRITING = {"write_bytes", "write_text", "fsync", "mkstemp", "NamedTemporaryFile"}
_READING = {"read_bytes", "read_text"}
# The one page that writes a file that a visitor sends, into a temporary folder.
_UPLOADED = "pages/_ui/kit/own_model.py"
# Our own package's files, and the system's.
_READ_OTHERWISE = {"limits", "sample_photos", "document", "web", "serving"}


def test_files_are_written_whole_and_read_safely_by_one_room() -> None:
    def broken(path: Path) -> set[str]:
        called = {name.rpartition(".")[2] for name, _ in calls(parsed(path)) if not name.startswith("files.")}
        written = _WRITING & called - ({"write_bytes"} if named(path) == _UPLOADED else set())
        return written | (_READING & called if path.stem not in _READ_OTHERWISE else set())

    outside = [path for path in [*CORE, *PAGES] if not _in_place(path, "core/files/")]
    assert offenders(outside, broken) == {}


def test_only_commands_print() -> None:
    outside = [path for path in [*CORE, *PAGES] if not _in_place(path, "core/commands/")]
    assert offenders(outside, lambda path: [name for name, _ in calls(parsed(path)) if name == "print"]) == {}


def test_explaining_never_calls_backward() -> None:
    """`torch.autograd.grad` leaves no ``.grad`` behind on shared parameters."""

    def broken(path: Path) -> list[str]:
        return [name for name, _ in calls(parsed(path)) if name.endswith(".backward")]

    assert offenders(_below("explain"), broken) == {}


_REMEMBERING = {"st.session_state", "st.query_params", "st.cache_data", "st.cache_resource"}


def test_caches_and_session_state_live_only_in_their_rooms() -> None:
    def broken(path: Path) -> set[str]:
        attributes = {ast.unparse(node) for node in nodes(parsed(path)) if isinstance(node, ast.Attribute)}
        return attributes & _REMEMBERING

    outside = [
        path for path in PAGES if not _in_place(path, "pages/_ui/session/") and "state" not in path.parts
    ]
    assert offenders(outside, broken) == {}


# Names.


def test_a_class_name_occurs_once_in_core() -> None:
    """Private names too: a reader who searches for a name finds one thing."""
    homes: dict[str, list[str]] = {}
    for path in CORE:
        for node in nodes(parsed(path)):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(named(path))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_no_parameter_is_called_found() -> None:
    """It says how a value came about, not what it is."""

    def broken(path: Path) -> list[str]:
        functions = [
            node
            for node in nodes(parsed(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        ]
        return [ast.unparse(node.args) for node in functions if "found" in _parameters(node.args)]

    assert offenders([*CORE, *PAGES], broken) == {}


def _parameters(arguments: ast.arguments) -> set[str]:
    return {each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}


# The rules themselves.


def test_imports_are_found_wherever_and_however_they_are_written() -> None:
    tree = ast.parse(
        "import core.layers\nfrom core import data\n"
        "def f():\n    from core.explain import cam as c\n    import streamlit as st"
    )
    assert imports(tree) == {"core.layers", "core.data", "core.explain.cam", "streamlit"}
    assert beyond(tree, "core", "core.explain") == {"core.layers", "core.data"}
    assert forbidden(tree, "streamlit", "core.lay") == {"streamlit"}
    called = [name for name, _ in calls(ast.parse("torch.load(x)\nprint(load(y))"))]
    assert called == ["torch.load", "print", "load"]


def test_an_offender_is_found() -> None:
    assert offenders([ROOT / "app.py"], lambda _path: ["broken"]) == {"app.py": ["broken"]}
    assert _room(ROOT / "core/data/splits.py") == "data"
    assert len(CORE) > 100
    assert all(path.is_file() for path in PAGES)
