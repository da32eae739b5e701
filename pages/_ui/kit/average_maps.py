"""Average maps of samples, computed while a bar shows the progress, and remembered."""

from collections.abc import Sequence

import streamlit as st

from core.explanation.question import Question
from core.mistakes import average_map
from core.mistakes.average_map import AverageMap
from core.mistakes.results import Results
from pages._ui import words
from pages._ui.session.checkpoints import models
from pages._ui.session.data import image_access
from pages._ui.session.data.image_access import Pictures
from pages._ui.session.evaluation import result_cache

MOST = 200  # Samples.


def averaged(
    results: Results, rows: Sequence[int], pictures: Pictures, question: Question
) -> AverageMap | None:
    """The average map of these rows for the network of the results; None if no image could be read."""
    key = result_cache.average_key(results, rows, question)
    if key not in result_cache.averages():
        slot = st.empty()
        loaded = models.load(results.name)
        last = None
        for each in average_map.average(
            loaded.checkpoint, image_access.openers(results, pictures, rows), question
        ):
            # A click anywhere ends this run at the next update of the bar.
            slot.progress(words.share(each.progress.done, each.progress.total), text=str(each.progress))
            last = each.average
        slot.empty()
        result_cache.keep_average(key, last)
    return result_cache.averages()[key]
