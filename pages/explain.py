"""Why does the network see that in this photo? Prediction, and the map of any class at any layer."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.explain.network.layers import stages
from core.explanation.question import INPUT, Question, Score
from pages._ui import shell, words
from pages._ui.explain import downloads, look, map_view, small_maps
from pages._ui.explain.edit import view as edit_view
from pages._ui.explain.scene import Scene
from pages._ui.kit import trust_line, waiting
from pages._ui.kit.pickers import head_picker, method_picker, photo_picker, question_pickers
from pages._ui.session.checkpoints import models
from pages._ui.session.question import answers, photos, question_keys

with shell.page("pages/explain.py"):
    st.title("Explain", anchor=False)
    photo_picker.linked_photo()
    photo_picker.photo_source()
    photo = photos.chosen_photo()
    if photo is None:
        st.info(
            "Drop a photo above, take one with the camera, or click a sample. You then see the predicted "
            "class and the parts of the photo that are evidence for it.",
            icon=":material/image_search:",
        )
        st.stop()
    photo_picker.photo_strip()
    loaded = models.load(models.chosen_checkpoint())

    with st.container(key="stage"):
        left, beside = st.columns([5, 3], gap="large")
    right = beside.container(key="asked", gap="small")
    with right:
        verdict = st.container(key="verdict")
        with st.container(key="question", gap="xsmall"):
            loaded = head_picker.pick(loaded)
            name, class_names = loaded.scope, loaded.checkpoint.card.class_names
            stage_names = tuple(layer.name for layer in stages(loaded.layers))
            classes = st.container(gap="xsmall")
            with st.container(horizontal=True, gap="small"):
                method, layer = method_picker.method(loaded.methods, name), INPUT
                if Question(method).needs_layer:
                    layer = question_pickers.target_layer(loaded.layers, name, method)
            logits = answers.logits(photo, loaded, method_picker.layers_recorded(layer, stage_names))
            predicted = int(logits.argmax())
            with classes:
                class_idx = question_pickers.class_to_explain(class_names, class_names[predicted], name)
                against = question_pickers.rival_class(class_names, name)
            palette = look.palette(difference=against is not None)
    asked = (predicted if class_idx is None else class_idx, against)
    with verdict:
        pick = partial(question_keys.choose_class, name)
        map_view.draw_verdict(logits, class_names, asked, pick)
    if len(set(asked)) == 1:
        left.warning("Choose two different classes to compare.", icon=":material/compare_arrows:")
        st.stop()

    question = Question(method, method_picker.layers_asked(method, layer, stage_names), (Score(*asked),))
    with left:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            title = st.container(width="content")
            view = look.view()
        answer = waiting.soonest(photo, loaded, question, layer)
        scene = Scene(photo, loaded, question, answer, layer, palette)
        title.header(f"{words.plain(scene.title)}?", anchor=False)
        if view == look.EDIT:
            edit_view.draw(scene)
            st.stop()
        opacity = map_view.draw_viewer(scene, view)
        trust_line.draw(photo, loaded, answer, layer, key="map")
        map_view.draw_emptiness(scene)
        # The map is drawn; those of the other layers may take as long again.
        (answer,) = waiting.answers(photo, loaded, question)
        scene = replace(scene, answer=answer)
        if len(scene.answer.maps) > 1:
            small_maps.draw_stages(scene)
    with right:
        if against is not None:
            layers = () if layer == INPUT else (layer,)
            each_class = Question(method, layers, (Score(asked[0]), Score(against)))
            small_maps.draw_duel(scene, *waiting.answers(photo, loaded, each_class))
        map_view.draw_sum(scene)
        with st.container(key="taken_along", gap="xsmall"):
            downloads.draw(scene, opacity)
            map_view.draw_small_print(scene)
