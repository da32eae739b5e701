"""On the page Explain, an auxiliary head is explained as a class score of its own."""

from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.images.preprocess import Preprocess
from core.images.sample_photos import sample
from core.models import registry
from core.models.auxiliary import ending_in
from pages._ui.session.question.photos import as_photo, upright
from tests.support.pages.looking import component, opened

ARCHITECTURE = "torchvision:googlenet?transform_input=false"
HEAD = "head-inception"
CLASSES = ("ant", "bee", "cat")


@pytest.fixture(autouse=True)
def _inception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GoogLeNet with random weights is the only checkpoint."""
    monkeypatch.setenv(paths.VARIABLE, str(tmp_path / "checkpoints"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = registry.build(ARCHITECTURE, 3)
    card = Card(ARCHITECTURE, CLASSES, Preprocess((64, 64), None, (0.5,) * 3, (0.5,) * 3))
    store.save("inception", card, network.state_dict())


def _logits(head: str) -> list[float]:
    """The class scores of a head for the photo."""
    loaded = store.load(store.find("inception"))
    batch = loaded.card.preprocess.batch([upright(as_photo("coffee.png", sample("coffee.png")))])
    with torch.inference_mode():
        logits: list[float] = ending_in(loaded.model, head)(batch)[0].tolist()
    return logits


def _shown(page: AppTest) -> list[float]:
    """The logits that the page shows, to two decimals, in the order of the classes."""
    assert not page.exception
    by_name = {each["name"]: each["logit"] for each in component(page, "is_still")["items"]}
    return [float(by_name[name].replace("−", "-")) for name in CLASSES]


@pytest.mark.slow
def test_a_head_is_chosen_on_the_page_and_kept_in_the_address() -> None:
    page = opened("pages/explain.py", checkpoint="inception", photo="coffee.png")
    own = _shown(page)
    page = page.selectbox(key=HEAD).select("aux1").run()
    assert _shown(page) == pytest.approx(_logits("aux1"), abs=0.01)
    assert _shown(page) != pytest.approx(own, abs=0.01)
    assert page.query_params["head"] == "aux1"
    assert page.selectbox(key="layer-inception/aux1").value == "aux1.conv"
    assert _shown(page.selectbox(key=HEAD).set_value(None).run()) == own


@pytest.mark.slow
def test_an_address_opens_the_head_that_it_names() -> None:
    page = opened(
        "pages/explain.py", checkpoint="inception", photo="coffee.png", head="aux2", at="inception4a"
    )
    assert _shown(page) == pytest.approx(_logits("aux2"), abs=0.01)
    assert page.selectbox(key="layer-inception/aux2").value == "inception4a"


def test_a_network_without_auxiliary_heads_has_nothing_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paths.VARIABLE)
    page = opened("pages/explain.py", checkpoint="digits", photo="coffee.png", head="aux1")
    assert not page.exception
    assert "Head" not in [each.label for each in page.selectbox]
