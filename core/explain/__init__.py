"""Why a network decides as it does: for any `nn.Module` that gives logits, and a tensor.

- Where in a layer the evidence for a class lies: `class_activation_map`. For several classes, layers or
  methods, run `trace` once and ask `class_activation_maps` as often as you like.
- Which pixels of the input matter: `attribution`. Maps of a layer that need passes of their own:
  `REGION_METHODS`.
- To see either: `heatmap`.
- Whether a map can be believed: `faithfulness` tests it on the network, `verdict` judges the result.
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
    eigen_cam,
    finer_cam,
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
    deep_lift,
    gradient_shap,
    guided_grad_cam,
    integrated_gradients,
    kernel_shap,
    lime,
    occlusion,
    register_pixel_method,
    rise,
    saliency,
    smooth_grad,
)
from core.explain.maps.regions import (
    REGION_METHODS,
    ablation_cam,
    attention_rollout,
    le_grad,
    register_region_method,
    score_cam,
    weight_grad_cam,
)
from core.explain.maps.scaling import heatmap
from core.explain.network.activations import activations, class_contributions
from core.explain.network.layers import Layer, default_layer, spatial_layers, stages
from core.explain.network.receptive_field import receptive_field
from core.explain.network.tracing import Trace, towards, trace
from core.explain.trust.absent import absent_values
from core.explain.trust.curves import Subject
from core.explain.trust.faithfulness import Faithfulness, faithfulness
from core.explain.trust.verdict import MapVerdict, verdict

__all__ = [
    "CAM_METHODS",
    "LOGITS",
    "PIXEL_METHODS",
    "REGION_METHODS",
    "Ascended",
    "Evidence",
    "Faithfulness",
    "Layer",
    "MapVerdict",
    "Normalisation",
    "PixelQuestion",
    "Plain",
    "Robust",
    "Subject",
    "Trace",
    "ablation_cam",
    "absent_values",
    "activations",
    "ascend",
    "attention_rollout",
    "attribution",
    "cam",
    "class_activation_map",
    "class_activation_maps",
    "class_contributions",
    "deep_lift",
    "default_layer",
    "eigen_cam",
    "faithfulness",
    "finer_cam",
    "grad_cam",
    "grad_cam_pp",
    "gradient_shap",
    "guided_grad_cam",
    "heatmap",
    "hires_cam",
    "integrated_gradients",
    "kernel_shap",
    "layer_cam",
    "le_grad",
    "lime",
    "logit_evidence",
    "occlusion",
    "receptive_field",
    "register_cam",
    "register_pixel_method",
    "register_region_method",
    "rise",
    "saliency",
    "score_cam",
    "smooth_grad",
    "spatial_layers",
    "stages",
    "towards",
    "trace",
    "verdict",
    "weight_grad_cam",
    "xgrad_cam",
]
