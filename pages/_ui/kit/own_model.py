"""Bring your own model: the dialogue that imports weights."""

import re
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import files
from core.checkpoints import paths
from core.checkpoints.foreign import importing
from core.checkpoints.foreign.fitting import Wish
from core.errors import CoreError
from core.models import registry
from pages._ui import errors, words
from pages._ui.session import values
from pages._ui.session.checkpoints import imports

_MAX_WEIGHTS_MB = 250


def choose_added() -> None:
    """Choose the checkpoint that the dialogue has just added; before the picker of checkpoints is drawn."""
    name = imports.choose_added()
    if name is not None:
        st.toast(f"{words.plain(name)} is ready.", icon=":material/check:")


def report(name: str) -> None:
    """Draw what was read from the weights of a checkpoint that has just been imported."""
    lines = imports.lines_of(name)
    if lines:
        with st.expander("What was read from the file", icon=":material/fact_check:"):
            st.caption("\n".join(f"- {words.plain(line)}" for line in lines))


def button() -> None:
    """Draw the button that opens the dialogue."""
    if st.button("Bring your own model", icon=":material/add:", type="tertiary", key="own_model"):
        _dialogue()


@st.dialog("Bring your own model", width="medium")
@errors.guarded
def _dialogue() -> None:
    st.caption("A state dict is enough. Nothing in the file is executed, and nothing leaves this machine.")
    with st.form("own", border=False, enter_to_submit=False):
        weights = st.file_uploader(
            f"Weights: .safetensors, .pt, .pth, .bin or .ckpt, up to {_MAX_WEIGHTS_MB} MB",
            type=["safetensors", "pt", "pth", "bin", "ckpt", "tar"],
            key="own_weights",
            max_upload_size=_MAX_WEIGHTS_MB,
            help="Larger files: python -m core import WEIGHTS --arch … --classes … --out NAME",
        )
        architecture = st.selectbox(
            "Architecture",
            imports.architectures(),
            index=None,
            key="own_architecture",
            placeholder="timm:resnet50",
            accept_new_options=True,
            help="Options may follow: timm:vit_tiny_patch16_224?img_size=384, or ?in_chans=1.",
        )
        classes = st.text_area(
            "Class names, one per line, in the order of the outputs",
            key="own_classes",
            placeholder="cat\ndog",
            help="JSON, CSV and Python dictionaries of names and indices also work.",
        )
        settings = st.text_input(
            "Preprocessing, if it differs from the published one",
            key="own_preprocess",
            placeholder="resize=256,crop=224,mean=0.5,std=0.5,interpolation=bicubic",
        )
        key = st.text_input(
            "Key in the file, if it holds several state dicts", key="own_key", placeholder="state_dict_ema"
        )
        name = st.text_input("Name", key="own_name", placeholder="my-pets")
        if not st.form_submit_button("Import", type="primary", key="own_import"):
            return
    if weights is None:
        st.error("No weights yet: choose a file and wait until it is uploaded.", icon=":material/error:")
    elif architecture is None:
        st.error("Choose the architecture of the weights.", icon=":material/error:")
    else:
        typed = (values.text(each) for each in (classes, settings, key, name))
        _submit(_Form(weights, values.text(architecture), *typed))


@dataclass(frozen=True, slots=True)
class _Form:
    weights: UploadedFile
    architecture: str
    classes: str
    settings: str
    key: str
    name: str


def _submit(form: _Form) -> None:
    """Import the weights of the form, or show what does not fit."""
    try:
        with st.spinner("Fitting the weights and testing the network on a photo…"):
            lines = _import(form)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    imports.remember(form.name.strip(), lines)
    st.rerun()


def _import(form: _Form) -> tuple[str, ...]:
    """Save a new checkpoint; gives what was read from the file, in sentences."""
    names = importing.parse_class_names(form.classes)
    preprocess = importing.parse_preprocess(
        form.settings, registry.default_preprocess(form.architecture.strip())
    )
    # Beside the checkpoints, not in the system's folder: a browser's request writes only into the project.
    with files.scratch_folder(paths.root()) as folder:
        path = folder / _file_name(Path(form.weights.name))
        path.write_bytes(form.weights.getbuffer())
        wish = Wish(form.architecture.strip(), len(names), form.key.strip())
        done = importing.imported(path, wish, names, preprocess=preprocess, name=form.name.strip())
    levels = ("mean and std were taken to be in pixel values from 0 to 255",)
    return done.report.lines + levels * importing.are_levels(form.settings)


def _file_name(given: Path) -> str:
    """The browser's name of the file, with letters, digits and hyphens only."""
    return f"{re.sub(r'[^A-Za-z0-9-]', '_', given.stem)[:80]}{given.suffix.lower()}"
