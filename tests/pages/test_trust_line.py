"""The line below a map says whether it can be believed: after the map, once, and only where it is wanted."""

from dataclasses import replace

import pytest

from core.checkpoints import paths
from core.errors import LayerError
from core.explain.trust.verdict import GRADES
from core.explanation import trust as core_trust
from core.trust.report.reading import KnownTrust
from pages._ui.session.checkpoints import advice
from pages._ui.session.question import tested_maps
from tests.support.pages.looking import as_read, opened, verdicts
from tests.support.results.trust_reports import evidence, report_on

_ASK = "trust_test_map"
_SAMPLE = {"checkpoint": "digits", "photo": "digits/digits-val/digits/677"}


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    tested_maps._kept.clear()


@pytest.mark.slow
def test_a_map_is_tested_when_asked_and_every_map_from_then_on() -> None:
    page = opened("pages/explain.py", **_SAMPLE)
    assert verdicts(page) == []
    page.button(key=_ASK).click().run()
    (verdict,) = verdicts(page)
    assert any(grade.capitalize() in verdict for grade in GRADES)
    assert "% of the photo" in verdict
    page.selectbox(key="method").select("layer_cam").run()
    assert len(verdicts(page)) == 1
    assert _ASK not in [button.key for button in page.button]


@pytest.mark.slow
def test_a_known_verdict_is_not_tested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tested_maps.VARIABLE, "1")
    first = verdicts(opened("pages/explain.py", **_SAMPLE))

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise LayerError("tested again")

    monkeypatch.setattr(tested_maps, "trust", refuse)
    assert verdicts(opened("pages/explain.py", **_SAMPLE)) == first != []


@pytest.mark.slow
def test_a_map_of_the_same_cells_is_tested_beside_the_references_of_the_last_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(tested_maps.VARIABLE, "1")
    page = opened("pages/explain.py", **_SAMPLE)
    page.selectbox(key="method").select("layer_cam").run()
    first, second = (made.faithful for made in tested_maps._kept().trusted.values())
    assert first.of_map is not second.of_map
    assert (first.noise, first.centre, first.edges) == (second.noise, second.centre, second.edges)


@pytest.mark.slow
def test_another_class_has_references_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tested_maps.VARIABLE, "1")
    page = opened("pages/explain.py", **_SAMPLE)
    page.session_state["class-digits"] = "8"
    page.run()
    first, second = (made.faithful for made in tested_maps._kept().trusted.values())
    assert first.centre.probability.deletion_area != second.centre.probability.deletion_area


@pytest.mark.parametrize("grade", GRADES)
def test_the_curves_name_the_grade_of_the_network_where_this_photo_has_another(
    grade: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(tested_maps.VARIABLE, "1")
    pair = replace(evidence("grad_cam", "block3", 0.3), verdict=grade)
    known = KnownTrust(report_on(paths.root() / "digits", pair))
    monkeypatch.setattr(advice, "known", lambda _name: known)
    page = opened("pages/explain.py", **_SAMPLE)
    (made,) = tested_maps._kept().trusted.values()
    said = [as_read(each.value) for each in page.markdown if "On average" in each.value]
    average = f"On average over 24 photos, Grad-CAM at block3 is {grade} for this network;"
    assert said == ([] if made.verdict.grade == grade else [f"{average} a single photo can differ."])


def test_the_map_of_an_open_sample_has_a_verdict_on_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tested_maps.VARIABLE, "1")
    assert len(verdicts(opened("pages/mistakes.py", checkpoint="digits", sample="digits/677"))) == 1


def test_a_map_without_positive_evidence_says_that_there_is_nothing_to_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(tested_maps.VARIABLE, "1")
    monkeypatch.setattr(tested_maps, "trust", lambda *_args, **_kwargs: {})
    page = opened("pages/explain.py", **_SAMPLE)
    assert core_trust.UNTESTABLE in [caption.value.replace("\\", "") for caption in page.caption]
