"""What the pages show of a checkpoint with two evaluations."""

from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths
from core.data.sources import catalogue
from core.predictions import evaluations
from tests.support.pages.looking import captions

MISTAKES, COMPARE = "pages/mistakes.py", "pages/compare.py"


def folder(name: str) -> Path:
    return paths.root() / name


def table_of(name: str, evaluation: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(folder(name), evaluation).table)


def body_text(page: AppTest) -> str:
    return " ".join(each.value for each in page.markdown).replace("\\", "")


def small_print(page: AppTest) -> str:
    return captions(page).replace("\\", "")


def is_right(rows: pd.DataFrame) -> pd.Series:
    return rows["label"] == rows["predicted"]


def digits_below(place: Path) -> Path:
    """A folder for each digit."""
    images = catalogue.load("digits")
    for index in range(20):
        target = place / str(images.labels[index]) / f"{index}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        images.image(index).save(target)
    return place


def asked(name: str, place: Path, given: str = "") -> AppTest:
    """The form of the dialogue, which AppTest does not run again by itself, filled in and sent."""
    page = AppTest.from_string(
        f"from pages._ui.kit.evaluations import evaluating\nevaluating._draw_form({name!r})",
        default_timeout=60,
    ).run()
    page.text_input(key="evaluation_folder").set_value(str(place))
    page.text_input(key="evaluation_name").set_value(given)
    page.button[0].click().run()
    assert not page.exception
    return page
