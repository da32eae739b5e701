"""The view Edit: scores after edits are those of the edited photo; undo, redo and reset."""

import io
from pathlib import Path

import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.checkpoints.store import Checkpoint
from core.images.edits import edited
from core.images.edits.parts import Rectangle
from core.images.sample_photos import sample
from core.predictions.top_k import top_k
from core.shares import percent
from pages._ui.explain.state.edits import Steps
from tests.support.pages.looking import component, components, opened
from tests.support.stored.checkpoints import link_all

EDIT = Rectangle((100, 50, 300, 250), "mean colour")


@pytest.fixture
def page(small: Checkpoint, checkpoints: Path) -> AppTest:
    link_all(small.folder.parent, checkpoints)
    page = opened("pages/explain.py", checkpoint="small", photo="chelsea.png")
    page.segmented_control(key="photo_view").set_value("edit").run()
    assert not page.exception
    return page


def _make(page: AppTest, digest: str) -> None:
    page.session_state[f"edits-{digest}"] = Steps((EDIT,))
    page.run()
    assert not page.exception


@pytest.mark.slow
def test_scores_are_those_of_the_edited_photo_and_undo_takes_them_back(
    small: Checkpoint, page: AppTest
) -> None:
    before = page.dataframe[0].value
    assert before["Change in logits"].tolist() == ["0.00"] * 5
    assert [page.button(key=f"edit_{name}").disabled for name in ("undo", "redo", "reset")] == [True] * 3

    (digest,) = page.session_state["photos"]
    _make(page, digest)
    photo = Image.open(io.BytesIO(sample("chelsea.png"))).convert("RGB")
    with torch.inference_mode():
        logits = small.model(small.card.preprocess.batch([edited(photo, [EDIT])]))[0]
    after = {each.class_name: percent(each.probability) for each in top_k(logits, small.card.class_names)}
    shown = page.dataframe[0].value
    assert dict(zip(shown["Class"], shown["After"], strict=True)) == after
    assert shown["Before"].tolist() == before["Before"].tolist()

    page.button(key="edit_undo").click().run()
    assert page.dataframe[0].value.equals(before)
    page.button(key="edit_redo").click().run()
    assert page.dataframe[0].value.equals(shown)
    page.button(key="edit_reset").click().run()
    assert page.session_state[f"edits-{digest}"] == Steps()


def test_both_maps_are_drawn_and_the_tool_reaches_the_browser(page: AppTest) -> None:
    page.segmented_control(key="edit_tool").set_value("brush").run()
    assert component(page, "tool")["tool"] == "brush"
    tiles = next(data for data in components(page) if data.get("label") == "Map")
    assert [each["caption"] for each in tiles["items"]] == ["Before", "After"]
    assert tiles["items"][0]["picture"] == tiles["items"][1]["picture"]
