"""Two evaluated networks, and what the page Compare shows of them."""

from pathlib import Path
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths
from core.errors import DataError
from core.predictions import evaluations
from core.predictions.evaluations import Evaluation
from tests.support.pages.looking import component, components, opened

PAGE = "pages/compare.py"
SIGNS = ("signs-plain", "signs-bn")


def absent(_evaluation: Evaluation, _typed: Path | None) -> None:
    raise DataError("cannot find them in 'DIR'; get it from their publisher")


def table(name: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(paths.root() / name).table)


def both(first: str, second: str) -> pd.DataFrame:
    """A row for each sample: label, what both predicted, probabilities, and its pile."""
    rows = table(first).merge(table(second), on="sample_id", suffixes=("", "_2"))
    names = {(True, True): "both_right", (False, True): "fixed", (True, False): "broken"}
    right = zip(rows["predicted"] == rows["label"], rows["predicted_2"] == rows["label"], strict=True)
    rows["pile"] = [names.get(each, "both_wrong") for each in right]
    return rows


def link(first: str, second: str | None = None, **address: str) -> AppTest:
    address = {"checkpoint": first} | ({"with": second} if second else {}) | address
    page = opened(PAGE, **address)
    assert not page.exception
    return page


def piles(page: AppTest) -> dict[str, dict[str, Any]]:
    return {pile["id"]: pile for pile in component(page, "piles")["piles"]}


def shown(page: AppTest) -> list[str]:
    gallery = next(data for data in components(page) if data.get("label") == "Samples")
    return [item["id"] for item in gallery["items"]]


def text(page: AppTest) -> str:
    return " ".join(each.value for each in page.markdown).replace("\\", "")
