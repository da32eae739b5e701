"""The sample of the address, where the table has it."""

import pyarrow as pa
import streamlit as st

from core.evaluation.selection import row_of
from pages._ui import words
from pages._ui.session.evaluation import choices


def pick(table: pa.Table, where: str) -> str | None:
    """The id of the open sample; None, with a warning, if the table has no such sample."""
    sample_id = choices.opened()
    if sample_id is None or row_of(table, sample_id) is not None:
        return sample_id
    st.warning(f"There is no sample {words.plain(sample_id[:120])} {where}.", icon=":material/search_off:")
    return None
