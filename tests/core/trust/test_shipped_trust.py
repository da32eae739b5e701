"""The reports that ship with the checkpoints: of their weights, of their layers, and as the guide says."""

import pytest

from core.checkpoints import paths, store
from core.explanation.asking import layers_of
from core.trust.report import reading
from core.trust.report.contents import TrustReport
from core.trust.report.recommending import recommended
from tests.support.paths import ROOT
from tests.support.stored.shipped import BUILT_IN, TRAINED

SHIPPED = ROOT / "checkpoints"
REPORTED = [name for name in (BUILT_IN, *TRAINED) if (SHIPPED / name / paths.TRUST).exists()]
each = pytest.mark.parametrize("name", REPORTED)


def _report(name: str) -> TrustReport:
    known = reading.known(SHIPPED / name)
    assert known.note == ""
    assert known.report is not None
    return known.report


@each
def test_a_report_is_of_the_weights_and_of_layers_that_there_are(name: str) -> None:
    report = _report(name)
    layers = {layer.name for layer in layers_of(store.load(SHIPPED / name))}
    assert {pair.layer for pair in report.pairs} <= layers
    assert report.checkpoint == name
    assert report.photos.number >= 24
    assert "/" not in report.photos.name


@each
def test_a_recommendation_follows_from_the_pairs_and_is_the_one_in_the_guide(name: str) -> None:
    report = _report(name)
    chosen = recommended(report.pairs, report.references, report.photos.number)
    assert chosen == report.recommended
    (pair,) = [pair for pair in report.pairs if (pair.method, pair.layer) == (chosen.method, chosen.layer)]
    centre = report.references.centre.score
    row = (
        f"| `{name}` | {report.photos.number} | `{pair.method}` at `{pair.layer}` | {pair.score:.2f} | "
        f"{pair.low:.2f} to {pair.high:.2f} | {centre:.2f} |"
    )
    assert row in (SHIPPED / "README.md").read_text(encoding="utf-8").splitlines()


def test_the_table_beside_the_report_of_the_built_in_network_is_of_the_same_run() -> None:
    folder, report = SHIPPED / BUILT_IN, _report(BUILT_IN)
    table = reading.rows(folder)
    assert table is not None
    assert len(table) == len(report.pairs) * report.photos.number
    assert (folder / paths.TRUST_TABLE).stat().st_size < 400_000
