"""Why does the network see that in this photo? Prediction, and the map of any class at any layer."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.explain.network.layers import stages
from core.explanation.explanation import INPUT, Question
from pages._ui import shell, words
from pages._ui.explain import explained, look
from pages._ui.kit import waiting
from pages._ui.kit.pickers import method_picker, photo_picker, question_pickers
from pages._ui.session import models, photos, question_keys

with shell.page("pages/explain.py"):
    st.title("Explain")
    photo_picker.linked_photo()
    photo_picker.photo_source()
    photo = photos.chosen_photo()
    if photo is None:
        st.info(
            "Drop a photo above, take one with the camera, or click a sample. Then you see what the network "
            "takes it for, and which parts of it speak for that.",
            icon=":material/image_search:",
        )
        st.stop()
    photo_picker.photo_strip()
    loaded = models.load(models.chosen_checkpoint())
    name, class_names = loaded.checkpoint.name, loaded.checkpoint.card.class_names
    stage_names = tuple(layer.name for layer in stages(loaded.layers))
    usual = models.Answering(photo, loaded, Question(target_layers=stage_names))
    first = usual.first()

    with st.container(key="stage"):
        left, right = st.columns([5, 3], gap="large")
    with right:
        verdict = st.container()
        class_idx = question_pickers.class_to_explain(class_names, class_names[first.class_idx], name)
        against = question_pickers.rival_class(class_names, name)
        method = method_picker.method()
        layer = question_pickers.target_layer(loaded.layers, name) if Question(method).needs_layer else INPUT
        palette = look.palette(difference=against is not None)
    asked = (first.class_idx if class_idx is None else class_idx, against)
    with verdict:
        pick = partial(question_keys.choose_class, name)
        explained.draw_verdict(first.logits, class_names, asked, pick)
    if len(set(asked)) == 1:
        left.warning("Choose two different classes to compare.", icon=":material/compare_arrows:")
        st.stop()

    question = Question(method, method_picker.layers_asked(method, layer, stage_names), class_idx, against)
    with left:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            title = st.container(width="content")
            view = look.view()
        asking = usual if question == usual.question else waiting.answering(photo, loaded, question)
        scene = explained.Scene(photo, loaded, question, asking.at(layer), layer, palette)
        title.header(f"{words.plain(scene.title)}?", anchor=False)
        opacity = explained.draw_viewer(scene, view)
        explained.draw_sum(scene)
        # The map stands; those of the other layers may take as long again.
        scene = replace(scene, answer=asking.whole())
        if len(scene.answer.maps) > 1:
            explained.draw_stages(scene)
        if against is not None:
            either = [replace(question, class_idx=each, against=None) for each in asked]
            explained.draw_duel(scene, *(waiting.answer(photo, loaded, each) for each in either))
        explained.draw_small_print(scene)
    with right:
        explained.draw_downloads(scene, opacity)
