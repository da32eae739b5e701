"""Groups of mistakes kept as tests: what a change did to each, and whether it passes."""

import streamlit as st

from core.evaluation.comparing.group_rows import GroupRow, summary, table
from pages._ui import errors, words
from pages._ui.compare import per_class
from pages._ui.compare.state import comparisons
from pages._ui.compare.state.comparisons import Compared
from pages._ui.session.data.image_access import Pictures

_USED = (
    "The fix may have used a part of these samples. Its proof is the evaluation whose name ends in "
    "*untouched*."
)


@errors.guarded  # A damaged file hides nothing else.
def draw_summary(compared: Compared, pictures: Pictures) -> None:
    """How many tests each checkpoint passes, in one line; nothing where no group is kept."""
    rows = comparisons.group_rows(compared, pictures)
    if any(each.verdict is not None for each in rows):
        st.caption(f"{words.capital(summary(rows))} *Groups* shows each.")


@errors.guarded
def draw(compared: Compared, pictures: Pictures) -> None:
    """A row for each group that either checkpoint keeps; where there is none, how to keep one."""
    rows = comparisons.group_rows(compared, pictures)
    if not rows:
        st.info(
            "No group is kept as a test. On *Mistakes*, *Groups*, find groups and press *Keep as test*: each "
            "later evaluation is then scored on them, and they are compared here.",
            icon=":material/bookmark:",
        )
        return
    first, second = compared.first.name, compared.second.name
    st.caption(
        f"{words.capital(summary(rows))} Before: {words.plain(first)}, after: {words.plain(second)}, on the "
        "samples that both have predicted."
    )
    _draw_table(rows)
    if missing := [each.test.name for each in rows if each.verdict is None]:
        st.caption(f"Without a sample here: {words.plain(', '.join(missing))}.")
    if compared.second.card.fix.get("found_in") == compared.second.evaluation.name:
        st.caption(_USED)


def _draw_table(rows: list[GroupRow]) -> None:
    column = st.column_config
    shown = table(rows)
    st.dataframe(
        shown.style.map(per_class.colour, subset=["change"]).format({"change": per_class.signed}),
        hide_index=True,
        key="compare_groups",
        column_config={
            "group": column.TextColumn("Group", width="medium"),
            "samples": column.NumberColumn("Samples", format="localized"),
            "asked": column.NumberColumn("Asked", format="≥ %d%%", help="Accuracy that the test asks for"),
            "before": column.NumberColumn("Before", format="%.1f%%", help="Share that is right"),
            "after": column.NumberColumn("After", format="%.1f%%", help="Share that is right"),
            "passed": column.TextColumn("Passed"),
            "change": column.NumberColumn("Change, points"),
            "interval": column.TextColumn("95% interval", help="Of the change, in points"),
            "fixed": column.NumberColumn("Fixed", format="localized", help="Right only after"),
            "broken": column.NumberColumn("Broken", format="localized", help="Right only before"),
            "test": column.TextColumn("McNemar", help="McNemar's test, exact"),
        },
    )
