"""What the Inside page has drawn, in the words of a person who looks at it."""

import html
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image
from streamlit.testing.v1 import AppTest

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.explain.ascent import Ascended
from core.inside.ascents import images
from core.inside.ascents.cache import key_of
from core.inside.channels.inspection import Inspection, inspect
from tests.support.paths import ROOT

SPARSITY = "Share of zeros of each rectified layer, in the order in which the layers run"
CAT = Path(str(files("skimage.data") / "chelsea.png"))


def ascent_card(page: AppTest) -> str:
    return " ".join(each.value for each in (*page.caption, *page.info))


def kept(name: str, layer: str, channel: int, method: str = "plain") -> Ascended | None:
    """The picture that the command line would take from the cache."""
    loaded = store.load(store.find(name))
    asked = images.question(loaded, layer, [channel], method=method)
    return images.user_cache().read(key_of(loaded.card, layer, channel, asked.settings))


def drawn(page: AppTest, mark: str) -> str:
    """The markup that has this class, with characters as they are read."""
    return next(
        html.unescape(text) for each in page.get("html") if f'class="{mark}"' in (text := each.proto.body)
    )


def opened(**address: str) -> AppTest:
    """The page as somebody sees it who opens it by this address."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/inside.py")
    for name, value in address.items():
        app.query_params[name] = value
    page = app.run()
    assert not page.exception
    return page


def sent(page: AppTest, **known: object) -> dict[str, Any]:
    """What a component of the browser was given; ``known`` are some of its data."""
    found = [json.loads(each.proto.json) for each in page.get("bidi_component")]
    return next(data for data in found if all(data.get(key) == value for key, value in known.items()))


def grid(page: AppTest) -> dict[str, Any]:
    (sheet,) = sent(page, shown_in=".st-key-channel_card")["sheets"]
    return dict(sheet)


def hint(page: AppTest) -> str:
    return str(sent(page, shown_in=".st-key-channel_card")["hint"])


def title(page: AppTest) -> str:
    """The heading above the tiles."""
    return str(sent(page, shown_in=".st-key-channel_card")["title"])


def stage_sheets(page: AppTest) -> list[dict[str, Any]]:
    """The stages of the overview."""
    return list(sent(page, shown_in=".st-key-channels_view")["sheets"])


def headings(page: AppTest) -> list[str]:
    """The headings of the page that are no component's own."""
    return [each.value for each in page.main.markdown if each.value.startswith("#")]


def cells(page: AppTest) -> list[int]:
    """The channels of the grid, in its order."""
    return [cell["channel"] for cell in grid(page)["cells"]]


def chosen(page: AppTest) -> list[int]:
    return [cell["channel"] for cell in grid(page)["cells"] if cell["selected"]]


def facts(page: AppTest) -> str:
    return next(
        text
        for each in page.get("html")
        if "seewhy-facts" in (text := each.proto.body) and "<style>" not in text
    )


def expected(checkpoint: Checkpoint, layer: str, class_idx: int | None = None) -> Inspection:
    batch = checkpoint.card.preprocess.batch([Image.open(CAT).convert("RGB")])
    return inspect(checkpoint, batch, layer, class_idx)[0]
