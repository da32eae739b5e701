"""Reports about a tiny table, and a reader of their HTML."""

from collections.abc import Sequence
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import torch

from core.evaluation.metrics import Metrics, metrics
from core.mistakes.report.document import (
    MistakesReport,
    ReportHeader,
)
from core.predictions.prediction_table import rows

ABOUT = ReportHeader(
    "mine", "timm:lite", "street", "pets", "589ed330", "val", "2026-11-20", "22 November 2026"
)
NAMES = ("cat", "dog", "cow")
VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, and the text of each."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(source)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Fail if another element is open."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember text by the element around it."""
        if data.strip():
            self.texts.append((self._open[-1], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such element."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag: str) -> list[str]:
        """The texts of such elements, in order."""
        return [data for name, data in self.texts if name == tag]


def table_of(label: Sequence[int], predicted: Sequence[int], num_classes: int) -> pa.Table:
    logits = torch.nn.functional.one_hot(torch.tensor(predicted), num_classes) * 2.0
    ids = [f"photos/{place}.jpg" for place in range(len(label))]
    return rows(logits, torch.tensor(label), sample_ids=ids, paths=ids, split="val")


def metrics_of(label: Sequence[int], predicted: Sequence[int], num_classes: int) -> Metrics:
    return metrics(table_of(label, predicted, num_classes), num_classes)


LABEL, PREDICTED = [0, 0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 0, 0, 0]


def report_of_many(num_classes: int, chosen: tuple[int, ...] = ()) -> MistakesReport:
    """Two samples a class; class c is once taken for c + 1, and class 0 always for 1."""
    label = np.repeat(np.arange(num_classes), 2)
    predicted = label.copy()
    predicted[1::2] = (label[1::2] + 1) % num_classes
    predicted[0] = 1
    names = [f"class {each}" for each in range(num_classes)]
    found = metrics_of(label.tolist(), predicted.tolist(), num_classes)
    return MistakesReport(ABOUT, names, found, "all", len(label), [], chosen)
