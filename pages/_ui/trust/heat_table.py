"""The table of methods by layers: a score and a grade for each pair, to click."""

import re

from core.explain.network.layers import Layer
from core.explanation.question import INPUT
from core.trust.report.contents import PairEvidence, TrustReport
from pages._ui import words
from pages._ui.kit.components import grade_table
from pages._ui.kit.components.grade_table import Graded, GradeTable, Head
from pages._ui.kit.pickers import method_picker
from pages._ui.trust.state import reports

# In a sentence: a method by its name in core, and perhaps its layer; and all other words.
_PAIR = re.compile(r"\w+(?: at \w+(?:\.\w+)*)?")


def draw(report: TrustReport, layers: list[Layer], selected: PairEvidence) -> None:
    """Draw all pairs, the methods with the highest score on top, layers from the input to the head."""
    methods, names = reports.methods_of(report), _in_order(report, layers)
    pairs = {(each.method, each.layer): each for each in report.pairs}
    best = (report.recommended.method, report.recommended.layer)

    def pick(row: int, column: int) -> None:
        reports.choose(pairs[methods[row], names[column]])

    grade_table.draw(
        GradeTable(
            rows=[Head(method_picker.label(each)) for each in methods],
            columns=[_head(each, layers) for each in names],
            cells=[
                [_graded(pairs.get((method, name)), is_best=(method, name) == best) for name in names]
                for method in methods
            ],
            label="Score of each method at each layer",
            hint="Click a cell to see the photos behind it",
        ),
        (methods.index(selected.method), names.index(selected.layer)),
        pick,
        key="grades",
    )


def _in_order(report: TrustReport, layers: list[Layer]) -> list[str]:
    order = [INPUT, *(layer.name for layer in layers)]
    names = {each.layer for each in report.pairs}
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def _head(name: str, layers: list[Layer]) -> Head:
    sizes = {layer.name: f"{layer.size[0]} × {layer.size[1]}" for layer in layers}
    return Head("Pixels", "") if name == INPUT else Head(name, sizes.get(name, ""))


def _graded(pair: PairEvidence | None, *, is_best: bool) -> Graded | None:
    if pair is None:
        return None
    name, score = title(pair), words.signed(pair.score)
    meaning = f"{name}: {score}, {pair.verdict}" + (", recommended" if is_best else "")
    return Graded(score, pair.verdict, words.tint(pair.score), meaning, is_best)


def title(pair: PairEvidence) -> str:
    """``Grad-CAM at bn2``."""
    return method_picker.pair(pair.method, pair.layer)


def reason(report: TrustReport) -> str:
    """Why a pair is recommended, with the usual names of methods."""
    named = {str(reports.as_pair(each)): title(each) for each in report.pairs}
    return _PAIR.sub(lambda match: named.get(match[0], match[0]), report.recommended.reason)
