"""A selection of samples as a CSV file for spreadsheets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from core.arrays import IntArray
from core.evaluation.metrics import lists

_NUMBERS = ("p_label", "p_predicted", "loss", "margin")
_COLUMNS = ["sample_id", "path", "split", "label", "predicted", *_NUMBERS]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_of(table: pa.Table, rows: IntArray, class_names: Sequence[str]) -> bytes:
    """Rows (n,) of a predictions table in their order, classes by name, UTF-8 with a header.

    Columns: ``sample_id``, ``path``, ``split``, ``true``, ``predicted``, probabilities, ``loss`` in nats,
    ``margin``, and ``top1``, ``top1_probability`` … for as many of the most probable classes as the table
    has. Texts that look like formulas get a leading apostrophe: file and class names come from outside, and
    spreadsheets run texts that begin with ``=``, ``+``, ``-`` or ``@`` (CWE-1236).
    """
    part = table.select(_COLUMNS).take(pa.array(rows, pa.int64()))
    names = np.array([as_text(name) for name in class_names], dtype=object)
    columns: dict[str, Any] = {}
    for name in ("sample_id", "path", "split"):
        columns[name] = [as_text(each) for each in part[name].to_pylist()]
    columns |= {"true": names[part["label"].to_numpy()], "predicted": names[part["predicted"].to_numpy()]}
    columns |= {name: part[name].to_numpy() for name in _NUMBERS}
    # From the whole table: without rows, the length of the lists would be unknown.
    top5, probabilities = (lists(table, name)[rows] for name in ("top5", "top5_probability"))
    for place in range(top5.shape[1]):
        columns[f"top{place + 1}"] = names[top5[:, place]]
        columns[f"top{place + 1}_probability"] = probabilities[:, place]
    text: str = pd.DataFrame(columns).to_csv(index=False, lineterminator="\r\n")
    return text.encode()


def as_text(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
