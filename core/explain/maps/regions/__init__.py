"""Maps of a layer's cells (N, h, w) that need passes of their own, beside the one that recorded the layer."""

from core.explain.maps.regions.attention import attention_rollout, le_grad
from core.explain.maps.regions.masking import ablation_cam, score_cam
from core.explain.maps.regions.own_weights import weight_grad_cam
from core.explain.maps.regions.registry import REGION_METHODS, register_region_method

__all__ = [
    "REGION_METHODS",
    "ablation_cam",
    "attention_rollout",
    "le_grad",
    "register_region_method",
    "score_cam",
    "weight_grad_cam",
]
