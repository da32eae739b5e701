"""Texts from outside show as they are: no page lets one load a picture, show a link or change the page."""

import html
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.protobuf.message import Message
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.predictions.evaluating.evaluate import evaluate
from core.predictions.evaluating.samples import open_images, samples_of
from pages._ui import words
from tests.support.pages.looking import opened

NAMES = ("test-hostile-a", "test-hostile-b")
# Where it reads HTML.
HTML = {"Html.body", "PlotlyChart.spec"}
# Where the browser reads no Markdown: options of pickers, what is typed, data of our own components.
UNREAD = {
    "Selectbox.options",
    "Selectbox.placeholder",
    "Selectbox.raw_value",
    "MultiSelect.options",
    "MultiSelect.placeholder",
    "MultiSelect.raw_values",
    "TextInput.value",
    "TextInput.default",
    "BidiComponent.json",
    *HTML,
}
# What Markdown, or what looks through its text, would make something of.
READ = re.compile(r"!\[|\]\(|(?<!\\):material[/_]skull:|<b>|`c`|\$x\$|://|www\.|\u202e|\n")


def hostile(field: str, *, is_name: bool = False) -> str:
    """A text that does all that a text can do; a name has no slash and one line."""
    text = f"{field} ![x](http:x.png) [a](javascript:b) <b>b <u> $x$ `c` www.evil.example \u202eabc"
    return (
        text
        if is_name
        else f"{text} :material/skull: ![y](http://127.0.0.1:9/y.png) https://evil.example\n# z"
    )


CLASSES = [hostile(f"class{index}", is_name=True) for index in range(10)]


@pytest.fixture(scope="module", autouse=True)
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two checkpoints, evaluated on the same images, with a hostile text wherever there may be one."""
    data = tmp_path_factory.mktemp("hostile") / hostile("folder", is_name=True)
    random = np.random.default_rng(0)
    for name in CLASSES:
        (data / name).mkdir(parents=True)
        for index in range(3):
            pixels = random.integers(0, 255, (28, 28), dtype=np.uint8)
            Image.fromarray(pixels).save(data / name / f"{hostile(str(index), is_name=True)}.png")
    try:
        for seed, name in enumerate(NAMES):
            _make(paths.root() / name, data, seed)
        yield data
    finally:
        for name in NAMES:
            shutil.rmtree(paths.root() / name, ignore_errors=True)


def _make(folder: Path, data: Path, seed: int) -> None:
    folder.mkdir()
    for file in ("model.safetensors", "history.csv"):
        shutil.copy(paths.root() / "digits" / file, folder)
    card = json.loads((paths.root() / "digits" / "card.json").read_text())
    card |= {"class_names": CLASSES, "source": hostile("source"), "reason": hostile("reason")}
    card["recipe"] |= {"title": hostile("title"), "about": hostile("about")}
    (folder / "card.json").write_text(json.dumps(card))
    evaluate(folder, samples_of(store.read_card(folder), open_images(folder, data), "all"))
    (path,) = folder.rglob("predictions.parquet")
    table = pq.read_table(path)
    wrong = np.random.default_rng(seed).integers(0, 10, len(table)).astype(np.int32)
    splits = [hostile(f"split{index % 2}") for index in range(len(table))]
    for name, values in (("split", splits), ("predicted", wrong)):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))
    pq.write_table(table, path)


def strings(message: Message) -> Iterator[tuple[str, str]]:
    """All strings of a protobuf message, with the name of the field that each is in."""
    for field, value in message.ListFields():
        name = f"{message.DESCRIPTOR.name}.{field.name}"
        several = value if field.is_repeated else [value]
        for each in several:
            if isinstance(each, Message):
                yield from strings(each)
            elif isinstance(each, str):
                yield name, each


def drawn(page: AppTest) -> list[tuple[str, str]]:
    """All strings that the browser was sent."""
    found, waiting = [], [page._tree]
    while waiting:
        node = waiting.pop()
        waiting += getattr(node, "children", {}).values()
        if isinstance(proto := getattr(node, "proto", None), Message):
            found += list(strings(proto))
    return found


def check(page: AppTest) -> None:
    """Nothing that a browser reads as Markdown or HTML has a hostile text in it as it was."""
    assert not page.exception
    sent = [
        (name, text)
        for name, text in drawn(page)
        if "x.png" in html.unescape(text.replace("\\", "")) and not name.endswith(".id")
    ]
    assert sent
    read = [(name, text) for name, text in sent if name not in UNREAD and READ.search(text)]
    assert read == []
    assert [
        text for name, text in sent if name in HTML and re.search(r"(<|\\u003c)b(>|\\u003e)b", text)
    ] == []


def test_a_plain_text_shows_as_it_is() -> None:
    assert words.plain("cat_1 (a)") == r"cat\_1 \(a\)"
    assert not READ.search(words.plain(hostile("x")))
    assert len(words.plain("x" * 10_000)) <= 2_000
    assert words.plain("caf\udce9 \x00 a\tb") == "caf? a b"


@pytest.mark.parametrize("path", ["app.py", "pages/train.py"])
def test_home_and_train(path: str) -> None:
    check(opened(path, checkpoint=NAMES[0], run=NAMES[0]))


def table() -> dict[str, list[Any]]:
    (path,) = (paths.root() / NAMES[0]).rglob("predictions.parquet")
    found: dict[str, list[Any]] = pq.read_table(path).to_pydict()
    return found


def first_mistake() -> dict[str, Any]:
    rows = table()
    at = next(i for i in range(len(rows["label"])) if rows["label"][i] != rows["predicted"][i])
    return {name: values[at] for name, values in rows.items()}


@pytest.mark.parametrize("view", ["Confusions", "Classes", "Curves", "Confidence"])
def test_mistakes(view: str) -> None:
    check(opened("pages/mistakes.py", checkpoint=NAMES[0], view=view))


def test_a_sample_of_mistakes() -> None:
    row = first_mistake()
    page = opened(
        "pages/mistakes.py",
        checkpoint=NAMES[0],
        split=words.plain(row["split"]),
        true=CLASSES[row["label"]],
        pred=CLASSES[row["predicted"]],
        sample=row["sample_id"],
    )
    assert any("class" in each.value for each in page.header)
    check(page)
    page.button(key="sample_close").click().run()
    page.toggle[0].set_value(True).run()
    check(page)


@pytest.mark.parametrize("tab", ["Samples", "Matrices", "Classes"])
def test_compare(tab: str) -> None:
    row = first_mistake()
    page = opened(
        "pages/compare.py", checkpoint=NAMES[0], **{"with": NAMES[1]}, tab=tab, sample=row["sample_id"]
    )
    check(page)


def test_explain() -> None:
    row = first_mistake()
    page = opened(
        "pages/explain.py",
        checkpoint=NAMES[0],
        photo=f"{NAMES[0]}/{row['sample_id']}",
        why=CLASSES[1],
        against=CLASSES[2],
    )
    check(page)
    check(opened("pages/explain.py", checkpoint=NAMES[0], photo=hostile("photo")))


@pytest.mark.slow
@pytest.mark.usefixtures("_no_ascent")
def test_inside() -> None:
    row = first_mistake()
    photo = f"{NAMES[0]}/{row['sample_id']}"
    for sort in ("strength", "class"):
        page = opened("pages/inside.py", checkpoint=NAMES[0], photo=photo, sort=sort, **{"class": CLASSES[1]})
        check(page)


def test_a_checkpoint_without_predictions() -> None:
    page = opened("pages/mistakes.py", checkpoint="imagenet")
    page.text_input(key="evaluation_folder").set_value(f"/no/{hostile('typed')}")
    page.button[0].click().run()
    check(page)


@pytest.mark.slow
def test_a_folder_to_train_on() -> None:
    page = opened("pages/train.py")
    page.selectbox(key="train_data_digits").select("A folder of mine…").run()
    page.text_input(key="train_folder").set_value(f"/no/{hostile('typed')}").run()
    check(page)
    page.text_area(key="train_more_digits").set_value(f"{hostile('key')}=1").run()
    check(page)


@pytest.mark.slow
def test_a_hostile_folder_to_train_on(hostile_folder: Path) -> None:
    page = opened("pages/train.py")
    page.selectbox(key="train_data_digits").select("A folder of mine…").run()
    page.text_input(key="train_folder").set_value(str(hostile_folder)).run()
    assert not page.error
    page.session_state["look"] = "Data"
    page.run()
    check(page)


def test_a_photo_with_a_hostile_name() -> None:
    page = opened("pages/explain.py", checkpoint=NAMES[0])
    page.file_uploader(key="uploads").upload(f"{hostile('photo')}.png", b"no picture").run()
    check(page)
