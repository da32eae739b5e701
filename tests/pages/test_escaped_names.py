"""In the code of pages, what is foreign by its name goes through `pages._ui.words` on its way to Markdown."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.source import PAGES, offenders, parsed

MARKDOWN = {
    *("markdown", "caption", "info", "error", "warning", "success", "toast", "title", "header", "subheader"),
    *("button", "download_button", "badge", "metric", "expander", "popover", "progress"),
    *("spinner", "toggle", "checkbox", "form_submit_button", "TextColumn", "NumberColumn", "ProgressColumn"),
}
FOREIGN = {
    *("name", "names", "class_name", "class_names", "split", "splits", "path", "source", "reason", "typed"),
    *(
        "sample_id",
        "error",
        "message",
        "label_name",
        "recipe_name",
        "about",
        "architecture",
        "folder",
        "other",
    ),
}


def unescaped(node: ast.AST) -> Iterator[str]:
    """Foreign names in an expression, but for those that are given to a function of `pages._ui.words`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("words.", "len", "map(words.")):
        return
    if isinstance(node, ast.Call) and ast.unparse(node).startswith("' · '.join(map(words.plain"):
        return
    if isinstance(node, ast.Name) and node.id in FOREIGN:
        yield node.id
    if isinstance(node, ast.Attribute) and node.attr in FOREIGN:
        yield ast.unparse(node)
    # Of a choice, its condition is not shown.
    shown = [node.body, node.orelse] if isinstance(node, ast.IfExp) else ast.iter_child_nodes(node)
    for child in shown:
        yield from unescaped(child)


def _as_they_are(path: Path) -> list[str]:
    """Foreign names that a module gives to Markdown, and their lines."""
    broken = []
    for call in ast.walk(parsed(path)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in MARKDOWN:
            texts = [
                *call.args[:1],
                *(each.value for each in call.keywords if each.arg in ("help", "label", "text")),
            ]
            broken += [f"line {call.lineno}: {name}" for text in texts for name in unescaped(text)]
    return broken


def test_the_code_gives_no_foreign_name_to_markdown_as_it_is() -> None:
    assert offenders(PAGES, _as_they_are) == {}


def test_what_is_not_escaped_is_found_in_code(tmp_path: Path) -> None:
    written = ast.parse("st.caption(f'{run.name} and {words.plain(run.name)} of {len(names)}')", mode="eval")
    assert list(unescaped(written.body.args[0])) == ["run.name"]
    (tmp_path / "page.py").write_text("st.caption(f'of {run.name}')")
    assert _as_they_are(tmp_path / "page.py") == ["line 1: run.name"]
