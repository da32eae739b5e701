"""All pairs of method and layer at once: deletion against insertion, and score against sanity."""

import streamlit as st

from core.explain.trust.verdict import GRADES
from core.trust.report.contents import TrustReport
from pages._ui.kit import figures
from pages._ui.kit.figures import Point
from pages._ui.trust import heat_table


def draw(report: TrustReport) -> None:
    """Draw both plots; good maps are at the upper left of the first, and at the lower right of the second."""
    left, right = st.columns(2, gap="large")
    with left:
        areas = figures.scatter(_areas(report), "Area under deletion", "Area under insertion")
        st.plotly_chart(areas, config=figures.CONFIG, key="trust_areas")
        st.caption("Best at the upper left: the class falls early when the bright places are hidden.")
    with right:
        sanity = figures.scatter(_sanity(report), "Score", "Same with a random head")
        st.plotly_chart(sanity, config=figures.CONFIG, key="trust_sanity")
        st.caption("Best at the lower right: the map changes when what the network learned is gone.")


def _areas(report: TrustReport) -> dict[str, list[Point]]:
    points = ((each.verdict, heat_table.title(each), each.deletion, each.insertion) for each in report.pairs)
    return _by_grade([(grade, Point(name, x, y)) for grade, name, x, y in points])


def _sanity(report: TrustReport) -> dict[str, list[Point]]:
    return _by_grade(
        [
            (each.verdict, Point(heat_table.title(each), each.score, each.sanity))
            for each in report.pairs
            if each.sanity is not None
        ]
    )


def _by_grade(points: list[tuple[str, Point]]) -> dict[str, list[Point]]:
    return {grade.capitalize(): [point for of, point in points if of == grade] for grade in GRADES}
