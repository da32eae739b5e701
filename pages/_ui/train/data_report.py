"""The report on a data set, and its samples as the network will see them."""

import html
from collections.abc import Sequence

import streamlit as st

from core.data.survey.class_counts import class_counts
from core.data.survey.report import Copies, DataReport
from core.drawing.render import png
from core.errors import CoreError
from core.training.material import Material
from core.training.preview import PreviewSample, training_samples, validation_samples
from core.training.settings.recipe import Recipe
from pages._ui import errors, words
from pages._ui.kit.components import web
from pages._ui.session.question import photos
from pages._ui.train import baselines, curves
from pages._ui.train.data_picker import Chosen
from pages._ui.train.plan import Plan
from pages._ui.train.state import plans, trainings

_LISTED = 20  # Files of each kind.
_FOR_IMBALANCE = ("loss.class_weights=true", "keep.best=val_balanced_accuracy")
_EXAMPLES = 5  # Files of each reason to leave them out.
_MOST_CHART = 300  # Pixels; the bars of many classes scroll.
# Pillow's modes in words.
_MODES = {
    "1": "black and white",
    "L": "grey",
    "RGB": "in colour",
    "RGBA": "with transparency",
    "P": "with a palette",
    "CMYK": "for print (CMYK)",
}


def draw(plan: Plan | None) -> None:
    """Report on the plan's data: numbers, warnings, samples, classes, and files with problems."""
    if plan is None or plan.data is None:
        st.info("Choose the data of the training in *Plan* first.", icon=":material/folder_open:")
        return
    try:
        data = _material(plan.data, plan.recipe)
        report = trainings.data_report(data.decoded, plan.recipe)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    _draw_numbers(report, data)
    baselines.draw_warnings(data)
    _draw_hints(report, plan.recipe_name)
    with st.container(key="data"):
        left, right = st.columns([3, 2], gap="large")
    with left, st.container(gap="xsmall"):
        _draw_samples(data, plan.recipe)
    with right, st.container(gap="xsmall"):
        _draw_classes(report)
    _draw_files(report)


def _material(chosen: Chosen, recipe: Recipe) -> Material:
    """The data, read with a progress bar if that takes long."""
    slot = st.empty()
    bar = slot.progress(0.0, text="Reading images…")

    def move(done: int, total: int) -> None:
        bar.progress(done / total, text=f"Reading images: {done:,} of {total:,}")

    data = trainings.training_data(chosen.opened(), recipe, move)
    slot.empty()
    return data


def _draw_numbers(report: DataReport, data: Material) -> None:
    train, val, test = report.images_by_split
    sizes = report.sizes
    with st.container(horizontal=True, vertical_alignment="center"):
        st.metric("Images", f"{train + val + test:,}")
        st.metric("Training", f"{train:,}")
        st.metric("Validation", f"{val:,}")
        st.metric("Classes", f"{len(report.class_names):,}")
        st.metric(
            "Largest / smallest class",
            f"{report.imbalance:.1f}",
            help=f"Majority-class baseline: {words.accuracy(report.majority_share)} accuracy.",
        )
        baselines.draw_button(data)
    modes = ", ".join(f"{number:,} {_MODES.get(mode, mode)}" for mode, number in report.modes.items())
    parts = [
        f"{_span(sizes.widths)} pixels wide, {_span(sizes.heights)} high",
        f"{modes}",
        *([f"{test:,} test images are left out of the training"] if test else []),
        *([f"{report.num_groups:,} groups, each on one side of the split"] if report.num_groups else []),
        f"fingerprint {report.fingerprint[:8]}",
    ]
    st.caption(" · ".join(map(words.plain, parts)))


def _span(lengths: tuple[int, int, int]) -> str:
    low, middle, high = lengths
    return f"{low}" if low == high else f"{low} to {high} (median {middle})"


def _draw_hints(report: DataReport, recipe_name: str) -> None:
    for hint in report.hints:
        st.warning(f"{words.plain(hint[:1].upper() + hint[1:])}.", icon=":material/lightbulb:")
    if report.is_imbalanced:
        with st.container(horizontal=True):
            st.button(
                "Weight rare classes more",
                icon=":material/balance:",
                key="train_balance",
                help="Sets loss.class_weights, and keeps the epoch with the best balanced accuracy.",
                on_click=_plan_for_imbalance,
                args=(recipe_name,),
            )
            st.button(
                "Compare what helps",
                icon=":material/science:",
                key="train_imbalance",
                help="The experiment on rare classes: plain, class weights, oversampling.",
                on_click=plans.show_experiment,
                args=("imbalance",),
            )
    if not report.hints:
        st.markdown(
            ":green[:material/check_circle: No problems found: no broken file, no copy in both training and "
            "validation, no rare class.]"
        )


def _plan_for_imbalance(recipe_name: str) -> None:
    plans.add(recipe_name, _FOR_IMBALANCE)
    plans.show_plan()


def _draw_classes(report: DataReport) -> None:
    counts = class_counts(report)
    st.markdown("### Images of each class", anchors=False)
    if counts.num_left_out:
        st.caption(
            f"The largest and the smallest classes; {counts.num_left_out:,} between them are not shown."
        )
    chart = curves.class_bars(counts)
    with st.container(height=_MOST_CHART if chart.layout.height > _MOST_CHART else "content", border=False):
        st.plotly_chart(
            chart,
            key="train_classes",
            config=curves.CONFIG,
            alt="Number of training and validation images of each class",
        )


@st.fragment
@errors.guarded
def _draw_samples(data: Material, recipe: Recipe) -> None:
    """Two rows of pictures; a click on Again draws only these."""
    changes = not recipe.augment.is_none
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("### Samples as the network sees them", width="content", anchors=False)
        again = changes and st.button(
            "Again",
            icon=":material/casino:",
            key="train_again",
            help="The same images as the next epoch augments them",
        )
    epoch = trainings.next_epoch() if again else trainings.epoch_shown()
    _strip(
        "Training, augmented differently in every epoch" if changes else "Training, without augmentation",
        training_samples(data, recipe, epoch=epoch),
    )
    _strip("Validation, never augmented", validation_samples(data))


def _strip(caption: str, samples: Sequence[PreviewSample]) -> None:
    figures = "".join(_figure(sample) for sample in samples)
    st.caption(caption)
    st.html(f'<div class="seewhy-strip">{figures}</div>')


def _figure(sample: PreviewSample) -> str:
    name, side = html.escape(sample.class_name, quote=True), max(sample.picture.shape)
    kind = ' class="tiny"' if side <= photos.TINY_SIDE else ""
    address = web.data_uri(png(sample.picture), "png")
    image = f'<img{kind} src="{address}" alt="{name}">'
    return f'<figure title="{name}">{image}<figcaption>{name}</figcaption></figure>'


def _draw_files(report: DataReport) -> None:
    """The files behind the warnings, in groups that open."""
    broken = [f"{name}: {reason}" for name, reason in report.broken]
    _listed("Broken files", broken)
    _draw_left_out(report)
    _listed("Same content", [_as_text(each) for each in report.exact])
    _listed("Almost the same, in training and validation", [_as_text(each) for each in report.near])
    _listed("Almost the same, within a split", [_as_text(each) for each in report.near_within])


def _draw_left_out(report: DataReport) -> None:
    """Files that do not count, by reason, each with the first of them."""
    total = sum(each.num_files for each in report.left_out)
    if not total:
        return
    with st.expander(f"Left out: {words.counted(total, 'file')}"):
        for each in report.left_out:
            st.caption(words.plain(str(each)))
            st.code("\n".join(each.examples[:_EXAMPLES]), language=None)


def _listed(title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    with st.expander(f"{title}: {len(lines):,}"):
        st.code("\n".join(map(words.readable, lines[:_LISTED])), language=None)
        if len(lines) > _LISTED:
            st.caption(f"The first {_LISTED}.")


def _as_text(copies: Copies) -> str:
    samples = (f"{name} ({split})" for name, split in zip(copies.sample_ids, copies.splits, strict=True))
    return ", ".join(samples) + ("; labels differ" if copies.labels_differ else "")
