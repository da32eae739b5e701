"""Why a network decides as it does: for any `nn.Module` that gives logits, and a tensor.

- Where in a layer the evidence for a class lies: `class_activation_map`. For several classes, layers or
  methods, run `trace` once and ask `class_activation_maps` as often as you like.
- Which pixels of the input matter: `attribution`.
- To see either: `heatmap`.
- Which layers there are: `spatial_layers`, `default_layer`. What they give: `activations`.
- What their channels respond to: `ascend`.
"""

from core.explain.ascent import LOGITS, Ascended, ascend
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Plain
from core.explain.ascent.robust import Robust
from core.explain.maps.cam import (
    CAM_METHODS,
    Evidence,
    cam,
    class_activation_map,
    class_activation_maps,
    grad_cam,
    grad_cam_pp,
    hires_cam,
    layer_cam,
    register_cam,
    xgrad_cam,
)
from core.explain.maps.evidence import logit_evidence
from core.explain.maps.pixels import (
    PIXEL_METHODS,
    PixelQuestion,
    attribution,
    guided_grad_cam,
    integrated_gradients,
    occlusion,
    register_pixel_method,
    saliency,
)
from core.explain.maps.scaling import heatmap
from core.explain.network.activations import activations, class_contributions
from core.explain.network.layers import Layer, default_layer, spatial_layers, stages
from core.explain.network.receptive_field import receptive_field
from core.explain.network.tracing import Trace, towards, trace

__all__ = [
    "CAM_METHODS",
    "LOGITS",
    "PIXEL_METHODS",
    "Ascended",
    "Evidence",
    "Layer",
    "Normalisation",
    "PixelQuestion",
    "Plain",
    "Robust",
    "Trace",
    "activations",
    "ascend",
    "attribution",
    "cam",
    "class_activation_map",
    "class_activation_maps",
    "class_contributions",
    "default_layer",
    "grad_cam",
    "grad_cam_pp",
    "guided_grad_cam",
    "heatmap",
    "hires_cam",
    "integrated_gradients",
    "layer_cam",
    "logit_evidence",
    "occlusion",
    "receptive_field",
    "register_cam",
    "register_pixel_method",
    "saliency",
    "spatial_layers",
    "stages",
    "towards",
    "trace",
    "xgrad_cam",
]
