"""Bring your own model: a dialogue around `core.importing`."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import files, importing
from core.checkpoint import ROOT
from core.errors import CoreError
from core.models import registry
from pages._ui import mishaps, words
from pages._ui.state import models, values

_MAX_WEIGHTS_MB = 250
_ADDED = "added_checkpoint"


def choose_added() -> None:
    """Choose the checkpoint that the dialogue has just added; before the picker of checkpoints is drawn."""
    if _ADDED in st.session_state:
        name = st.session_state.pop(_ADDED)
        st.session_state[models.CHECKPOINT] = name
        st.toast(f"{words.plain(name)} is ready.", icon=":material/check:")


def button() -> None:
    """Open the dialogue that adds a checkpoint."""
    if st.button("Bring your own model", icon=":material/add:", type="tertiary", key="own_model"):
        _dialogue()


@st.dialog("Bring your own model", width="medium")
@mishaps.guarded
def _dialogue() -> None:
    st.caption("A state dict is enough. Nothing in the file is executed, and nothing leaves this machine.")
    with st.form("own", border=False, enter_to_submit=False):
        weights = st.file_uploader(
            f"Weights: .safetensors, .pt or .pth, up to {_MAX_WEIGHTS_MB} MB",
            type=["safetensors", "pt", "pth"],
            key="own_weights",
            max_upload_size=_MAX_WEIGHTS_MB,
            help="Larger files: python -m core import WEIGHTS --arch … --classes … --out NAME",
        )
        architecture = st.selectbox(
            "Architecture", _architectures(), index=None, key="own_architecture", placeholder="timm:resnet50"
        )
        classes = st.text_area(
            "Class names, one a line, in the order of the outputs", key="own_classes", placeholder="cat\ndog"
        )
        settings = st.text_input(
            "Preprocess, where it differs from the architecture's published one",
            key="own_preprocess",
            placeholder="resize=256,crop=224,mean=0.5,std=0.5,interpolation=bicubic",
        )
        name = st.text_input("Name", key="own_name", placeholder="my-pets")
        if not st.form_submit_button("Import", type="primary", key="own_import"):
            return
    if weights is None:
        st.error("No weights yet: choose a file, and wait until it is uploaded.", icon=":material/error:")
    elif architecture is None:
        st.error("Choose the architecture that the weights are of.", icon=":material/error:")
    else:
        typed = (values.text(each) for each in (classes, settings, name))
        _submit(_Form(weights, architecture, *typed))


@dataclass(frozen=True, slots=True)
class _Form:
    weights: UploadedFile
    architecture: str
    classes: str
    settings: str
    name: str


def _submit(form: _Form) -> None:
    """Import what the form has, or show what does not fit."""
    try:
        with st.spinner("Fitting the weights…"):
            _import(form)
    except CoreError as error:
        st.error(words.sentence(error), icon=":material/error:")
        return
    st.session_state[_ADDED] = form.name.strip()
    st.rerun()


def _import(form: _Form) -> None:
    preprocess = importing.parse_preprocess(form.settings, registry.default_preprocess(form.architecture))
    # Beside the checkpoints, not in the system's folder: a browser's request writes only into the project.
    with files.scratch_folder(ROOT) as folder:
        path = folder / f"weights{Path(form.weights.name).suffix.lower()}"
        path.write_bytes(form.weights.getbuffer())
        importing.import_weights(
            path,
            architecture=form.architecture,
            class_names=importing.parse_class_names(form.classes),
            preprocess=preprocess,
            name=form.name.strip(),
        )


@st.cache_data(max_entries=1, show_spinner="Listing architectures…")
def _architectures() -> list[str]:
    return registry.architectures()
