"""The methods of explanation: their names, the units of their maps, and the widget that picks one."""

from collections.abc import Sequence

import streamlit as st

from core.explain.maps.cam import CAM_METHODS
from core.explanation.question import INPUT, METHODS, Question
from pages._ui.session.address import links
from pages._ui.session.question import question_keys

LABELS = {
    "grad_cam": "Grad-CAM",
    "cam": "CAM",
    "grad_cam_pp": "Grad-CAM++",
    "hires_cam": "HiResCAM",
    "xgrad_cam": "XGrad-CAM",
    "layer_cam": "LayerCAM",
    "finer_cam": "Finer-CAM",
    "eigen_cam": "Eigen-CAM",
    "score_cam": "Score-CAM",
    "ablation_cam": "Ablation-CAM",
    "weight_grad_cam": "Gradients of the weights",
    "attention_rollout": "Attention rollout",
    "le_grad": "LeGrad",
    "saliency": "Saliency",
    "smooth_grad": "SmoothGrad",
    "integrated_gradients": "Integrated gradients",
    "gradient_shap": "GradientSHAP",
    "occlusion": "Occlusion",
    "guided_grad_cam": "Guided Grad-CAM",
}
# What a cell of a map is measured in, where the map is not evidence in logits.
UNITS = {
    "integrated_gradients": "logits",
    "gradient_shap": "logits",
    "occlusion": "logits",
    "saliency": "gradient",
    "smooth_grad": "gradient",
}
_HELP = """
**Regions** of a layer: CAM, Grad-CAM and their variants weight the layer's channels by their effect on the
class. **Pixels** of the input: Saliency and Integrated gradients follow the gradient down to single pixels.
Occlusion covers one part of the photo after another and measures how far the score falls. Guided Grad-CAM
draws fine detail, but its maps change little when the network's weights are shuffled: do not rely on them
alone.
"""


def method(methods: Sequence[str]) -> str:
    """One of the methods that fit a network, by its name in `core`; in the address."""
    usual = Question().method
    links.recall(question_keys.METHOD, links.METHOD, methods, usual)
    question_keys.keep_method_among(methods, usual)
    chosen: str = st.selectbox(
        "Method",
        sorted(methods, key=[*LABELS, *METHODS].index),
        format_func=label,
        key=question_keys.METHOD,
        help=_HELP,
        persist_state="session",
    )
    links.write(links.METHOD, None if chosen == usual else chosen)
    return chosen


def label(name: str) -> str:
    """A method's usual name; without an entry in `LABELS`, its name in code."""
    return LABELS.get(name, name)


def layers_recorded(layer: str, stage_names: Sequence[str]) -> tuple[str, ...]:
    """The layers that a photo's forward pass should record: all stages, and the chosen one."""
    return tuple(dict.fromkeys((*stage_names, *([] if layer == INPUT else [layer]))))


def layers_asked(method_name: str, layer: str, stage_names: Sequence[str]) -> tuple[str, ...]:
    """The layers to ask for: the chosen one, and with it all stages, which share its forward pass.

    Not for CAM, which exists at the last stage alone.
    """
    if method_name in CAM_METHODS and method_name != "cam":
        return layers_recorded(layer, stage_names)
    return () if layer == INPUT else (layer,)
