"""One training on the page: its state, its curves as they grow, and buttons to stop, resume or delete it."""

from functools import partial
from typing import Literal

import streamlit as st

from core.checkpoints import store
from core.errors import CoreError
from core.mistakes import results
from core.training import runs
from core.training.runs import Run, overview
from pages._ui import errors, words
from pages._ui.kit import fix_proof
from pages._ui.session.checkpoints import models
from pages._ui.train import curves
from pages._ui.train.state import trainings

_LIVE_S = 1.0
_BADGES = {
    "running": ("blue", ":material/play_circle:"),
    "finished": ("green", ":material/check_circle:"),
    "stopped": ("gray", ":material/stop_circle:"),
    "failed": ("red", ":material/error:"),
    "interrupted": ("orange", ":material/power_off:"),
}


def watched() -> Run | None:
    """The training that the address names; None, with the reason on the page, where there is none."""
    name = trainings.watched()
    if name is None:
        return None
    try:
        store.refuse_odd(name)
        run = runs.find(name)
    except CoreError:
        st.warning(
            f"There is no training named {words.plain(name[:64])}. Start one here, or choose one below.",
            icon=":material/search_off:",
        )
        return None
    if not run.card.recipe:
        st.info(f"{words.plain(name)} was not trained here, so there are no curves to show.")
        return None
    return run


def draw(run: Run) -> None:
    """The name and state of a training, its progress, its curves, and the next steps."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content", key="train_status"):
            st.header(words.plain(run.name), anchor=False, width="content")
            colour, icon = _BADGES[run.status]
            st.badge(run.status.capitalize(), color=colour, icon=icon)  # type: ignore[arg-type]
        with st.container(horizontal=True, width="content"):
            st.button(
                "New training", icon=":material/add:", key="train_new", on_click=trainings.watch, args=(None,)
            )
            _delete_button(run)
    title, source = run.card.recipe.get("title", ""), run.card.data.get("source", "")
    st.caption(words.plain(f"{title} · {source} · {run.card.architecture.partition(':')[2]}"))
    fix_proof.draw(run.card)
    # The timer runs only while there is something to wait for.
    live = st.fragment(errors.guarded(_draw_live), run_every=_LIVE_S if run.is_running else None)
    live(run.name, run.status)


def _draw_live(name: str, status: str) -> None:
    """The part that changes during the training; at its end, the whole page is drawn once more."""
    try:
        run = runs.find(name)
    except CoreError:
        st.rerun()
    if run.status != status:
        st.rerun()
    if run.is_running:
        now = overview.progress(run)
        st.progress(now.share, text=now.text)
    _draw_reason(run)
    for fault in run.faults:
        st.warning(words.capital(fault), icon=":material/broken_image:")
    if (pieces := overview.pieces(run)) > 1:
        st.caption(
            f"Memory ran out: each batch is computed in {pieces} pieces. The steps are the same; batch norm "
            "sees one piece at a time."
        )
    _draw_measures(run)
    _draw_curves(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        _draw_actions(run)


def _draw_reason(run: Run) -> None:
    if run.status == "failed":
        reason = run.card.reason or "the process ended without giving a reason"
        st.error(f"The training failed: {words.plain(reason)}.", icon=":material/error:")
    if run.status == "interrupted":
        st.warning(
            "The training's process has ended without a result: the machine was switched off, or the process "
            "was killed. Resume continues from the last saved epoch.",
            icon=":material/power_off:",
        )
    if run.status == "stopped":
        st.info(
            "This training was stopped. The best epoch so far is kept, and Resume continues from the "
            "last epoch.",
            icon=":material/stop_circle:",
        )


def _draw_measures(run: Run) -> None:
    done, planned = overview.num_epochs(run)
    accuracy, best = run.card.metrics.get("val_accuracy"), overview.best_epoch(run)
    if not done:
        return
    with st.container(horizontal=True):
        if accuracy is not None:
            st.metric("Best validation accuracy", words.accuracy(accuracy), border=True)
        for label, value in overview.kept_measure(run).items():
            st.metric(label, words.accuracy(value), border=True)
        st.metric("Best epoch", best or "none yet", border=True)
        st.metric("Epochs", f"{done} of {planned}", border=True)
        st.metric("Trained for", overview.duration(overview.seconds(run)), border=True)


def _draw_curves(run: Run) -> None:
    if run.history.empty:
        if run.is_running:
            st.caption("The curves begin after the first epoch.")
        return
    _, planned = overview.num_epochs(run)
    titles = {"accuracy": "Accuracy", "loss": "Loss"}
    with st.container(key="curves"):
        columns = st.columns(2, gap="large")
    for column, (measure, title) in zip(columns, titles.items(), strict=True):
        column.markdown(f"### {title}", anchors=False)
        column.plotly_chart(
            curves.curve(run.history, measure, epochs=planned, best=overview.best_epoch(run)),
            key=f"curve_{measure}",
            config=curves.CONFIG,
            alt=f"{title} by epoch, of training and validation",
        )


def _draw_actions(run: Run) -> None:
    if run.is_running and st.button(
        "Stopping…" if run.is_stopping else "Stop",
        icon=":material/stop:",
        key="train_stop",
        disabled=run.is_stopping,
        help="Stops after the current batch and keeps the best epoch.",
    ):
        runs.stop(run.name)
        st.toast("The training stops after the current batch.", icon=":material/stop:")
    if run.can_resume and st.button("Resume", icon=":material/resume:", key="train_resume", type="primary"):
        _resume(run.name)
    # Links would not work: a model that was chosen before wins over the one in the address.
    kind: Literal["primary", "secondary"] = "primary" if run.status == "finished" else "secondary"
    choose = partial(models.choose_checkpoint, run.name)
    if run.name in store.available() and st.button(
        "Explain with it",
        icon=":material/center_focus_strong:",
        key="train_explain",
        type=kind,
        on_click=choose,
    ):
        st.switch_page("pages/explain.py", query_params={})
    if run.name in results.available() and st.button(
        "See its mistakes", icon=":material/grid_on:", key="train_mistakes", type=kind, on_click=choose
    ):
        st.switch_page("pages/mistakes.py", query_params={})


def _resume(name: str) -> None:
    try:
        with st.spinner("Resuming: loading the libraries and the last saved state…"):
            runs.resume(name)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.rerun()


def _delete_button(run: Run) -> None:
    if st.button(
        "Delete",
        icon=":material/delete:",
        key="train_delete",
        disabled=run.is_running,
        help="This training is running: stop it first." if run.is_running else None,
    ):
        _ask_to_delete(run.name, overview.megabytes(run))


@st.dialog("Delete this training?", icon=":material/delete:")
@errors.guarded
def _ask_to_delete(name: str, size: str) -> None:
    st.markdown(f"**{words.plain(name)}** with its weights and curves, {size}. This cannot be undone.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        kept = st.button("Keep it", key="train_keep")
        deleted = st.button(
            "Delete it", key="train_delete_sure", type="primary", on_click=_delete, args=(name,)
        )
    if kept or deleted:
        st.rerun()


def _delete(name: str) -> None:
    try:
        runs.delete(name)
    except CoreError as error:
        st.toast(words.sentence(error), icon=":material/error:")
        return
    trainings.watch(None)
    st.toast(f"{words.plain(name)} is deleted.", icon=":material/delete:")
