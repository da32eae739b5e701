"""The methods of explanation in groups, with a line about each, and the widget that picks one."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.explain.maps.cam import CAM_METHODS
from core.explanation.question import INPUT, METHODS, Question
from pages._ui.session.address import links
from pages._ui.session.checkpoints import advice
from pages._ui.session.question import question_keys


@dataclass(frozen=True, slots=True)
class Named:
    """A method's usual name, what it does in a few words, and the unit of its map."""

    label: str
    about: str
    unit: str = "raw"


# In the order of the picker.
GROUPS = {
    "Regions of a layer": {
        "grad_cam": Named("Grad-CAM", "the mean gradient of each channel"),
        "cam": Named("CAM", "the head's own weights; only at the last layer"),
        "grad_cam_pp": Named("Grad-CAM++", "positive gradients, weighed by position"),
        "hires_cam": Named("HiResCAM", "the gradient at each position"),
        "xgrad_cam": Named("XGrad-CAM", "the gradient where a channel is active"),
        "layer_cam": Named("LayerCAM", "positive gradients at each position"),
        "finer_cam": Named("Finer-CAM", "Grad-CAM against the three most similar classes"),
        "eigen_cam": Named("Eigen-CAM", "the main pattern of the layer; for all classes"),
        "ablation_cam": Named("Ablation-CAM", "the score lost without each channel"),
        "score_cam": Named("Score-CAM", "the score under each channel as a mask; slow"),
        "weight_grad_cam": Named("Weight gradients", "as in Modern Computer Vision with PyTorch"),
    },
    "Patches of a vision transformer": {
        "le_grad": Named("LeGrad", "the gradient at the attention of all blocks"),
        "attention_rollout": Named("Attention rollout", "attention through all blocks; for all classes"),
    },
    "Pixels by their gradient": {
        "saliency": Named("Saliency", "the size of the gradient", "gradient"),
        "smooth_grad": Named("SmoothGrad", "the mean gradient of noisy copies", "gradient"),
        "integrated_gradients": Named("Integrated gradients", "gradients from a flat image on", "logits"),
        "gradient_shap": Named("GradientSHAP", "gradients from noise on", "logits"),
        "deep_lift": Named("DeepLIFT", "differences from a flat image, layer by layer", "logits"),
        "guided_grad_cam": Named("Guided Grad-CAM", "fine detail that hardly depends on the weights"),
    },
    "Parts of the photo, covered": {
        "occlusion": Named("Occlusion", "the score lost under a moving square", "logits"),
        "rise": Named("RISE", "the score under random masks; slow", "logits"),
        "lime": Named("LIME", "a linear model of superpixels; slow", "logits"),
        "kernel_shap": Named("KernelSHAP", "Shapley values of superpixels; slow", "logits"),
    },
}
_NAMED = {name: named for group in GROUPS.values() for name, named in group.items()}


def method(methods: Sequence[str], checkpoint: str) -> str:
    """One of the methods that fit a network, by its name in `core`; in the address.

    At first the one that the tests of its maps recommend. Methods that are like noise at the chosen layer are
    marked.
    """
    usual, layer = advice.usual_method(checkpoint, methods), question_keys.chosen_layer(checkpoint)
    links.recall(question_keys.METHOD, links.METHOD, methods, usual)
    now = question_keys.method_among(methods, usual)
    chosen: str = st.selectbox(
        "Method",
        sorted(methods, key=[*_NAMED, *METHODS].index),
        format_func=lambda name: marked(label(name), checkpoint, name, layer),
        key=question_keys.METHOD,
        help=_help(methods, now),
        persist_state="session",
    )
    links.write(links.METHOD, None if chosen == usual else chosen)
    return chosen


def label(name: str) -> str:
    """A method's usual name; without an entry in `GROUPS`, its name in code."""
    return _NAMED[name].label if name in _NAMED else name


def pair(method_name: str, layer: str) -> str:
    """``Grad-CAM at bn2``; the name alone for a method that explains no layer."""
    name = label(method_name)
    return name if layer == INPUT else f"{name} at {layer}"


def marked(text: str, checkpoint: str, method_name: str, layer: str | None) -> str:
    """The text, with a mark where the tests recommend this pair or found it no better than noise."""
    at = layer if Question(method_name).needs_layer else INPUT
    known = advice.known(checkpoint)
    if advice.is_recommended(known, method_name, at):
        return f"{text} ★"
    return f"{text} · noise" if advice.is_like_noise(known, method_name, at) else text


def unit(name: str) -> str:
    """What a cell of the method's map is measured in, where the map is not evidence in logits."""
    return _NAMED[name].unit if name in _NAMED else "raw"


def _help(methods: Sequence[str], chosen: str) -> str:
    """What the chosen method does, and then each of the others, by group."""
    first = [f"**{label(chosen)}**: {_NAMED[chosen].about}."] if chosen in _NAMED else []
    groups = (
        f"**{group}**\n"
        + "\n".join(f"- {named.label}: {named.about}" for name, named in group_of.items() if name in methods)
        for group, group_of in GROUPS.items()
        if any(name in methods for name in group_of)
    )
    return "\n\n".join([*first, *groups])


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
