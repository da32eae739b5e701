"""An experiment on the page: its variants, how far each one is, and the way to Compare."""

from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from core.data.sources import catalogue
from core.errors import CoreError
from core.training.experiments import background, family, keeping, standing, workplace
from core.training.experiments.family import Experiment
from core.training.experiments.plan import Plan, PlannedRun, planned
from core.training.experiments.standing import VariantStanding
from core.training.experiments.workplace import ExperimentOptions
from pages._ui import errors, words
from pages._ui.kit import background_work, download
from pages._ui.kit.pickers import layout_picker
from pages._ui.session import values
from pages._ui.session.checkpoints import models
from pages._ui.session.data import folders
from pages._ui.session.evaluation import evaluated

_LIVE_S = 2.0
_FIRST = "digits"  # Needs no download, and takes some minutes.
_MOST_SEEDS = 20
_FOLDER = "experiment_folder"


def draw() -> None:
    """Pick an experiment, start it or watch it, and compare its variants."""
    head = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    with head:
        name = _pick()
        entered = values.text(st.text_input("Folder of images", key=_FOLDER, placeholder="its own data set"))
    experiment = family.read(name)
    st.caption(words.plain(f"{experiment.about} {_measured(experiment)}"))
    try:
        data, layout = _images(entered.strip())
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/folder_off:")
        return
    if layout is None:
        return
    place = workplace.place_of(name, data)
    with head:
        plan = planned(experiment, seeds=_seeds(name, experiment, workplace.asked(place)))
        _draw_actions(plan, place, ExperimentOptions(name, data, layout, len(plan.seeds)))
    _draw_variants(plan, place)


def _draw_variants(plan: Plan, place: Path) -> None:
    """The table, drawn again while a process runs, and what it is to be measured by."""
    is_live = workplace.is_under_way(place)
    if not is_live:
        _draw_end(place)
    live = st.fragment(errors.guarded(_draw_standing), run_every=_LIVE_S if is_live else None)
    live(plan, place, was_live=is_live)
    with st.container(gap="xxsmall"):
        for remark in standing.remarks(plan, place):
            st.caption(words.plain(remark))


def _images(entered: str) -> tuple[str, str | None]:
    """The folder that was entered and how to read it; None while the user has to choose that."""
    if not entered:
        return "", ""
    folder = folders.taken(entered)
    return str(folder), layout_picker.pick(folder, "experiment_layout")


def _pick() -> str:
    names = family.names()
    chosen: str = st.selectbox(
        "Experiment",
        names,
        index=names.index(_FIRST) if _FIRST in names else 0,
        format_func={name: family.read(name).title for name in names}.__getitem__,
        key="experiment",
        persist_state="session",
        help="Variants of one training that differ in one thing each, compared on images that none has seen.",
    )
    return chosen


def _seeds(name: str, experiment: Experiment, asked: ExperimentOptions | None) -> int:
    """The number of trainings of each variant; by default what was asked for last."""
    return st.number_input(
        "Seeds",
        2,
        _MOST_SEEDS,
        max(2, (asked.seeds if asked else 0) or experiment.seeds),
        key=f"experiment_seeds_{name}",
        width=120,
        help="Trainings of each variant: with other initial weights, another order of the images and, where "
        "the split is random, another split. More make the intervals narrower.",
    )


def _measured(experiment: Experiment) -> str:
    measure = experiment.measure.replace("_", " ").replace("f1", "F1")
    return f"Compared by {measure} on the test images."


def _draw_actions(plan: Plan, place: Path, options: ExperimentOptions) -> None:
    """The buttons to start or continue, to stop, and to delete."""
    if workplace.is_under_way(place):
        is_stopping = workplace.is_asked_to_stop(place)
        st.button(
            "Stopping…" if is_stopping else "Stop", icon=":material/stop:", key="experiment_stop",
            disabled=is_stopping, help="Stops after the current batch; Continue goes on from there.",
            on_click=workplace.ask_to_stop, args=(place,),
        )  # fmt: skip
        return
    has_begun = bool(workplace.run_folders(place))
    _draw_start(plan, place, options, "Continue" if has_begun else "Start")
    if has_begun:
        st.button(
            "Delete", icon=":material/delete:", key="experiment_delete", on_click=_forget, args=(place,),
            help="Deletes the trainings of this experiment; copies among your models stay.",
        )  # fmt: skip


def _draw_start(plan: Plan, place: Path, options: ExperimentOptions, label: str) -> None:
    """The button that starts the process, or the download of the data set."""
    source = plan.base.recipe.data.source
    is_here = bool(options.data) or catalogue.find(source) is not None
    is_complete = standing.is_complete(standing.standing(plan, place), plan, place)
    if st.button(
        label, type="primary", icon=":material/play_arrow:", key="experiment_start",
        disabled=is_complete or not is_here,
        help="All trainings are finished; more seeds make the intervals narrower." if is_complete else None,
    ) and is_here:  # fmt: skip
        background_work.start(partial(background.start, place, options))
    if not is_here:
        download.offer(source, "experiment")


def _draw_end(place: Path) -> None:
    """Why the last process ended before the table was complete, if it did."""
    if workplace.is_asked_to_stop(place):
        st.info("Stopped. Finished trainings are kept, and Continue goes on.", icon=":material/stop_circle:")
    elif complaint := background.complaint(place):
        st.error(words.capital(complaint), icon=":material/error:")


def _draw_standing(plan: Plan, place: Path, *, was_live: bool) -> None:
    """The table of the variants; once the process ends, the page is drawn again."""
    if was_live != workplace.is_under_way(place):
        st.rerun()
    standings = standing.standing(plan, place)
    if was_live:
        done = sum(len(each.seeds) for each in standings)
        st.progress(
            words.share(done, len(plan.runs)),
            text=f"{done} of {words.counted(len(plan.runs), 'training')} finished. "
            "You can leave this page meanwhile.",
        )
    st.dataframe(standing.as_frame(standings, place), hide_index=True, column_config=_columns())
    _draw_compare(place, standings)


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "variant": column.TextColumn("Variant"),
        "state": column.TextColumn("State"),
        "mean": column.TextColumn("Mean", help="Over the seeds, on the test images"),
        "interval": column.TextColumn(
            "95% interval", help="Student's t over the seeds; of one seed, Wilson's"
        ),
        "difference": column.TextColumn("Against base", help="In percentage points, once all are finished"),
        "p": column.TextColumn("p", help="Paired test against the base, all seeds: McNemar's for accuracy"),
        "time": column.TextColumn("Time", help="Of one training, on average"),
        "differs": column.TextColumn("Changes", help="The settings that differ; see the recipe"),
    }


def _draw_compare(place: Path, standings: list[VariantStanding]) -> None:
    """A button for each variant that shares a finished seed with the base."""
    base, *others = standings
    pairs = {each.variant.name: sorted(set(each.seeds) & set(base.seeds)) for each in others}
    finished = {name: seeds[0] for name, seeds in pairs.items() if seeds}
    if not finished:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox("Variant to compare", list(finished), key="experiment_other", width=360)
        by_name = {each.variant.name: each.variant for each in standings}
        runs = PlannedRun(base.variant, finished[name]), PlannedRun(by_name[name], finished[name])
        if st.button(
            "Compare with base", icon=":material/compare:", key="experiment_compare",
            help="Copies both trainings to your models, and opens Compare on their test images.",
            on_click=_choose, args=(place, *runs),
        ) and all(keeping.is_kept(place, each) for each in runs):  # fmt: skip
            st.switch_page("pages/compare.py", query_params={})


def _choose(place: Path, first: PlannedRun, second: PlannedRun) -> None:
    """Copy both trainings to the user's models, and choose their evaluations on the test images."""
    try:
        names = [keeping.kept(place, each) for each in (first, second)]
        on = [keeping.evaluation_on_test(name) for name in names]
    except CoreError as error:
        st.toast(words.sentence(error), icon=":material/error:")
        return
    models.choose_checkpoint(names[0])
    evaluated.look_at(on[0])
    evaluated.compare_with(f"{names[1]}/{on[1]}")


def _forget(place: Path) -> None:
    try:
        workplace.forget(place)
    except CoreError as error:
        st.toast(words.sentence(error), icon=":material/error:")
