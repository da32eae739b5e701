"""Pages without a browser: what each state says, and that none of them fails."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths
from core.checkpoints.store import Checkpoint
from core.explanation.question import METHODS
from pages._ui.kit.pickers import method_picker
from pages._ui.session.question import answers
from pages._ui.shell import PAGES
from tests.support.pages.looking import captions, component, opened
from tests.support.paths import ROOT
from tests.support.results.questions import OF_CONVOLUTIONS, take_few_samples
from tests.support.stored.checkpoints import link_all


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


@pytest.fixture
def explain() -> AppTest:
    return opened("pages/explain.py")


@pytest.fixture
def broken_checkpoint() -> Iterator[str]:
    """A checkpoint folder whose card is not one."""
    folder = paths.root() / "test-broken-card"
    folder.mkdir()
    (folder / paths.CARD).write_text('{"architecture": "timm:resnet18"}')
    (folder / paths.WEIGHTS).touch()
    yield folder.name
    shutil.rmtree(folder)


def cat() -> bytes:
    return (files("skimage.data") / "chelsea.png").read_bytes()


def png(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def with_photo(page: AppTest, data: bytes, name: str = "photo.png") -> AppTest:
    page.file_uploader(key="uploads").upload(name, data)
    return page.run()


def test_every_page_is_in_the_table_and_every_entry_is_a_page() -> None:
    assert set(PAGES) == {"app.py"} | {f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py")}


def test_a_method_that_was_just_added_appears_under_its_own_name() -> None:
    named = [name for group in method_picker.GROUPS.values() for name in group]
    assert sorted(named) == sorted(METHODS)
    assert method_picker.label("my_cam") == "my_cam"


@pytest.mark.slow
def test_the_six_cams_come_first_and_a_network_without_attention_offers_none(explain: AppTest) -> None:
    offered = with_photo(explain, cat()).selectbox(key="method").options
    assert offered[:6] == ["Grad-CAM", "CAM", "Grad-CAM++", "HiResCAM", "XGrad-CAM", "LayerCAM"]
    assert len(offered) == len(METHODS) - 2
    assert not {"LeGrad", "Attention rollout"} & set(offered)


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in PAGES if path != "app.py"])
def test_a_page_opens_without_a_photo(path: str) -> None:
    page = opened(path)
    assert not page.exception
    assert page.title[0].value == PAGES[path].title


def test_the_links_of_a_new_session_carry_the_checkpoint_of_its_address() -> None:
    page = opened("pages/mistakes.py", checkpoint="malaria")
    assert {each.proto.query_string for each in page.get("page_link")[: len(PAGES)]} == {"checkpoint=malaria"}
    # Not only the widget's: the page can change without a link.
    assert page.session_state["checkpoint"] == "malaria"


def test_home_says_what_is_loaded(app: AppTest) -> None:
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Classes"] == "1,000"


def test_without_a_photo_the_page_says_what_to_do(explain: AppTest) -> None:
    assert explain.info[0].value.startswith("Drop a photo above")


def test_a_photo_is_explained_at_the_last_layer_with_every_stage_beside_it(explain: AppTest) -> None:
    page = with_photo(explain, cat())
    assert not page.exception
    assert component(page, "cells")["alt"].endswith("Grad-CAM at bn2")
    assert "7 × 7 cells" in captions(page)
    assert component(page, "cells")["shape"] == [7, 7]
    tiles = [json.loads(each.proto.json) for each in page.get("bidi_component")]
    stages = next(data for data in tiles if data.get("label") == "Stages")
    assert [item["id"] for item in stages["items"]] == ["blocks.0", "blocks.1", "blocks.2", "blocks.4", "bn2"]


def test_the_window_that_the_network_saw_is_where_the_preprocess_puts_it(explain: AppTest) -> None:
    """451 x 300: the shorter side to 256 gives 384 x 256, of which the middle 224 x 224 is seen."""
    page = with_photo(explain, cat())
    expected = [80 / 384, 16 / 256, 304 / 384, 240 / 256]
    assert component(page, "window")["window"] == pytest.approx(expected, abs=1e-6)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than hundreds for each map."""
    take_few_samples(monkeypatch)


@pytest.mark.parametrize("method", sorted(OF_CONVOLUTIONS))
@pytest.mark.slow
def test_every_method_answers_on_the_page(small: Checkpoint, checkpoints: Path, method: str) -> None:
    link_all(small.folder.parent, checkpoints)
    page = opened("pages/explain.py", checkpoint="small", photo="chelsea.png")
    page.selectbox(key="method").select(method).run(timeout=60)
    assert not page.exception
    assert not page.error
    assert re.search(
        rf"{re.escape(method_picker.label(method))} (at bn2|on the input)$", component(page, "cells")["alt"]
    )


@pytest.mark.slow
def test_colours_and_views_do_not_run_the_model(explain: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page = with_photo(explain, cat())
    monkeypatch.setattr(answers, "answers_from", None)  # Called now, it would fail.
    monkeypatch.setattr(answers, "forward_pass", None)
    for key, choice in (("colormap", "turbo"), ("photo_view", "wipe"), ("shown", "signed")):
        page.segmented_control(key=key).set_value(choice).run()
        assert not page.exception
    assert component(page, "cells")["view"] == "wipe"
    assert "tiger cat" in page.header[0].value


def test_cam_at_an_early_layer_says_which_method_would_do(explain: AppTest) -> None:
    page = with_photo(explain, cat())
    page.selectbox(key="method").select("cam")
    page.selectbox(key="layer-imagenet").select("blocks.2").run()
    assert not page.exception
    assert "grad\\_cam works at any layer" in page.error[0].value


def test_a_map_without_positive_evidence_says_so_instead_of_showing_nothing() -> None:
    def script() -> None:
        from types import SimpleNamespace

        import numpy as np

        from core.explanation.answer import Map
        from pages._ui.explain import map_view
        from pages._ui.explain.scene import Scene

        answer = SimpleNamespace(maps={"bn2": Map(-np.ones((7, 7), np.float32))}, class_idx=0, against=None)
        card = SimpleNamespace(class_names=("tench", "goldfish"))
        loaded = SimpleNamespace(checkpoint=SimpleNamespace(card=card))
        map_view.draw_emptiness(Scene(None, loaded, None, answer, "bn2", "inferno"))

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert page.info[0].value.startswith("No positive evidence: the map is empty at bn2 for tench")


def test_comparing_a_class_with_itself_is_answered_with_words(explain: AppTest) -> None:
    page = with_photo(explain, cat())
    page.selectbox(key="against-imagenet").select("tiger cat").run()
    assert page.warning[0].value == "Choose two different classes to compare."


@pytest.mark.slow
@pytest.mark.parametrize("side", [1, 7, 3000])
def test_photos_of_any_size_are_explained(explain: AppTest, side: int) -> None:
    page = with_photo(explain, png(np.full((side, side, 3), 120, np.uint8)))
    assert not page.exception
    assert f"on {side} × {side} pixels" in captions(page)


def test_a_bad_file_is_named_and_nothing_else_changes(explain: AppTest) -> None:
    page = with_photo(explain, b"no photo", "bad [name](http://x).png")
    assert "cannot be used" in page.error[0].value
    assert "](http" not in page.error[0].value
    assert page.info[0].value.startswith("Drop a photo above")


@pytest.mark.slow
def test_the_oldest_photos_make_room(explain: AppTest) -> None:
    for shade in range(30):
        explain.file_uploader(key="uploads").upload(f"{shade}.png", png(np.full((8, 8, 3), shade, np.uint8)))
    page = explain.run()
    kept = [photo.name for photo in page.session_state["photos"].values()]
    assert kept == [f"{shade}.png" for shade in range(6, 30)]


def test_a_broken_checkpoint_is_a_sentence_and_not_a_traceback(app: AppTest, broken_checkpoint: str) -> None:
    app.run()
    assert not app.exception
    assert broken_checkpoint not in app.selectbox(key="checkpoint").options
    said = [each.value.replace("\\", "") for each in app.sidebar.caption]
    assert any(broken_checkpoint in each and "is not a readable card" in each for each in said)
