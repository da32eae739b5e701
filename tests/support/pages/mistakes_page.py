"""What the page Mistakes shows, and the table that it comes from."""

import pandas as pd
from streamlit.testing.v1 import AppTest

from core.checkpoints import paths
from core.predictions import evaluations
from tests.support.pages.looking import components

PAGE = "pages/mistakes.py"


def table(name: str) -> pd.DataFrame:
    return pd.read_parquet(evaluations.find(paths.root() / name).table)


def tiles(page: AppTest) -> list[dict[str, str]]:
    """The samples of the gallery."""
    return next(
        data["items"] for data in components(page) if data.get("label") == "Samples" and data["items"]
    )


def shown(page: AppTest) -> list[str]:
    return [item["id"] for item in tiles(page)]
