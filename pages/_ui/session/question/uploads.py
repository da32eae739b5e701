"""Photos that come from the uploader, from the camera or from the samples: each becomes the chosen one."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.images.sample_photos import SAMPLES, sample
from pages._ui.session.question import photos

# Keys of widgets.
UPLOADS, CAMERA = "uploads", "camera"
_UPLOADED = "uploaded"  # Digests of photos by the ids of the uploader's files.


def take_sample(name: str) -> None:
    """Choose a sample photo by its file name."""
    if name in SAMPLES:
        photos.add_photo(name, sample(name), name)


def take_camera() -> None:
    """Choose the photo that the camera has just taken."""
    taken = st.session_state[CAMERA]
    if taken is not None:
        photos.add_photo("Camera", taken.getvalue())


def take_uploads() -> None:
    """Add the uploader's new files, and drop photos whose files were removed from the uploader."""
    before: dict[str, str] = st.session_state.get(_UPLOADED, {})
    now: dict[str, str] = {}
    for file in st.session_state[UPLOADS]:
        if not isinstance(file, UploadedFile):
            continue  # The server has released it: see `serving.bound`.
        digest = before.get(file.file_id) or photos.add_photo(file.name, file.getvalue())
        if digest:
            now[file.file_id] = digest
    for gone in set(before.values()) - set(now.values()):
        photos.drop_photo(gone)
    st.session_state[_UPLOADED] = now


def forget_other_uploaders() -> None:
    """Keep the photos of another page's uploader: they were not removed from this one, which is empty."""
    if not st.session_state[UPLOADS]:
        st.session_state[_UPLOADED] = {}


@st.cache_data(show_spinner=False)
def sample_thumb(name: str) -> bytes:
    """A sample photo as a small JPEG file."""
    return photos.thumb_jpeg(photos.as_photo(name, sample(name)))
