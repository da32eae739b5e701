"""The page Trust: the table of methods by layers, and the photos, curves and plots behind it."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths
from core.trust.pairs import MethodAtLayer
from core.trust.photos import open_any, sampled
from core.trust.testing.collecting import collect
from pages._ui.session.question import question_keys
from tests.support.pages.looking import as_read, captions, component, components, opened
from tests.support.results.trust_reports import evidence, write_report

_PAIRS = (
    evidence("grad_cam", "block1", 0.01, p_random=0.6),
    evidence("grad_cam", "block3", 0.4),
    evidence("layer_cam", "block3", 0.15),
)


@pytest.fixture
def folder(checkpoints: Path) -> Path:
    """A checkpoint of digits of its own."""
    place = checkpoints / "tested"
    shutil.copytree(checkpoints / "digits", place, ignore=shutil.ignore_patterns("trust*"))
    return place


def _page(folder: Path, **address: str) -> AppTest:
    page = opened("pages/trust.py", checkpoint=folder.name, **address)
    assert not page.exception
    return page


def test_the_table_has_a_cell_for_each_pair_the_best_method_on_top(folder: Path) -> None:
    write_report(folder, *_PAIRS)
    table = component(_page(folder), "cells")
    assert [row["label"] for row in table["rows"]] == ["Grad-CAM", "LayerCAM"]
    assert [(column["label"], column["detail"]) for column in table["columns"]] == [
        ("block1", "26 × 26"),
        ("block3", "3 × 3"),
    ]
    cells = [[cell and (cell["text"], cell["kind"], cell["best"]) for cell in row] for row in table["cells"]]
    assert cells == [
        [("+0.01", "noise", False), ("+0.40", "believable", True)],
        [None, ("+0.15", "weak", False)],
    ]
    assert table["cells"][1][1]["meaning"] == "LayerCAM at block3: +0.15, weak"


def test_the_recommended_pair_is_open_unless_the_address_names_another(folder: Path) -> None:
    write_report(folder, *_PAIRS)
    page = _page(folder)
    assert [as_read(each.value) for each in page.header] == ["Grad-CAM at block3"]
    assert "Grad-CAM at block3 has the highest score" in as_read(
        " ".join(each.value for each in page.markdown)
    )
    other = _page(folder, pair="layer_cam block3")
    assert [as_read(each.value) for each in other.header] == ["LayerCAM at block3"]
    assert component(other, "cells")["selected"] == [1, 1]


def test_the_reason_names_methods_as_people_do(folder: Path) -> None:
    write_report(folder, evidence("xgrad_cam", "block3", 0.4), evidence("grad_cam", "block3", 0.395))
    reason = as_read(" ".join(each.value for each in _page(folder).markdown))
    assert "Grad-CAM at block3 is as good as XGrad-CAM at block3" in reason


def test_explain_opens_with_the_pair(folder: Path) -> None:
    write_report(folder, *_PAIRS)
    page = _page(folder, pair="layer_cam block3")
    page.button(key="trust_explain").click().run()
    assert page.session_state[question_keys.METHOD] == "layer_cam"
    assert page.session_state[question_keys.layer_key(folder.name)] == "block3"


def test_without_a_report_it_says_how_to_make_one(folder: Path) -> None:
    page = _page(folder)
    assert f"python -m core trust {folder.name} --data FOLDER" in captions(page)
    assert components(page) == []


def test_a_report_of_other_weights_is_not_shown(folder: Path) -> None:
    write_report(folder, *_PAIRS, network="another")
    assert "of other weights" in as_read(_page(folder).warning[0].value)


def test_a_report_without_its_table_has_no_photos(folder: Path) -> None:
    write_report(folder, *_PAIRS)
    assert "only the report" in _page(folder).info[0].value
    assert len(_page(folder, trust_view="All pairs").get("plotly_chart")) == 2


@pytest.mark.slow
def test_photos_are_sorted_by_their_score_and_curves_are_means(folder: Path) -> None:
    pairs = (MethodAtLayer("grad_cam", "block3"),)
    collect(folder, sampled(folder, open_any(folder, None), 9), pairs)
    assert (folder / paths.TRUST_TABLE).exists()
    page = _page(folder)
    groups = {each["label"]: each["items"] for each in components(page) if "photos" in str(each.get("label"))}
    assert list(groups) == ["Best photos", "Typical photos", "Worst photos"]
    scores = [_score(item["detail"]) for items in groups.values() for item in items]
    assert len(scores) == 9
    assert scores == sorted(scores, reverse=True)
    assert all(item["picture"].startswith("data:image/jpeg") for items in groups.values() for item in items)
    assert len(_page(folder, trust_view="Curves").get("plotly_chart")) == 2
    cascade = component(_page(folder, trust_view="Sanity"), "items")
    assert [item["caption"] for item in cascade["items"]] == [
        "As trained",
        "head",
        "block3",
        "block2",
        "block1",
    ]
    assert cascade["items"][0]["detail"] == "+1.00"
    assert _score(cascade["items"][-1]["detail"]) < 0.9


def _score(detail: str) -> float:
    return float(detail.partition(" ")[0].replace("−", "-"))


def test_explain_begins_with_the_recommended_pair_and_marks_what_is_like_noise(folder: Path) -> None:
    write_report(folder, evidence("layer_cam", "block3", 0.4), *_PAIRS[:1])
    page = opened("pages/explain.py", checkpoint=folder.name, photo="chelsea.png")
    method, layer = page.selectbox(key="method"), page.selectbox(key=question_keys.layer_key(folder.name))
    assert (method.value, layer.value) == ("layer_cam", "block3")
    assert [option for option in layer.options if "★" in option] == ["block3 · 256 × 3 × 3 ★"]
    method.select("grad_cam").run()
    layer = page.selectbox(key=question_keys.layer_key(folder.name))
    assert [option for option in layer.options if "noise" in option] == ["block1 · 64 × 26 × 26 · noise"]
    stages = next(each["items"] for each in components(page) if each.get("label") == "Stages")
    assert [item["id"] for item in stages if item["note"] == "like noise"] == ["block1"]


def test_another_method_begins_at_the_layer_where_it_did_best(folder: Path) -> None:
    write_report(folder, evidence("layer_cam", "block3", 0.4), evidence("grad_cam", "block2", 0.3))
    page = opened("pages/explain.py", checkpoint=folder.name, photo="chelsea.png", method="grad_cam")
    assert page.selectbox(key=question_keys.layer_key(folder.name)).value == "block2"
