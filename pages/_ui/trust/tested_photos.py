"""The photos behind a cell of the table: the best, typical ones and the worst, each with its map."""

from dataclasses import replace
from functools import partial

import pyarrow as pa
import streamlit as st

from core.arrays import FloatArray
from core.drawing import render
from core.errors import CoreError
from core.explanation import display
from core.explanation.question import INPUT, Question, Score
from core.mistakes.sample_images import SampleImages
from core.trust import behind
from core.trust.behind import PhotoScore
from core.trust.report.contents import PairEvidence, TrustReport
from pages._ui import words
from pages._ui.kit.components import tiles, web
from pages._ui.kit.components.tiles import Tile
from pages._ui.session.checkpoints.models import Loaded
from pages._ui.session.question import answers, photos, question_keys
from pages._ui.session.question.photos import Photo
from pages._ui.trust.state import test_photos

_NUMBER = 3
_TITLES = {"best": "Best", "typical": "Typical", "worst": "Worst"}


def draw(loaded: Loaded, report: TrustReport, pair: PairEvidence, rows: pa.Table) -> None:
    """Draw the best, typical and the worst photos of a pair; a click opens one on Explain."""
    images = test_photos.of_report(loaded, report)
    if images is None:
        test_photos.ask(loaded, report)
        return
    notable = behind.notable(rows, _NUMBER)
    for column, (part, of_part) in zip(st.columns(len(notable)), notable.items(), strict=True):
        title = _TITLES[part]
        with column:
            st.markdown(f"### {title}", anchors=False)
            tiles.row(
                [_tile(loaded, pair, images, each) for each in of_part],
                label=f"{title} photos",
                key=f"trust_{part}",
                side=150,
                on_pick=partial(_take_along, loaded.checkpoint.name, pair, images),
            )
    if test_photos.is_leaving():
        st.switch_page("pages/explain.py", query_params={})


def _tile(loaded: Loaded, pair: PairEvidence, images: SampleImages, tested: PhotoScore) -> Tile:
    name = loaded.checkpoint.card.class_names[tested.class_idx]
    detail = f"{words.signed(tested.score)} · {tested.verdict}"
    try:
        picture = _picture(loaded, pair, photo_of(images, tested.sample_id), tested.class_idx)
    except CoreError as error:
        return Tile(tested.sample_id, "", name, detail, note=str(error))
    return Tile(tested.sample_id, picture, name, detail)


def _picture(loaded: Loaded, pair: PairEvidence, photo: Photo, class_idx: int) -> str:
    layers = () if pair.layer == INPUT else (pair.layer,)
    (answer,) = answers.answers(photo, loaded, Question(pair.method, layers, (Score(class_idx),)))
    return overlay(loaded, photo, answer.maps[pair.layer].raw)


def overlay(loaded: Loaded, photo: Photo, raw: FloatArray) -> str:
    """A small picture of a photo with a raw map over it, as an address."""
    drawn = photos.drawn(photo)
    height, width = drawn.thumb.shape[:2]
    heat = display.heat(raw)
    values = loaded.checkpoint.card.preprocess.on_image(heat, drawn.size, (width, height))
    return web.data_uri(render.jpeg(render.overlay(drawn.thumb, values, "inferno", 0.8)))


def photo_of(images: SampleImages, sample_id: str) -> Photo:
    """A tested photo by its name; ImageError if it cannot be read."""
    made = photos.as_photo(sample_id.rpartition("/")[2], images.content(sample_id))
    return replace(made, lies_here=True)


def _take_along(checkpoint: str, pair: PairEvidence, images: SampleImages, sample_id: str) -> None:
    """Open a photo on Explain, with the same method and layer."""
    photo = photo_of(images, sample_id)
    photos.add_photo(photo.name, photo.data)
    question_keys.choose_method(pair.method)
    question_keys.choose_layer(checkpoint, pair.layer)
    test_photos.leave()
